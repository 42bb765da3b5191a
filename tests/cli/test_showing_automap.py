"""What `automap run` shows of processes that do not come to their end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from automap_tiles.cli.show.reporters import LineReporter
from automap_tiles.engine._active_run import ActiveRun
from automap_tiles.errors import OutputError
from tests.golden import places

ARGS = (
    *("run", "--mode", "composite", "--satellites", "8", "-w", "1", "--boundary", "area.geojson"),
    *("--start", "2020-10-01", "--end", "2020-11-30", "-i", "in", "-o", "out"),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    places.scenes()
    return tmp_path


def test_one_that_breaks_off_has_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that is full when all tiles are there: told, counted, and the rest is done."""

    def full(_: ActiveRun) -> None:
        raise OutputError("cannot be written: no space left on device", "out")

    monkeypatch.setattr(ActiveRun, "_finish", full)
    assert main(list(ARGS)) == 1
    said = capsys.readouterr()
    assert "Failed: composite of landsat-8: " in said.err
    assert "no space left on device" in said.err
    assert "What was considered: " in said.out
    assert main([*ARGS, "--log-format", "json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (failed,) = [line for line in lines if line["event"] == "failed"]
    assert failed["what"] == "composite of landsat-8"
    assert lines[-1]["event"] == "results"


def test_the_terminal_is_left_as_it_was_by_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar hides the cursor until it is left."""
    left: list[LineReporter] = []

    def interrupted(_: ActiveRun) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LineReporter, "__exit__", lambda self, *_: left.append(self))
    monkeypatch.setattr(ActiveRun, "_finish", interrupted)
    assert main(list(ARGS)) == 130
    assert len(left) == 1
