"""Whatever a tile does to its worker, the others are made and the server lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.on_demand import PackedProcess, TileWorkers
from automap_tiles.errors import TileFailed
from automap_tiles.grid import TileIndex
from automap_tiles.layers.open import process_layer
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.process_tiles import TileState
from automap_tiles.runtime import open_process
from tests.engine.projects import Project, make_raster

CODE = """
import ctypes, os, re, signal, sys, time
from automap_tiles import Tile

def end(how):
    if how == "segfault":
        ctypes.string_at(0)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "os._exit":
        os._exit(0)
    if how == "sys.exit":
        sys.exit("that was all")
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "abort":
        os.abort()
    if how == "native":
        re.match("(a+)+$", "a" * 60 + "b")
    time.sleep(1000)

def execute(image, tile: Tile, bad: str = "", how: str = "", pause: float = 0.0):
    time.sleep(pause)
    if str(tile.index) in bad.split("; "):
        end(how)
    return image.read() + 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    make_raster(tmp_path / "image.tif", size=300)
    (tmp_path / "double.py").write_text(CODE)
    return Project(tmp_path).configure()


@pytest.fixture
def workers() -> Iterator[TileWorkers]:
    made = TileWorkers(2.0, count=2)
    yield made
    made.close()


def tiles(project: Project) -> list[TileIndex]:
    from automap_tiles.grid import cover

    process = open_process(project.config)
    return list(cover.tiles(process.pyramid, process.area_at(13), 13))


def opened(project: Project, workers: TileWorkers, keep: Keep = Keep.MEMORY) -> ProcessLayer:
    return process_layer(open_process(project.config), keep, workers=workers)


@pytest.mark.parametrize("keep", [Keep.MEMORY, Keep.CONTINUE])
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("segfault", "died of SIGSEGV"),
        ("killed", "died of SIGKILL"),
        ("abort", "died of SIGABRT"),
        ("os._exit", "ended itself with exit status 0"),
        ("sys.exit", "SystemExit: that was all"),
        ("interrupt", "KeyboardInterrupt"),
        ("sleep", "took longer than 2 s"),
        ("native", "took longer than 2 s"),
    ],
)
def test_one_tile_fails(
    project: Project, workers: TileWorkers, how: str, words: str, keep: Keep
) -> None:
    bad, *others = tiles(project)
    layer = opened(project.configure(bad=str(bad), how=how), workers, keep)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(layer.compute, [bad, *others, bad]))
    assert [each.status for each in found] == [
        TileStatus.FAILED, *[TileStatus.WRITTEN] * len(others), TileStatus.FAILED,
    ]  # fmt: skip
    assert words in str(found[0].error).splitlines()[-1]
    if "longer" in words:
        assert "double.py" in str(found[0].error)
    # the next try is made in a worker that lives
    assert layer.compute(bad, again=True).status is TileStatus.FAILED
    assert layer.compute(others[0], again=True).status is TileStatus.WRITTEN
    with pytest.raises(TileFailed, match=words):
        layer.read(layer.process.pyramid.tile(*bad), [1])


def test_hanging_tiles_give_their_places_back(project: Project, workers: TileWorkers) -> None:
    every = tiles(project)
    bad = every[: len(every) // 2 + 1]
    layer = opened(project.configure(bad="; ".join(map(str, bad)), how="sleep"), workers)
    with ThreadPoolExecutor(len(every)) as pool:
        found = list(pool.map(layer.compute, every))
    assert [each.status is TileStatus.FAILED for each in found] == [e in bad for e in every]


def test_a_worker_that_dies_idle_costs_no_tile(project: Project, workers: TileWorkers) -> None:
    one, two, *_ = tiles(project)
    layer = opened(project, workers)
    assert layer.compute(one).status is TileStatus.WRITTEN
    for worker in workers._all:
        worker.kill()
    time.sleep(0.5)
    assert layer.compute(two).status is TileStatus.WRITTEN


def test_after_an_edit_hanging_tiles_are_ended(project: Project) -> None:
    slow = TileWorkers(100.0, count=1)
    try:
        bad, good, *_ = tiles(project)
        layer = opened(project.configure(bad=str(bad), how="sleep"), slow)
        began = threading.Event()
        layer.listen(lambda looked: began.set() if looked.status is TileStatus.RUNNING else None)
        found: list[TileState] = []
        thread = threading.Thread(target=lambda: found.append(layer.compute(bad)))
        thread.start()
        assert began.wait(20)
        assert layer.retire(1.0)
        thread.join(10)
        assert found[0].status is TileStatus.FAILED
        again = opened(project.configure(), slow)
        assert again.compute(good).status is TileStatus.WRITTEN
    finally:
        slow.close()


def test_more_processes_than_a_worker_remembers(project: Project) -> None:
    one = TileWorkers(20.0, count=1)
    try:
        index = tiles(project)[0]
        process = open_process(project.config)
        jobs = [PackedProcess.of(process, keeps=False) for _ in range(10)]
        contents = [one.make(job, index).files for job in (*jobs, *jobs)]
        assert all(content == contents[0] for content in contents)
        assert len(contents[0]) == 1
    finally:
        one.close()


def test_what_opening_does_to_a_process(project: Project, workers: TileWorkers) -> None:
    assert workers.survives(open_process, project.config) is None
    assert workers.survives(open_process, project.folder / "nothing") is None
    module = project.folder / "double.py"
    module.write_text("import os\nos._exit(3)\n")
    assert "exit status 3" in str(workers.survives(open_process, project.config))
    module.write_text("while True: pass\n")
    assert "longer than 2 s" in str(workers.survives(open_process, project.config))
    module.write_text(CODE)
    assert workers.survives(open_process, project.config) is None


def test_nothing_that_was_made_before_is_shown_for_an_empty_tile(
    project: Project, workers: TileWorkers
) -> None:
    index = tiles(project)[0]
    layer = opened(project, workers)
    assert layer.compute(index).status is TileStatus.WRITTEN
    tile = layer.process.pyramid.tile(*index)
    before = layer.read(tile, [1])
    assert before is not None
    assert np.ma.count(before)
    layer._tiles.target.files.storage.delete(layer._tiles.target.files.key(index))
    assert layer.read(tile, [1]) is None
    layer.compute(index, again=True)
    assert layer.read(tile, [1]) is not None


def test_closed_in_the_middle(project: Project) -> None:
    """By several threads, while others begin and work: what one file was, is closed once."""
    index = tiles(project)[0]
    job = PackedProcess.of(open_process(project.config), keeps=False)
    for pause in (0.0, 0.01, 0.1, 0.5):
        some = TileWorkers(20.0, count=2)
        some.warm(job)
        some.warm(job)
        time.sleep(pause)
        with ThreadPoolExecutor(4) as pool:
            done = [pool.submit(some.close) for _ in range(3)]
            made = pool.submit(some.make, job, index)
        assert all(each.result() is None for each in done)
        assert made.result().result.status in (TileStatus.FAILED, TileStatus.WRITTEN)
        late = some.make(job, index).result
        assert late.status is TileStatus.FAILED
        assert "WorkerLost" in str(late.error)


def test_closed_before_the_work_has_reached_the_worker(project: Project) -> None:
    """A queue beyond what the process has taken in: nobody gets a `CancelledError`."""
    index = tiles(project)[0]
    job = PackedProcess.of(open_process(project.configure(pause=0.3).config), keeps=False)
    some = TileWorkers(20.0, count=1)
    assert some.make(job, index).result.status is TileStatus.WRITTEN
    (worker,) = some._all
    with ThreadPoolExecutor(6) as pool:
        made = [pool.submit(worker.make, job, index) for _ in range(6)]
        time.sleep(0.05)
        some.close()
    found = [each.result().result for each in made]
    assert {each.status for each in found} <= {TileStatus.FAILED, TileStatus.WRITTEN}
    assert any("WorkerLost" in str(each.error) for each in found)
