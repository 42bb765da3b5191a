"""Runs of several steps: what is stored, what runs again, what fails."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.cli.main import main
from automap_tiles.engine.check import check
from automap_tiles.engine.events import (
    Noted,
    RunFinished,
    StepFinished,
    StepStarted,
    TileDone,
    TileStatus,
)
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute, reading_what_is_there
from automap_tiles.errors import ProcessChanged
from automap_tiles.grid import Tile
from automap_tiles.runtime import Process, open_process
from automap_tiles.runtime.steps._results import StepResults
from tests.runtime.steps.samples import Sample, Step, make_sample, pixels, run, tiles, write

HERE = RunOptions(concurrency=Concurrency.NONE)
ANEW = RunOptions(concurrency=Concurrency.NONE, overwrite=True)

STEPS = {
    "first": Step(("image",), size=5, dtype="uint8", nodata=0, is_stored=True),
    "second": Step(("first",), size=7),
    "third": Step(("second",), kind="fill", size=3, is_stored=True),
    "last": Step(("first", "third"), kind="add"),
}


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return make_sample(tmp_path, STEPS)


def with_size(sample: Sample, **sizes: int) -> dict[str, Any]:
    values = sample.values()
    for name, size in sizes.items():
        values["steps"][name]["process_parameters"]["size"] = size
    return values


def written(values: dict[str, Any], options: RunOptions = HERE) -> tuple[dict[str, int], int]:
    """Tiles that a run made of each stored step and of the result."""
    found: dict[str, int] = {}
    for event in execute(open_process(values), options):
        match event:
            case StepFinished(step=step, summary=summary):
                found[step] = summary.computed
            case RunFinished(summary=summary):
                return found, summary.computed
    raise AssertionError("no summary")


def test_stored_steps_run_first_and_a_second_run_makes_nothing(sample: Sample) -> None:
    events = list(execute(open_process(sample.values()), HERE))
    assert [e.step for e in events if isinstance(e, StepStarted)] == ["first", "third"]
    order = [type(e) for e in events if isinstance(e, StepStarted | StepFinished)]
    assert order == [StepStarted, StepFinished] * 2
    assert isinstance(events[-1], RunFinished)
    assert not (sample.folder / ".steps").exists()
    made, result = written(sample.values())
    assert (made, result) == ({"first": 0, "third": 0}, 0)
    report = check(open_process(sample.values()))
    assert [(s.name, s.tiles, s.done, s.output is None) for s in report.steps] == [
        ("first", 16, 16, False), ("second", 0, 0, True), ("third", 16, 16, False),
    ]  # fmt: skip
    assert report.to_json()["steps"][0]["margin"] == 4


@pytest.mark.parametrize(
    ("changed", "named", "kept"),
    [("last", "last", ["first", "third"]), ("second", "third", ["first"]), ("first", "first", [])],
)
def test_what_changed_runs_again_with_what_follows(
    sample: Sample, changed: str, named: str, kept: list[str]
) -> None:
    """Also of a step that is in memory only; and what comes out is what a fresh run gives."""
    run(sample.values())
    values = with_size(sample, **{changed: 9})
    if changed == "last":
        values["steps"]["last"]["process_parameters"]["factor"] = 2
    before = tiles(sample.folder / "out")
    with pytest.raises(ProcessChanged, match=f"of the step {named} .*--overwrite"):
        list(execute(open_process(values), HERE))
    assert tiles(sample.folder / "out") == before
    made, result = written(values, ANEW)
    assert {name for name, count in made.items() if not count} == set(kept)
    assert result == 16
    fresh = {**values, "output": {**values["output"], "path": "fresh"}}
    for name in ("first", "third"):
        fresh["steps"][name]["output"]["path"] = f"fresh_{name}"
    run(fresh)
    assert tiles(sample.folder / "out") == tiles(sample.folder / "fresh") != before


def test_kept_steps_are_told_and_without_a_change_all_is_made_anew(sample: Sample) -> None:
    run(sample.values())
    told = [e.note for e in execute(open_process(with_size(sample, third=5)), ANEW)
            if isinstance(e, Noted)]  # fmt: skip
    assert [note.examples for note in told] == [("step first",)]
    made, result = written(with_size(sample, third=5), ANEW)
    assert (made, result) == ({"first": 16, "third": 16}, 16)


def test_the_code_of_a_step_counts(sample: Sample) -> None:
    values = sample.values()
    other = sample.folder / "other.py"
    other.write_text((sample.folder / "step.py").read_text())
    values["steps"]["third"]["process"] = "./other.py"
    run(values)
    other.write_text(other.read_text().replace("factor * (sums", "1 + factor * (sums"))
    assert written(values, ANEW) == ({"first": 0, "third": 16}, 16)


def test_more_of_the_area_later_changes_nothing_before(sample: Sample) -> None:
    """A step that has got more tiles since is no other input."""
    left, bottom, right, top = sample.bounds
    half = [left, bottom, left + 20, top]
    values = sample.values()
    part = open_process(values, bounds=half)
    *_, last = execute(part, HERE)
    assert isinstance(last, RunFinished)
    assert 0 < last.summary.written < 16
    run(values)
    whole = tiles(sample.folder / "out")
    assert len(whole) == 16
    run(sample.values(out="at_once"))
    assert tiles(sample.folder / "at_once") == whole
    del right


def test_a_tile_of_a_step_that_fails_fails_what_reads_it(tmp_path: Path) -> None:
    sample = make_sample(tmp_path, STEPS)
    code = (tmp_path / "step.py").read_text()
    (tmp_path / "failing.py").write_text(
        "from pathlib import Path\nfrom automap_tiles import Tile\n"
        + code.replace("def execute(a,", "def execute(a, tile: Tile,").replace(
            "    data, mask",
            "    if tile.col == 1143950 and Path(__file__).with_name('fail').exists():\n"
            "        raise ValueError('not this one')\n    data, mask",
            1,
        )
    )
    values = sample.values()
    values["steps"]["first"]["process"] = "./failing.py"
    (tmp_path / "fail").touch()
    results: dict[str, list[TileStatus]] = {"": []}
    errors, step = [], ""
    for event in execute(open_process(values), HERE):
        match event:
            case StepStarted(step=step):
                results[step] = []
            case StepFinished():
                step = ""
            case TileDone(result=result):
                results[step].append(result.status)
                errors += [result.error] if result.error else []
            case RunFinished(summary=summary):
                assert summary.failed == len(errors)
    failed = {name: found.count(TileStatus.FAILED) for name, found in results.items()}
    assert 0 < failed["first"] <= failed["third"] <= failed[""]
    assert len(results[""]) == 16
    assert any("ValueError: not this one (in the step first)" in error for error in errors)
    (tmp_path / "fail").unlink()
    retry = RunOptions(concurrency=Concurrency.NONE, retry_failed=True)
    again = written(values, retry)
    assert again == ({"first": failed["first"], "third": failed["third"]}, failed[""])
    run(sample.values(out="whole"))
    assert tiles(tmp_path / "out") == tiles(tmp_path / "whole")


def test_one_who_looks_reads_what_is_stored_and_computes_the_rest(sample: Sample) -> None:
    values = sample.values()
    run(values)
    process = open_process(values)
    tile = process.pyramid.tile(21, 730527, 1143951)
    expected = pixels(process, tile)
    # a tile of the stored step is gone, another was made by somebody else
    stored = tiles(sample.folder / "out_third")
    first, second, *_ = [sample.folder / "out_third" / name for name in stored]
    first.unlink()
    found = reading_what_is_there(process)
    assert (pixels(found, tile) == expected).all()
    second.unlink()
    changed = open_process(with_size(sample, third=9))
    there = reading_what_is_there(changed)
    assert (pixels(there, tile) == pixels(changed, tile)).all()


def test_results_are_made_once_and_let_go_of_when_the_last_has_used_them(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = open_process(sample.values())
    tile = process.pyramid.tile(21, 730527, 1143951)
    made: list[str | None] = []
    held: dict[str, frozenset[str]] = {}
    compute, used = Process._computed, StepResults.used

    def counted(self: Process, tile: Tile) -> Any:
        made.append(self.step)
        return compute(self, tile)

    def watched(self: StepResults, steps: Any, user: str) -> None:
        used(self, steps, user)
        held[user] = self.held

    monkeypatch.setattr(Process, "_computed", counted)
    monkeypatch.setattr(StepResults, "used", watched)
    process.compute(tile)
    assert sorted(map(str, made)) == ["first", "last", "second", "third"]
    # first is read by second and last, second by third alone, third by last
    assert held == {
        "second": frozenset({"first"}), "third": frozenset({"first"}), "last": frozenset(),
    }  # fmt: skip


def _run_and_die(values: dict[str, Any], after: int) -> None:
    for number, event in enumerate(execute(open_process(values), HERE)):
        if isinstance(event, TileDone) and number >= after:
            os._exit(9)


@pytest.mark.parametrize("after", [4, 24, 44])
def test_a_killed_run_goes_on_where_it_was(sample: Sample, after: int) -> None:
    values = sample.values()
    child = multiprocessing.get_context("spawn").Process(target=_run_and_die, args=(values, after))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    made, result = written(values)
    assert sum(made.values()) + result < 48
    run(sample.values(out="whole"))
    for name in ("out", "out_first", "out_third"):
        assert tiles(sample.folder / name) == tiles(sample.folder / name.replace("out", "whole"))


def test_the_command_line_understands_them(
    sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(sample))
    assert main(["execute", path, "--check"]) == 0
    checked = capsys.readouterr().out
    assert "step    second" in checked
    assert "in memory, 1 px wider" in checked
    assert main(["execute", path, "--concurrency", "none"]) == 0
    ran = capsys.readouterr()
    assert "Step first: 16 tiles" in ran.err
    assert "16 written" in ran.out
    assert main(["info", path]) == 0
    assert "third: step, stored in" in capsys.readouterr().out
    assert main(["verify", path, "--seams"]) == 0
    assert main(["cp", path, str(sample.folder / "copy")]) == 0
    assert tiles(sample.folder / "copy") == tiles(sample.folder / "out")
    assert main(["export", path, "-o", str(sample.folder / "map.pmtiles")]) == 0
