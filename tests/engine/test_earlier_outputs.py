"""Outputs that the version before the missions (commit 2ef9973) really made are gone on with.

`recorded/2ef9973.tar.xz` holds four folders as that version left them: `own`, a function of the
user's with a module beside it, with overviews; `builtin`, the process `convert`; `begun`, a run
that was killed in its second tile; `run`, two scenes and their composite by `automap run`. Times of
all files are whole seconds, so that unpacking gives them back. The run knew its scenes by an
absolute path, which is therefore one of the folder that a process stands in, wherever that is.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from automap_tiles.engine.events import RunFinished, Summary
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.runtime import open_process
from tests.engine.projects import tile_bytes

RECORDED = Path(__file__).parent / "recorded" / "2ef9973.tar.xz"
HERE = "/proc/self/cwd/out"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    with tarfile.open(RECORDED) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def made(folder: Path) -> Summary:
    options = RunOptions(concurrency=Concurrency.NONE)
    *_, last = execute(open_process(folder / "process.mapchete"), options)
    assert isinstance(last, RunFinished)
    return last.summary


@pytest.mark.parametrize("name", ["own", "builtin"])
def test_a_finished_output(recorded: Path, name: str) -> None:
    before = tile_bytes(recorded / name / "out")
    summary = made(recorded / name)
    assert (summary.written, summary.empty, summary.failed, summary.skipped) == (0, 0, 0, 6)
    assert tile_bytes(recorded / name / "out") == before


def test_a_run_that_was_killed(recorded: Path) -> None:
    before = tile_bytes(recorded / "begun" / "out")
    summary = made(recorded / "begun")
    assert (summary.written, summary.failed, summary.skipped) == (9, 0, 1)
    after = tile_bytes(recorded / "begun" / "out")
    assert before.items() <= after.items()
    assert len(after) == 10


def test_an_automap_run(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(recorded / "run")
    before = tile_bytes(Path("out"))
    words = (
        *("run", "--mode", "composite", "--satellites", "8", "--boundary", "area.geojson"),
        *("--start", "2018-06-01", "--end", "2018-07-31", "-i", "products", "-o", HERE),
    )
    assert main([*words, "-w", "1", "--no-progress"]) == 0
    told = capsys.readouterr()
    assert "2 scenes: 0 written, 0 without a pixel in the area, 2 done before" in told.out
    assert "1 tile, 0 workers, going on with what is there" in told.err
    assert tile_bytes(Path("out")) == before
    assert len(before) == 3
