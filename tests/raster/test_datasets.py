"""Datasets are opened once per thread and kept."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.env import Env, getenv, hasenv

from automap_tiles.grid import Pyramid
from automap_tiles.raster import close_all, datasets, drivers, env, inspect, read
from tests.raster.conftest import MakeRaster

TILE = Pyramid.from_grid("geodetic", tile_size=64).tile(11, 490, 2219)


@pytest.fixture
def path(make_raster: MakeRaster, rng: np.random.Generator) -> Path:
    return make_raster(rng.integers(1, 200, (2, 90, 120), dtype=np.uint8), nodata=0)


class Opened(list[str]):
    """Paths that were opened, in order."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    found = Opened()
    original = drivers.open_dataset

    def spy(path: str, *args: Any, **options: Any) -> Any:
        found.append(path)
        return original(path, *args, **options)

    monkeypatch.setattr(datasets, "open_dataset", spy)
    return found


def test_opened_once(path: Path, opened: Opened) -> None:
    for resampling in ("nearest", "bilinear", "nearest"):
        read(path, TILE, resampling=resampling)
    inspect(str(path))
    assert opened == [str(path)]


def test_each_thread_has_its_own(path: Path, opened: Opened) -> None:
    read(path, TILE)
    ready = threading.Barrier(3)

    def work() -> None:
        ready.wait()
        read(path, TILE)
        read(path, TILE)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4


def test_many_threads_read_the_same(path: Path) -> None:
    expected = {kind: read(path, TILE, resampling=kind) for kind in ("nearest", "average")}

    def work(number: int) -> bool:
        kind = "nearest" if number % 2 else "average"
        found = read(path, TILE, resampling=kind)
        return bool((found.data == expected[kind].data).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))


def test_changed_file_is_opened_again(path: Path) -> None:
    before = read(path, TILE)
    with rasterio.open(path) as dataset:
        profile, data = dataset.profile, dataset.read()
    replacement = path.with_suffix(".new")
    with rasterio.open(replacement, "w", **profile) as dataset:
        dataset.write(np.where(data == 0, data, data + 1))
    os.utime(replacement, ns=(1, 1))
    replacement.replace(path)
    after = read(path, TILE)
    np.testing.assert_array_equal(after[~after.mask], before[~before.mask] + 1)


def test_least_recently_used_is_closed(
    make_raster: MakeRaster, monkeypatch: pytest.MonkeyPatch, opened: Opened
) -> None:
    monkeypatch.setattr(datasets, "MAX_OPEN", 3)
    data = np.ones((1, 10, 10), dtype=np.uint8)
    paths = [make_raster(data, name=f"{number}.tif") for number in range(4)]
    opened.clear()
    first = datasets.open_source(paths[0]).dataset
    for path in (paths[1], paths[2], paths[0], paths[3]):
        inspect(path)
    assert datasets.open_count() == 3
    assert not first.closed
    inspect(paths[0])
    assert opened.count(str(paths[0])) == 1
    inspect(paths[1])
    assert opened.count(str(paths[1])) == 2
    close_all()
    assert datasets.open_count() == 0
    assert first.closed


def _in_child(path: Path, number: int, queue: Any) -> None:
    found = read(path, TILE)
    queue.put((number, os.getpid(), datasets.open_count(), int(found.data.sum())))


def test_forked_child_opens_its_own(path: Path) -> None:
    expected = read(path, TILE)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [
        context.Process(target=_in_child, args=(path, number, queue)) for number in range(2)
    ]
    for child in children:
        child.start()
    answers = [queue.get(timeout=60) for _ in children]
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    for _, pid, count, total in answers:
        assert pid != os.getpid()
        assert count == 1
        assert total == int(expected.data.sum())
    # The parent's dataset is still good.
    np.testing.assert_array_equal(read(path, TILE).data, expected.data)


def test_kept_environment(path: Path) -> None:
    def work() -> tuple[bool, bool, dict[str, Any]]:
        before = hasenv()
        inspect(path)
        return before, hasenv(), getenv()

    with ThreadPoolExecutor(1) as pool:
        before, after, options = pool.submit(work).result()
    assert not before
    assert after
    assert options["GDAL_DISABLE_READDIR_ON_OPEN"] == "TRUE"


def test_environment_of_the_caller_stays(path: Path) -> None:
    def work() -> Any:
        with Env(GDAL_NUM_THREADS="2"):
            read(path, TILE)
            inside = getenv()
        # Leaving it takes our own away too: the next read enters one again.
        with Env():
            pass
        read(path, TILE)
        return inside, hasenv()

    with ThreadPoolExecutor(1) as pool:
        inside, after = pool.submit(work).result()
    assert inside["GDAL_NUM_THREADS"] == "2"
    assert after


def test_option_in_the_environment_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "GDAL_DISABLE_READDIR_ON_OPEN"
    monkeypatch.setenv(name, "FALSE")

    def work() -> dict[str, Any]:
        env.ensure_env()
        return dict(getenv())

    with ThreadPoolExecutor(1) as pool:
        assert name not in pool.submit(work).result()
