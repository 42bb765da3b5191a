"""Runs whose scenes and results lie in an object store, against the same run on a disk."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiona
import pytest
from fiona.transform import transform

from automap_tiles.engine.journal import place_of
from automap_tiles.storage import Address
from automap_tiles.workflows import run
from automap_tiles.workflows.automap import AutomapOutcome, ClassificationOrder, CompositeOrder
from automap_tiles.workflows.automap._scratch import Scratch
from automap_tiles.workflows.events import Done, Failed, Finished
from automap_tiles.workflows.learning import Learning
from tests import starts
from tests.engine.projects import processes_in_session
from tests.storage.s3 import BUCKET, S3Server

KILLS = int(os.environ.get("AUTOMAP_KILLS", "2"))
EXTRAS = {"loky": "loky", "dask": "distributed"}
"""Modules of those executors that are not always there."""
VALUES = {"urban": 1, "vegetation": 2, "water": 3}
NAME = "20180401_20180830_median"
RESULTS = (
    f"composite_{NAME}.tif", f"composite_{NAME}.scenes.json", f"model_{NAME}.zip",
    f"classes_{NAME}.tif", f"classes_{NAME}.tif.aux.xml",
)  # fmt: skip


@pytest.fixture(scope="module")
def place(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the boundary and the samples."""
    folder = tmp_path_factory.mktemp("place")
    ring = [[-75.5, 39.3], [-72.2, 39.3], [-72.2, 41.6], [-75.5, 41.6], [-75.5, 39.3]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    collection = {"type": "FeatureCollection", "features": [feature]}
    (folder / "area.geojson").write_text(json.dumps(collection))
    source = shared / "data" / "labels" / "gdalcubes_ny_samples.gpkg"
    with fiona.open(source) as points, (folder / "samples.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["X", "Y", "2018"])
        for point in points:
            x, y = point["geometry"]["coordinates"]
            (lon,), (lat,) = transform(points.crs, "EPSG:4326", [x], [y])
            writer.writerow([lon, lat, VALUES[point["properties"]["class"]]])
    return folder


@pytest.fixture(scope="module")
def products(shared: Path) -> Path:
    """Landsat 8 around New York, 3 km pixels."""
    return shared / "data" / "landsat" / "gdalcubes_L8NY18"


def words(place: Path, source: object, output: object, **more: Any) -> dict[str, Any]:
    return {
        "satellites": ("8",),
        "start": "2018-04-01",
        "end": "2018-08-30",
        "boundary": str(place / "area.geojson"),
        "input": str(source),
        "output": str(output),
        "workers": 2,
        **more,
    }


def classification(place: Path, source: object, output: object, **more: Any) -> ClassificationOrder:
    own = {
        "samples": str(place / "samples.csv"),
        # nothing is asked of the evidence: each answer costs several trainings
        "learn": Learning(
            classifier="plain",
            trials=0,
            erode=0,
            indices=(),
            radius=(2,),
            balance="none",
            folds=2,
        ),
        "confidence": True,
    }
    return ClassificationOrder(**words(place, source, output, **own, **more))


def outcome_of(order: CompositeOrder) -> AutomapOutcome:
    *events, last = run(order)
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, AutomapOutcome)
    assert not last.outcome.failed, [one.item for one in events if isinstance(one, Failed)]
    return last.outcome


def results(output: Address) -> dict[str, bytes]:
    """Bytes of what was made of the scenes, and of the scenes themselves, by name."""
    folder = output / "landsat-8"
    keys = [f"scenes/{key}" for key in (folder / "scenes").as_folder().list()]
    found = {key: (folder / key).read() for key in (*RESULTS, *keys)}
    return {key: _comparable(key, content or b"") for key, content in found.items()}


def _comparable(key: str, content: bytes) -> bytes:
    """Without what is said of products: the same file has another stamp in another place.

    Checksums are those of files of this machine; of what is fetched there are none.
    """
    if not key.startswith("scenes/LC08") or not key.endswith(".json"):
        return content
    item = json.loads(content)
    del item["properties"]["automap:product"]
    item["properties"].pop("automap:files", None)
    return json.dumps(item).encode()


@pytest.fixture(scope="module")
def local(
    place: Path, products: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What comes of it on a disk."""
    output = Address.of(tmp_path_factory.mktemp("local"))
    outcome_of(classification(place, products, output))
    return results(output)


@pytest.fixture
def bucket(s3: S3Server, request: pytest.FixtureRequest) -> Address:
    """An address below which nothing is."""
    assert s3.endpoint
    return Address.of(f"s3://{BUCKET}/{request.node.name}")


def put_folder(folder: Path, address: Address) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            (address / path.relative_to(folder).as_posix()).write(path.read_bytes())


def test_a_classification_in_a_store(
    place: Path, products: Path, bucket: Address, local: dict[str, bytes]
) -> None:
    """Scenes from a store, everything else into it: the bytes of a run on a disk."""
    source, output = bucket / "in" / products.name, bucket / "out"
    put_folder(products, source)
    order = classification(place, source, output)
    assert outcome_of(order).output == output.text
    found = results(output)
    assert found.keys() == local.keys()
    assert all(found.values())
    assert not [key for key, content in found.items() if content != local[key]]
    # everything lies with the output, nothing is left on this machine
    assert not Scratch(output).folder.exists()
    page = (output / f"run_classification_{NAME}.html").read()
    assert page is not None
    check_page(page.decode(), "scenes", "composite", "sampling", "training", "map")
    assert place_of(output.text).lock_key not in set(output.as_folder().list())
    before = stamps(output)
    outcome_of(order)
    after = stamps(output)
    changed = {key for key in before if before[key] != after.get(key)}
    assert not [key for key in changed if key.endswith((".tif", ".zip"))]


def check_page(page: str, *steps: str) -> None:
    """The report of a run: it tells of the steps, and asks for nothing from elsewhere."""
    for step in steps:
        assert f"<td>{step}</td>" in page, step
    assert not re.findall(r"(?:src|href)\s*=|url\(|<script|@import", page)
    assert page.count("<rect ") > 3
    assert " MB</td>" in page


def stamps(output: Address) -> dict[str, str]:
    storage = output.as_folder()
    return {key: storage.stamp(key) for key in storage.list()}


@pytest.mark.parametrize("concurrency", ["none", "threads", "loky", "dask"])
def test_every_executor_makes_the_same_bytes(
    concurrency: Any, place: Path, products: Path, bucket: Address, local: dict[str, bytes]
) -> None:
    """Those of processes on a disk, which `local` is."""
    if concurrency in EXTRAS:
        pytest.importorskip(EXTRAS[concurrency])
    output = bucket / "out"
    outcome_of(classification(place, products, output, concurrency=concurrency))
    found = results(output)
    assert found.keys() == local.keys()
    assert not [key for key, content in found.items() if content != local[key]]


def begin(order: CompositeOrder, machine: Path) -> subprocess.Popen[str]:
    """On a machine that has seen nothing of it: no cache, no temporary files."""
    own = {"XDG_CACHE_HOME": str(machine / "cache"), "TMPDIR": str(machine / "tmp")}
    (machine / "tmp").mkdir(parents=True)
    pipe = subprocess.PIPE
    started = starts.start(
        [], starts.RUN, entry="tests.workflows.automap.by_order:main", stdin=pipe, stdout=pipe,
        stderr=pipe, start_new_session=True, env={**os.environ, **own},
    )  # fmt: skip
    assert started.stdin is not None
    with started.stdin as stream:
        json.dump(order.to_json(), stream)
    started.stdin = None
    return started


@pytest.fixture
def machines() -> Iterator[Path]:
    """A folder with a short name: in the temporary folders below it lie sockets (unix(7))."""
    with tempfile.TemporaryDirectory(prefix="m") as folder:
        yield Path(folder)


@pytest.mark.timeout(240 + 60 * KILLS)
@pytest.mark.parametrize("concurrency", ["processes", "loky"])
def test_killed_at_random_moments_then_continued_elsewhere(
    concurrency: Any,
    place: Path,
    products: Path,
    bucket: Address,
    local: dict[str, bytes],
    machines: Path,
) -> None:
    """Every time on a machine that knows nothing; nothing is lost, and no byte is another one."""
    if concurrency == "loky":
        pytest.importorskip("loky")
    output = bucket / "out"
    order = classification(place, products, output, concurrency=concurrency)
    moments = random.Random(f"20261130 {concurrency}")
    for number in range(KILLS):
        started = begin(order, machines / str(number))
        assert started.stdout is not None
        line = started.stdout.readline()
        assert line, started.communicate()[1]
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that is done is not waited for
            started.wait(moments.uniform(0.0, 25.0))
        started.kill()
        said = started.communicate()[0]
        is_done = '"event": "finished"' in said
        wait_for_no_process(started.pid)
        if is_done and number < KILLS - 1:
            for key in list(output.as_folder().list()):
                output.as_folder().delete(key)
        else:
            there = (output / "landsat-8").as_folder()
            found = {key: there.get(key) for key in there.list() if key in RESULTS}
            assert all(content == local[key] for key, content in found.items())
    last = begin(order, machines / "last")
    said, errors = last.communicate()
    assert last.returncode == 0, errors
    assert json.loads(said.splitlines()[-1])["failed"] == 0
    found = results(output)
    assert found.keys() == local.keys()
    assert not [key for key, content in found.items() if content != local[key]]
    assert not list((machines / "last" / "tmp").rglob("*.tif"))


def wait_for_no_process(session: int) -> None:
    """Workers notice within seconds that their run is gone."""
    deadline = time.monotonic() + 60
    while processes_in_session(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_in_session(session) == []


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers, in processes that share nothing but the network."""

    address: str
    workers: tuple[subprocess.Popen[str], ...]


@pytest.fixture
def cluster(s3: S3Server, machines: Path) -> Iterator[Cluster]:
    """Two workers, each with temporary files of its own and in a folder without anything in it."""
    pytest.importorskip("distributed")
    said = machines / "scheduler.json"
    assert s3.endpoint
    with contextlib.ExitStack() as stack:

        def started(name: str, module: str, *arguments: str) -> subprocess.Popen[str]:
            folder = machines / name
            (folder / "tmp").mkdir(parents=True)
            process = starts.start(
                arguments,
                starts.DASK,
                entry=f"distributed.cli.{module}:main",
                cwd=folder,
                env={**os.environ, "TMPDIR": str(folder / "tmp")},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait, 30)
            stack.callback(process.kill)
            return process

        own = (
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(said),
        )
        started("s", "dask_scheduler", *own)
        deadline = time.monotonic() + 60
        while not said.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        address = json.loads(said.read_text())["address"]
        more = ("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--no-nanny")
        workers = [started(f"w{number}", "dask_worker", address, *more) for number in range(2)]
        yield Cluster(address, tuple(workers))


def test_workers_that_share_no_disk(
    cluster: Cluster, place: Path, products: Path, bucket: Address, local: dict[str, bytes]
) -> None:
    """A scheduler by its address; scenes, tiles and samples lie in the store. One worker dies."""
    source, output = bucket / "in" / products.name, bucket / "out"
    put_folder(products, source)
    order = classification(
        place, source, output,
        concurrency="dask", dask_scheduler=cluster.address, workers=None,
    )  # fmt: skip
    done = 0
    for event in run(order):
        done += isinstance(event, Done)
        if done == 3:
            cluster.workers[0].kill()
        if isinstance(event, Finished):
            assert isinstance(event.outcome, AutomapOutcome)
            assert not event.outcome.failed
    found = results(output)
    assert found.keys() == local.keys()
    assert not [key for key, content in found.items() if content != local[key]]
