"""Tiles for web maps beside titiler-core: CPU of the server for each request.

    python -m bench.serving
    python -m bench.serving --against FOLDER     # another checkout in place of titiler

The same data is served by both: six bands, uint16, 40 km at 10 m. Ours is `automap serve` on a
folder of tiles, titiler's a small application under uvicorn on a COG of the same grid of tiles.
Two clients in a process of their own ask for the same tiles in the same order, over connections
that stay open; the CPU time of the server's processes is read before and after. Both run without
boto3, which rasterio imports where it is installed and neither of them needs.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from automap_tiles.grid import Bounds
from automap_tiles.layers import web
from automap_tiles.vector import reproject_bounds
from bench.scenes import CRS_UTM, SIZE, TRANSFORM, scenes

HERE = Path(__file__).parent
ROOT = HERE.parent
ZOOM = 13
CLIENTS = 2
AUTOMAP = [
    sys.executable,
    "-c",
    "import sys; from automap_tiles.cli.main import main; sys.exit(main())",
]
TITILER = """
from fastapi import FastAPI
from titiler.core.factory import TilerFactory
from titiler.core.errors import DEFAULT_STATUS_CODES, add_exception_handlers

app = FastAPI()
app.include_router(TilerFactory().router)
add_exception_handlers(app, DEFAULT_STATUS_CODES)
"""
PROCESS = """
import time
from pathlib import Path


def execute(image, spent: str):
    start = time.thread_time()
    data = image.read() * 2
    with open(spent, "a") as log:
        log.write(f"{time.thread_time() - start}\\n")
    return data
"""
RGB = "bidx=3&bidx=2&bidx=1&rescale=0,3000"
NDVI = "expression=(b4-b3)/(b4%2Bb3)&rescale=-1,1&colormap_name=viridis"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One kind of request."""

    name: str
    ending: str = "png"
    query: str = RGB
    again: bool = False
    """Asked for with the ETag of the answer before."""
    empty: bool = False
    """Where there is nothing."""
    limit: float
    """ms to stay below."""


WISHES = (
    Wish(name="RGB PNG", limit=1.8),
    Wish(name="RGB JPEG", ending="jpg", limit=1.5),
    Wish(name="RGB WebP", ending="webp", limit=2.5),
    Wish(name="NDVI with a colour map, PNG", query=NDVI, limit=1.5),
    Wish(name="304, the browser has it", again=True, limit=0.15),
    Wish(name="nothing there", empty=True, limit=0.15),
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that runs."""

    process: psutil.Process
    port: int
    path: str
    """Of a tile, with `{z}`, `{x}`, `{y}`, `{ending}` and `{query}`."""
    started: float
    """Seconds from its start to its first answer."""

    @property
    def tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu(self) -> float:
        """User and system seconds so far."""
        times = [each.cpu_times() for each in self.tree]
        return float(sum(each.user + each.system for each in times))

    def memory(self) -> float:
        """MB of the largest of its processes."""
        return float(max(each.memory_info().rss for each in self.tree)) / 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.serving", description=__doc__)
    parser.add_argument("--requests", type=int, default=600, help="of each kind")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "bench")
    parser.add_argument("--against", type=Path, help="another checkout in place of titiler")
    options = parser.parse_args(arguments)
    cache = options.cache.resolve()
    tiles, cog = data(cache)
    with tempfile.TemporaryDirectory(prefix="serving-", dir=cache) as work:
        name = "titiler" if options.against is None else "the other"
        with automap(tiles, "tiles") as ours, _other(options.against, tiles, cog, work) as other:
            print(f"load average {os.getloadavg()[0]:.1f}")
            for server in (ours, other):
                ask(server, WISHES[0], 100)  # warmed up
            rows = measured(ours, other, options.requests, options.rounds)
            print(f"| request | automap, ms CPU | {name}, ms CPU | ratio | to reach |")
            print("|---|---|---|---|---|")
            for wish, own, their in rows:
                met = "✓" if own <= wish.limit else "✗"
                print(
                    f"| {wish.name} | {own:.3f} | {their:.3f} | {their / own:.2f} × "
                    f"| ≤ {wish.limit:g} {met} |",
                    flush=True,
                )
            print(
                f"start: {ours.started:.2f} s, {name} {other.started:.2f} s; "
                f"memory: {ours.memory():.0f} MB, {name} {other.memory():.0f} MB a worker"
            )
        if options.against is None:
            print(f"computed on demand: {on_demand(Path(work), cache):.1f} ms besides the function")
    return 0


def _other(
    checkout: Path | None, tiles: Path, cog: Path, work: str
) -> AbstractContextManager[Server]:
    if checkout is None:
        return titiler(Path(work), cog)
    return automap(tiles, "tiles", checkout.resolve())


def data(cache: Path) -> tuple[Path, Path]:
    """A folder of tiles and a COG of the same pixels; made once."""
    tiles, cog = cache / "serving" / "tiles", cache / "serving" / "image.tif"
    if not cog.is_file():
        shutil.rmtree(cache / "serving", ignore_errors=True)
        cache.joinpath("serving").mkdir(parents=True)
        scene = scenes(cache / "scenes")["d0"]
        command = [*AUTOMAP, "convert", str(scene), str(tiles), "--bidx", "1,2,3,4,5,6"]
        grid = ["--output-pyramid", "mercator", "--no-progress"]
        subprocess.run([*command, "-z", f"9,{ZOOM}", *grid], check=True)
        command = [*AUTOMAP, "convert", str(scene), str(cog), "--bidx", "1,2,3,4,5,6"]
        subprocess.run([*command, "-z", str(ZOOM), "--cog", *grid], check=True)
    return tiles, cog


@contextmanager
def automap(source: Path, name: str, checkout: Path = ROOT) -> Iterator[Server]:
    place = f"/{name}/{{z}}/{{x}}/{{y}}.{{ending}}?{{query}}"
    with running([*AUTOMAP, "serve", str(source)], place, checkout) as found:
        yield found


@contextmanager
def titiler(work: Path, cog: Path) -> Iterator[Server]:
    (work / "titiler_app.py").write_text(TITILER)
    command = [sys.executable, "-m", "uvicorn", "titiler_app:app", "--workers", "2"]
    command += ["--app-dir", str(work), "--log-level", "warning"]
    place = f"/tiles/WebMercatorQuad/{{z}}/{{x}}/{{y}}.{{ending}}?url={cog}&tilesize=256&{{query}}"
    with running(command, place) as found:
        yield found


@contextmanager
def running(command: Sequence[str], path: str, checkout: Path = ROOT) -> Iterator[Server]:
    """A server on a free port, of the modules of a checkout, until it is not needed any more."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    start = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as hidden,
        subprocess.Popen(
            [*command, "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(Path(hidden), checkout),
            cwd=checkout,
            start_new_session=True,
        ) as popen,
    ):
        try:
            while not _answers(port):
                if popen.poll() is not None or time.perf_counter() - start > 60:
                    raise SystemExit(popen.stderr.read() if popen.stderr else "did not start")
            started = time.perf_counter() - start
            yield Server(process=psutil.Process(popen.pid), port=port, path=path, started=started)
        finally:
            os.killpg(popen.pid, signal.SIGTERM)


def _environment(hidden: Path, checkout: Path) -> dict[str, str]:
    (hidden / "boto3.py").write_text("raise ImportError")
    folders = hidden, checkout, checkout / "processes", checkout / "devserver"
    # as titiler's own guide to performance has it
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    }


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/openapi.json")
        return connection.getresponse().status == 200
    except OSError:
        time.sleep(0.01)
        return False
    finally:
        connection.close()


def measured(
    ours: Server, other: Server, requests: int, rounds: int
) -> Iterator[tuple[Wish, float, float]]:
    """Of each kind of request ms of CPU: the median of some rounds, in turn."""
    for wish in WISHES:
        found: dict[int, list[float]] = {ours.port: [], other.port: []}
        for _ in range(rounds):
            for server in (ours, other):
                before = server.cpu()
                ask(server, wish, requests)
                found[server.port].append((server.cpu() - before) / requests * 1000)
        own, their = (sorted(found[server.port])[rounds // 2] for server in (ours, other))
        yield wish, own, their


def ask(server: Server, wish: Wish, requests: int) -> None:
    """Have it asked by clients in another process."""
    order = {
        "port": server.port,
        "paths": [
            server.path.format(z=z, x=x, y=y, ending=wish.ending, query=wish.query)
            for z, x, y in places(wish, requests)
        ],
        "again": wish.again,
        "empty": wish.empty,
    }
    subprocess.run(
        [sys.executable, "-m", "bench.serving", "--client"],
        input=json.dumps(order),
        text=True,
        check=True,
        cwd=ROOT,
    )


def places(wish: Wish, number: int) -> list[tuple[int, int, int]]:
    """Tiles around the middle of the data, or far from it."""
    west, south, east, north = _box()
    first, last = _at(west, north), _at(east, south)
    inside = [
        (ZOOM, x, y)
        for y in range(first[1] + 2, last[1] - 1)
        for x in range(first[0] + 2, last[0] - 1)
    ]
    if wish.again:
        inside = inside[:4]  # the first answers have no ETag to be asked with
    if wish.empty:
        inside = [(z, x - 500, y) for z, x, y in inside]
    return list(itertools.islice(itertools.cycle(inside), number))


def _box() -> Bounds:
    (left, top), size = (TRANSFORM.c, TRANSFORM.f), SIZE * TRANSFORM.a
    return reproject_bounds(Bounds(left, top - size, left + size, top), CRS_UTM, web.LON_LAT)


def _at(lon: float, lat: float) -> tuple[int, int]:
    bounds = reproject_bounds(
        Bounds(lon, lat, lon + 1e-6, lat + 1e-6), web.LON_LAT, web.web_pyramid().crs
    )
    edge, span = web.web_pyramid().bounds, web.web_pyramid().metatile_size(ZOOM)[0]
    return int((bounds.left - edge.left) / span), int((edge.top - bounds.top) / span)


def client() -> None:
    """Ask for what stands in stdin; two connections that stay open."""
    order = json.load(sys.stdin)
    parts = [order["paths"][number::CLIENTS] for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda paths: _one(order, paths), parts))


def _one(order: dict[str, object], paths: Sequence[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(str(order["port"])), timeout=60)
    etags: dict[str, str] = {}
    for path in paths:
        headers = {"If-None-Match": etags[path]} if path in etags else {}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 204, 304) and not order["empty"]:
            raise SystemExit(f"{path}: {answer.status}")
        if order["again"] and (etag := answer.getheader("ETag")):
            etags[path] = etag
    connection.close()


def on_demand(work: Path, cache: Path) -> float:
    """ms of CPU of a tile that is computed, besides its function."""
    (work / "double.py").write_text(PROCESS)
    spent = work / "spent.txt"
    config = {
        "process": "./double.py",
        "input": {"image": str(cache / "serving" / "image.tif")},
        "output": {"format": "GTiff", "path": "out", "bands": 6, "dtype": "uint16"},
        "pyramid": {"grid": "mercator"},
        "zoom_levels": {"min": ZOOM, "max": ZOOM},
        "process_parameters": {"spent": str(spent)},
    }
    (work / "double.mapchete").write_text(json.dumps(config))
    with automap(work / "double.mapchete", "double") as server:
        tiles = places(WISHES[0], 150)
        ask(server, WISHES[0], 20)
        spent.write_text("")
        before = server.cpu()
        ask(server, WISHES[0], len(tiles))
        cpu = server.cpu() - before
        computed = [float(line) for line in spent.read_text().split()]
        return (cpu - sum(computed)) / max(1, len(computed)) * 1000


if __name__ == "__main__":
    if sys.argv[1:] == ["--client"]:
        client()
    else:
        sys.exit(main())
