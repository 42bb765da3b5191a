"""A run that is asked to stop ends soon; what is done is kept, and nobody is left behind."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.engine.events import RunFinished, TileDone, TilesSkipped
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import STOPPED, RunOptions, execute
from automap_tiles.formats.gtiff._assembly import Assembly
from automap_tiles.runtime import open_process
from tests.engine.projects import make_project, processes_of_a_run


@pytest.mark.parametrize("concurrency", list(Concurrency)[:3])
def test_what_is_done_is_kept(tmp_path: Path, concurrency: Concurrency) -> None:
    process = open_process(make_project(tmp_path, pause=0.05).config)
    stop = threading.Event()
    options = RunOptions(concurrency=concurrency, workers=2)
    seen = []
    for event in execute(process, options, stop=stop):
        seen.append(event)
        if sum(isinstance(each, TileDone) for each in seen) == 3:
            stop.set()
    last = seen[-1]
    assert isinstance(last, RunFinished)
    assert last.summary.stopped_by == STOPPED
    assert last.summary.failed == 0
    made = last.summary.computed
    assert made >= 3
    again = list(execute(process, options))
    assert isinstance(again[-1], RunFinished)
    assert again[-1].summary.skipped == made
    assert sum(each.count for each in again if isinstance(each, TilesSkipped)) == made
    assert again[-1].summary.stopped_by is None


def test_within_seconds_also_in_a_long_tile(tmp_path: Path) -> None:
    process = open_process(make_project(tmp_path, pause=120).config)
    stop = threading.Event()
    threading.Timer(3.0, stop.set).start()
    before = processes_of_a_run()
    options = RunOptions(concurrency=Concurrency.PROCESSES, workers=2)
    events = list(execute(process, options, stop=stop))
    ended = time.monotonic()
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.summary.stopped_by == STOPPED
    assert last.summary.seconds < 3 + 5
    helpers = {child.pid for child in multiprocessing.active_children()}
    while left := processes_of_a_run() - before - helpers:
        # the fork server and the tracker of resources stay for the next run
        if all(b"forkserver" in _line(pid) or b"resource_tracker" in _line(pid) for pid in left):
            break
        assert time.monotonic() - ended < 5, [_line(pid) for pid in left]
        time.sleep(0.05)


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b"forkserver, gone by now"


@pytest.mark.parametrize("asks", [True, False])
def test_while_a_single_file_is_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asks: bool
) -> None:
    """Also in one long call of GDAL; the file does not appear later, and no tile is made again."""
    project = make_project(tmp_path, zooms=(12, 12), output={"path": "out.tif"})
    process = open_process(project.config)
    stop, out = threading.Event(), tmp_path / "out.tif"
    asked: list[float] = []
    write = Assembly.write

    def slow(self: Assembly, path: Path, summary: Mapping[str, Any]) -> None:
        asked.append(time.monotonic())
        stop.set()
        if not asks:
            time.sleep(6)
        write(self, path, summary)

    options = RunOptions(concurrency=Concurrency.NONE)
    with monkeypatch.context() as patched:
        patched.setattr(Assembly, "write", slow)
        *_, last = execute(process, options, stop=stop)
        assert time.monotonic() - asked[0] < 5
        assert isinstance(last, RunFinished)
        assert last.summary.stopped_by == STOPPED
        assert last.summary.written > 1
        if not asks:
            time.sleep(6)
    assert not out.exists()
    *_, again = execute(process, options)
    assert isinstance(again, RunFinished)
    assert again.summary.computed == 0
    assert again.summary.stopped_by is None
    assert out.exists()
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]
