"""Who is blamed when a worker dies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from automap_tiles.engine import _active_run as run_module
from automap_tiles.engine._batching import Batch
from automap_tiles.engine.events import TileDone, TileResult, TileStatus, WorkerLost
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note
from automap_tiles.runtime import open_process
from tests.engine.projects import make_project


class ScriptedPool:
    """Two tiles fly; the pool breaks under the first and tells of the second one later."""

    workers = areas = 2
    batch_seconds = 1.0
    queue_depth = 1
    lost_worker: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, breaks: int) -> None:
        self.breaks = breaks
        self.flying: list[tuple[Results, Batch]] = []
        self.seen: list[TileIndex] = []

    def submit(self, batch: Batch) -> Results:
        future: Results = Future()
        self.seen += [step.index for step in batch.steps]
        self.flying.append((future, batch))
        if self.breaks and len(self.flying) == self.workers:
            self.breaks -= 1
            self.flying.pop(0)[0].set_exception(BrokenProcessPool())
        elif not self.breaks:
            self._finish()
        return future

    def overdue(self) -> dict[TileIndex, str]:
        return {}

    def news(self) -> list[Note]:
        return []

    def restart(self) -> int | None:
        for future, _ in self.flying:
            future.set_exception(BrokenProcessPool())
        self.flying.clear()
        return None

    def close(self, *, grace: float | None) -> None:
        del grace

    def _finish(self) -> None:
        for future, batch in self.flying:
            future.set_result(
                [
                    TileResult(index=s.index, status=TileStatus.EMPTY, seconds=0.01, worker="w")
                    for s in batch.steps
                ]
            )
        self.flying.clear()


def test_a_tile_that_broke_with_another_is_not_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = open_process(make_project(tmp_path / "p", zooms=(12, 12)).config)
    pool = ScriptedPool(breaks=1)
    monkeypatch.setattr(run_module, "open_pool", lambda *_: pool)
    events = list(execute(process))
    assert [event for event in events if isinstance(event, WorkerLost)]
    results = [event.result for event in events if isinstance(event, TileDone)]
    assert {result.status for result in results} == {TileStatus.EMPTY}
    assert len({result.index for result in results}) == len(results)
    first_two = pool.seen[:2]
    assert [pool.seen.count(index) for index in first_two] == [2, 2]


def test_a_worker_that_dies_with_the_only_tile_gets_a_second_chance(tmp_path: Path) -> None:
    once = tmp_path / "killed"
    project = make_project(tmp_path / "p", zooms=(5, 5), once=str(once))
    done = project.run("--concurrency", "processes", "-w", "1")
    assert once.exists()
    assert done.returncode == 0, done.stderr


# In a process of its own: what a fork server prints that began with another test, nobody sees.
NO_BEGIN = """
import threading
from automap_tiles.engine.pools import _processes
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ProcessError
from automap_tiles.runtime import open_process
from tests.engine.test_lost_workers import broken_begin

if {threads}:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
_processes._begin = broken_begin
try:
    list(execute(open_process({config!r})))
except ProcessError as error:
    print(error)
"""


def broken_begin(token: str, pickled: bytes, watch: None) -> None:
    raise ImportError("no such library on this machine")


@pytest.mark.parametrize("threads", [False, True], ids=["fork", "fork server"])
def test_workers_that_cannot_begin_end_the_run(tmp_path: Path, threads: bool) -> None:
    project = make_project(tmp_path / "p", zooms=(12, 12))
    script = NO_BEGIN.format(config=str(project.config), threads=threads)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert "end before their first tile" in done.stdout
    assert "no such library" in done.stderr


SCRIPT = """
import automap_tiles

print("once")
process = automap_tiles.open_process({config!r})
process.compute({tile})  # starts threads: workers can no longer be forked from here
list(process.execute(workers=2))
"""


def test_a_script_without_a_guard_is_not_run_by_the_workers(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", zooms=(12, 12))
    tile = next(iter(_tiles(project.config)))
    script = tmp_path / "script.py"
    script.write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        + SCRIPT.format(config=str(project.config), tile=tuple(tile))
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "once\n"
    assert project.counts()[TileStatus.FAILED] == 0
    assert project.counts()[TileStatus.WRITTEN] > 0


def _tiles(config: Path) -> Iterator[TileIndex]:
    from automap_tiles.grid import cover

    process = open_process(config)
    return cover.tiles(process.pyramid, process.area_at(12), 12)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "died of SIGKILL"),
        ("ctypes.string_at(0)", "died of SIGSEGV"),
        ("os.kill(os.getpid(), 40)", "died of signal 40"),
        ("os._exit(0)", "ended itself with exit status 0"),
        ("os._exit(7)", "ended itself with exit status 7"),
    ],
)
def test_how_the_worker_of_a_tile_ended(tmp_path: Path, end: str, words: str, workers: int) -> None:
    """The same words as of a tile that somebody looks at, whatever became of the other workers."""
    project = make_project(tmp_path / "p", zooms=(12, 12))
    bad = "12/959/4468"
    (project.folder / "double.py").write_text(
        "import ctypes, os, signal\n"
        "from automap_tiles import Tile\n\n\n"
        "def execute(image, tile: Tile):\n"
        f"    if str(tile.index) == {bad!r}:\n        {end}\n"
        "    return image.read()\n"
    )
    process = open_process(project.config)
    events = list(execute(process, RunOptions(workers=workers)))
    results = [event.result for event in events if isinstance(event, TileDone)]
    (failed,) = (one for one in results if one.status is TileStatus.FAILED)
    assert f"The worker process {words} while it worked on this tile alone" in str(failed.error)
    assert str(failed.index) == bad
    assert len(results) > 1
