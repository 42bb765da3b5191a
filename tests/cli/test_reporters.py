"""What is shown of a run, event by event."""

from __future__ import annotations

import json

import pytest

from automap_tiles.cli.options.running import RunChoices
from automap_tiles.cli.show import numbers
from automap_tiles.cli.show.reporters import (
    BarReporter,
    JsonReporter,
    LineReporter,
    Reporter,
    reporter,
)
from automap_tiles.cli.show.totals import RunTotals
from automap_tiles.engine.events import (
    Event,
    RunFinished,
    RunStarted,
    Summary,
    TileDone,
    TileResult,
    TilesSkipped,
    TileStatus,
    WorkerLost,
)
from automap_tiles.grid import TileIndex
from automap_tiles.workflows.running import translated


def done(status: TileStatus, row: int = 0, error: str | None = None) -> TileDone:
    index = TileIndex(5, row, 7)
    return TileDone(
        result=TileResult(index=index, status=status, seconds=0.25, worker="here", error=error)
    )


EVENTS: list[Event] = [
    RunStarted(output="out", tiles=6, workers=2, resumed=True),
    TilesSkipped(count=2),
    done(TileStatus.WRITTEN),
    done(TileStatus.EMPTY, 1),
    WorkerLost(suspects=2),
    done(TileStatus.FAILED, 2, "Traceback …\n  File\nValueError: no sun\n"),
    done(TileStatus.WRITTEN, 3),
    RunFinished(summary=Summary(output="out", written=2, empty=1, failed=1, skipped=2)),
]


def tell(show: Reporter) -> RunTotals:
    totals = RunTotals()
    with show:
        for event in translated(EVENTS):
            totals.add(event)
            show.show(event, totals)
    return totals


def test_tally_sums_the_events() -> None:
    totals = tell(LineReporter(progress=False, verbose=False))
    assert (totals.written, totals.empty, totals.failed, totals.skipped) == (2, 1, 1, 2)
    assert (totals.total, totals.done, totals.computed) == (6, 6, 4)
    assert [result.index.row for result in totals.failures] == [2]
    assert totals.summary is not None


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    tell(LineReporter(progress=True, verbose=False, seconds=0))
    output = capsys.readouterr()
    assert output.out == ""
    lines = output.err.splitlines()
    assert lines[0] == "6 tiles, 2 workers, going on with what is there"
    assert "5/2/7 failed after 0.2 s: ValueError: no sun" in lines
    assert any(line.startswith("2/6 tiles (33 %), 0.0 tiles/s") for line in lines)
    assert any(line.startswith("6/6 tiles (100 %)") and "1 failed" in line for line in lines)
    assert not any("written" in line for line in lines)


def test_quiet_lines_hold_what_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    tell(LineReporter(progress=False, verbose=False, seconds=0))
    assert len(capsys.readouterr().err.splitlines()) == 3  # start, lost worker, failed tile


def test_verbose_has_a_line_for_each_tile(capsys: pytest.CaptureFixture[str]) -> None:
    tell(LineReporter(progress=False, verbose=True))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("5/")] == [
        "written",
        "empty",
        "failed",
        "written",
    ]


@pytest.mark.parametrize("verbose", [True, False])
def test_json_is_one_object_a_line(verbose: bool, capsys: pytest.CaptureFixture[str]) -> None:
    tell(JsonReporter(progress=True, verbose=verbose, seconds=0))
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert all({"time", "level", "event"} <= set(each) for each in found)
    assert [each["event"] for each in found if each["event"] != "progress"] == [
        "started",
        *(["tile", "tile"] if verbose else []),
        "worker_lost",
        "tile",
        *(["tile"] if verbose else []),
        "finished",
    ]
    (failed,) = (each for each in found if each.get("status") == "failed")
    assert failed["level"] == "error"
    assert failed["tile"] == [5, 2, 7]
    assert "no sun" in failed["error"]
    end = found[-1]
    assert (end["written"], end["empty"], end["skipped"], end["failed"]) == (2, 1, 2, 1)
    assert end["level"] == "error"


def test_bar_has_no_thread_and_ends_clean(capsys: pytest.CaptureFixture[str]) -> None:
    import threading

    before = threading.active_count()
    bar = BarReporter(verbose=False)
    seen: list[int] = []
    totals = RunTotals()
    with bar:
        for event in translated(EVENTS):
            totals.add(event)
            bar.show(event, totals)
            seen.append(threading.active_count())
    assert set(seen) == {before}
    assert "ValueError: no sun" in capsys.readouterr().err


def test_the_options_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(*, terminal: bool, log_format: str = "text", progress: bool = True) -> str:
        monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
        how = RunChoices(
            concurrency="none",
            workers=None,
            dask_scheduler=None,
            overwrite=False,
            fail_fast=False,
            log_format=log_format,
            progress=progress,
            verbose=False,
        )
        return type(reporter(how)).__name__

    assert chosen(terminal=True) == "BarReporter"
    assert chosen(terminal=False) == "LineReporter"
    assert chosen(terminal=True, progress=False) == "LineReporter"
    assert chosen(terminal=True, log_format="json") == "JsonReporter"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (8.34, "8.3 s"), (125, "2:05 min"), (10812, "3:00:12 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_400_000, "3.4 MB"), (5e15, "5000.0 TB")],
)
def test_sizes(count: float, text: str) -> None:
    assert numbers.size(count) == text


def test_words_of_numbers() -> None:
    assert numbers.tiles(1) == "1 tile"
    assert numbers.tiles(12345) == "12 345 tiles"
    assert numbers.last_line("a\n  b: c \n\n") == "b: c"
    assert numbers.last_line(None) == "no message"


def test_a_long_message_is_cut() -> None:
    line = numbers.last_line("Traceback\nValueError: " + "x" * 10_000)
    assert line.startswith("ValueError: xxx")
    assert len(line) == 300
    assert line.endswith("…")
