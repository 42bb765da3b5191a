"""Each worker goes on beside what it has just done."""

from __future__ import annotations

import json
from concurrent.futures import Future
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_tiles.engine import _active_run, _worker
from automap_tiles.engine._areas import AHEAD, LONGEST, Areas, Homes
from automap_tiles.engine._batching import Batch
from automap_tiles.engine._plan import StepKind, TileStep
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.engine.run import execute
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note
from automap_tiles.raster.tiff import _cache, _file, _unpacking
from automap_tiles.runtime import Process, open_process

DATES, BANDS, SIZE, BLOCK = 3, 2, 1024, 64


def row_of(count: int) -> list[TileStep]:
    return [TileStep(TileIndex(12, 0, col), StepKind.PROCESS) for col in range(count)]


def taken(areas: Areas, number: int, count: int) -> list[int]:
    steps = [areas.next(number) for _ in range(count)]
    return [step.index.col for step in steps if step is not None]


def test_each_has_a_stretch_of_the_plan_whoever_asks_first() -> None:
    areas = Areas(iter(row_of(8)), tiles=8, count=2)
    assert (taken(areas, 1, 1), taken(areas, 0, 2), taken(areas, 1, 2)) == ([0], [4, 5], [1, 2])


def test_at_the_end_the_largest_one_left_is_shared() -> None:
    areas = Areas(iter(row_of(12)), tiles=12, count=2)
    assert taken(areas, 0, 6) == [0, 1, 2, 3, 4, 5]
    assert taken(areas, 1, 1) == [6]
    (first,) = taken(areas, 0, 1)
    assert first > 7
    assert sorted([first, *taken(areas, 1, 9), *taken(areas, 0, 9)]) == [7, 8, 9, 10, 11]


def test_little_is_kept_of_a_long_plan() -> None:
    steps = iter(row_of(5 * LONGEST))
    areas = Areas(steps, tiles=5 * LONGEST, count=2)
    assert taken(areas, 0, 1) == [0]
    assert taken(areas, 1, 1) == [LONGEST]
    assert len(list(steps)) == 3 * LONGEST
    alone = Areas(iter(row_of(5 * LONGEST)), tiles=5 * LONGEST, count=1)
    assert taken(alone, 0, 1) == [0]
    assert [index.col for index in alone.ahead(0)] == list(range(1, AHEAD + 1))


def test_a_worker_that_took_the_batch_of_another_comes_back() -> None:
    homes = Homes(2)
    homes.returned("a", 0)
    assert homes.next([1]) == 0
    homes.returned("b", 1)
    assert homes.next([0]) == 1
    homes.returned("a", 1)  # both waited, and each took what was meant for the other
    homes.returned("b", 0)
    assert [homes.next([]), homes.next([])] == [0, 1]


def test_one_that_was_first_with_both_leaves_the_second_to_the_other() -> None:
    homes = Homes(2)
    for area in (0, 1):
        homes.returned("a", area)
    homes.returned("b", 0)
    assert [homes.next([]) for _ in range(3)] == [0, 0, 1]


class TwoWorkers:
    """Two processes with blocks of their own, as one after the other in this one."""

    workers = areas = 2
    batch_seconds = 0.0
    queue_depth = 1
    lost_worker: tuple[type[BaseException], ...] = ()

    def __init__(self, process: Process, areas: int) -> None:
        self.areas = areas
        self.turn = 0
        self.tile_workers = [_worker.TileWorker(process) for _ in range(2)]
        for number, worker in enumerate(self.tile_workers):
            worker._name = f"worker {number}"
        self.caches = [_cache._Cache() for _ in range(2)]

    def submit(self, batch: Batch) -> Results:
        # where areas mean nothing, they take turns
        number = batch.area if self.areas > 1 else self.turn
        self.turn = 1 - self.turn
        _cache._cache = self.caches[number]
        future: Results = Future()
        results = list(self.tile_workers[number].run(batch))
        assert not [result.error for result in results if result.error]
        future.set_result(results)
        return future

    def overdue(self) -> dict[TileIndex, str]:
        return {}

    def news(self) -> list[Note]:
        return []

    def restart(self) -> int | None:
        raise NotImplementedError

    def close(self, *, grace: float | None) -> None:
        _cache._forget()


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Three dates of two bands and a mask, 16 x 16 blocks each."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for day in range(1, DATES + 1):
        data = rng.integers(1, 4000, (BANDS + 1, SIZE, SIZE)).astype("uint16")
        data[-1] = 4  # vegetation
        profile = {
            "driver": "GTiff", "width": SIZE, "height": SIZE, "count": BANDS + 1,
            "dtype": "uint16", "crs": "EPSG:32633", "nodata": 0, "tiled": True,
            "blockxsize": BLOCK, "blockysize": BLOCK, "interleave": "band", "compress": "deflate",
            "transform": from_origin(540_000, 5_400_000, 10, 10),
        }  # fmt: skip
        with rasterio.open(folder / f"scene_2026040{day}.tif", "w", **profile) as target:
            target.write(data)
    described = {
        "sensor": "sentinel-2a", "level": "L2A", "time": "%Y%m%d", "path": "scene_{time}.tif",
        "bands": ["red", "nir"], "scale": 0.0001, "nodata": 0,
        "mask": {"path": "scene_{time}.tif", "layer": "scl", "band": BANDS + 1},
    }  # fmt: skip
    (folder / "scenes.yaml").write_text(json.dumps(described))
    return folder


def unpacked_blocks(
    scenes: Path, out: Path, areas: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, dict[str, bytes]]:
    """How many blocks two workers unpack, and the tiles that they make."""
    config = {
        "process": "composite",
        "pyramid": {"grid": "geodetic", "metatiling": 1},
        "zoom_levels": {"min": 12, "max": 13},
        "baselevels": {"min": 13, "max": 13, "lower": "average"},
        "input": {
            "scenes": {
                "format": "scenes", "path": str(scenes), "bands": ["red", "nir"],
                "mask": ["cloud"], "grid": "native",
            }
        },
        "output": {
            "format": "GTiff", "path": str(out), "bands": BANDS, "dtype": "uint16", "nodata": 0
        },
        "process_parameters": {"statistics": ["median"]},
    }  # fmt: skip
    file = scenes.parent / f"{out.name}.mapchete"
    file.write_text(json.dumps(config))
    process = open_process(file)
    pool = TwoWorkers(process, areas)
    count, decompressed = 0, _unpacking._decompressed

    def counted(*given: Any) -> Any:
        nonlocal count
        count += 1
        return decompressed(*given)

    with monkeypatch.context() as patch:
        patch.setattr(_active_run, "open_pool", lambda *_: pool)
        patch.setattr(_unpacking, "_decompressed", counted)
        assert len(list(execute(process))) > 2
    tiles = chain(out.glob("12/**/*.tif"), out.glob("13/**/*.tif"))
    return count, {str(tile.relative_to(out)): tile.read_bytes() for tile in tiles}


def test_two_workers_unpack_hardly_more_blocks_than_there_are(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many blocks have room in a worker as would have in a seventh of real scenes."""
    blocks = DATES * (BANDS + 1) * (SIZE // BLOCK) ** 2
    monkeypatch.setattr(_file, "_SETTLED_AFTER", 0)
    monkeypatch.setattr(_cache, "CACHE_BYTES", blocks // 7 * BLOCK * BLOCK * 2)
    apart, tiles = unpacked_blocks(scenes, tmp_path / "areas", 2, monkeypatch)
    in_turn, same = unpacked_blocks(scenes, tmp_path / "turns", 1, monkeypatch)
    assert len(tiles) > 20
    assert tiles == same
    assert blocks <= apart <= 1.2 * blocks
    assert in_turn > 1.3 * blocks  # what it is about
