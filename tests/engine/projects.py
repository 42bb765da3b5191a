"""Small projects for tests of whole runs: a raster, a process file, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal import JOURNAL_NAME, Journal
from tests import starts

AUTOMAP = [
    sys.executable,
    "-c",
    "import sys; from automap_tiles.cli.main import main; sys.exit(main())",
]

DOUBLE = '''
"""Twice the values, slowly enough to be interrupted."""
import os, signal, time
from pathlib import Path

from automap_tiles import Empty, Tile


def execute(
    image, tile: Tile, pause: float = 0.0, poison: str = "", once: str = "", fail: str = ""
):
    here = str(tile.index)
    time.sleep(pause)
    if here == poison:
        os.kill(os.getpid(), signal.SIGKILL)
    if once and not Path(once).exists():
        Path(once).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if here == fail:
        raise ValueError("this tile is not to my liking")
    data = image.read()
    if data.mask.all():
        raise Empty
    return data * 2
'''


def make_raster(path: Path, *, size: int = 700, seed: int = 0, bands: int = 2) -> Path:
    """A smooth picture with noise and a wedge of nodata, 10 m pixels in UTM zone 33."""
    path.write_bytes(_raster(size, seed, bands))
    return path


@lru_cache(maxsize=16)
def _raster(size: int, seed: int, bands: int) -> bytes:
    """The file; to make it takes longer than what many tests do with it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size]
    waves = 3000 + 2000 * np.sin(x / 37) * np.cos(y / 23)
    data = np.stack([waves + 500 * band for band in range(bands)])
    data = (data + rng.normal(0, 100, data.shape)).astype("uint16")
    data[:, (x + y) < size // 2] = 0
    profile = {
        "driver": "GTiff", "width": size, "height": size, "count": bands, "dtype": "uint16",
        "crs": "EPSG:32633", "transform": from_origin(600000, 5300000, 10, 10), "nodata": 0,
        "tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate",
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(data)
        return bytes(memory.getbuffer())


@dataclass(frozen=True)
class Project:
    """A folder with a process in it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "double.mapchete"

    @property
    def output(self) -> Path:
        return self.folder / "out"

    def configure(
        self,
        *,
        metatiling: int = 1,
        zooms: tuple[int, int] = (10, 13),
        output: dict[str, object] | None = None,
        **parameters: object,
    ) -> Project:
        """Write the process file; JSON is YAML too."""
        config = {
            "process": "./double.py",
            "input": {"image": "image.tif"},
            "output": {"format": "GTiff", "path": "out", "bands": 2, "dtype": "uint16"}
            | (output or {}),
            "pyramid": {"grid": "geodetic", "metatiling": metatiling},
            "zoom_levels": {"min": zooms[0], "max": zooms[1]},
            "baselevels": {"min": zooms[1], "max": zooms[1], "lower": "average"},
            "process_parameters": parameters,
        }
        self.config.write_text(json.dumps(config, indent=1))
        return self

    def words(self, *options: str) -> list[str]:
        """What follows the name of the command line."""
        return ["execute", str(self.config), "--no-progress", *options]

    def command(self, *options: str) -> list[str]:
        return [*AUTOMAP, *self.words(*options)]

    def run(self, *options: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """`automap execute` to its end."""
        pool = "-w" in options
        return starts.run(self.words(*options), starts.EXECUTE, timeout=timeout, pool=pool)

    def start(self, *options: str) -> subprocess.Popen[str]:
        """`automap execute` in a session of its own."""
        pipe = subprocess.PIPE
        return starts.start(
            self.words(*options), starts.EXECUTE, pool="-w" in options,
            stdout=pipe, stderr=pipe, start_new_session=True,
        )  # fmt: skip

    def under_way(self, *options: str) -> subprocess.Popen[str]:
        """`start`, and its run has begun.

        The output is locked, stale tiles are declared, workers stand by. The first line on stderr
        has been read.
        """
        run = self.start(*options)
        assert run.stderr is not None
        line = run.stderr.readline()
        assert " worker" in line, line + run.communicate()[1]
        return run

    def tiles(self) -> dict[str, bytes]:
        """The bytes of every tile, by its path."""
        return tile_bytes(self.output)

    def counts(self) -> dict[TileStatus, int]:
        """Tiles by status, from the journal."""
        with Journal.open_readonly(self.output / JOURNAL_NAME) as journal:
            counts = journal.counts()
        return {
            status: sum(zoom.get(status, 0) for zoom in counts.values()) for status in TileStatus
        }


def make_project(folder: Path, **parameters: object) -> Project:
    folder.mkdir(exist_ok=True)
    make_raster(folder / "image.tif")
    (folder / "double.py").write_text(DOUBLE)
    return Project(folder).configure(**parameters)  # type: ignore[arg-type]


def tile_bytes(output: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(output)): path.read_bytes() for path in sorted(output.rglob("*.tif"))
    }


def processes_of_a_run() -> set[int]:
    """Those that descend from this process, and those of its session whose parent is gone.

    Tests in other processes of the session have servers and runs of their own.
    """
    parents = _processes(os.getsid(0))
    found = set()
    for pid in parents:
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above]
        if above in (os.getpid(), 1):
            found.add(pid)
    return found - {os.getpid()}


def processes_in_session(session: int) -> list[int]:
    """Living processes of a session but this one."""
    return [pid for pid in _processes(session) if pid != os.getpid()]


def _processes(session: int) -> dict[int, int]:
    """Living ones, zombies left out → their parents (fields of /proc/PID/stat, proc(5))."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found[int(entry.name)] = int(fields[1])
    return found
