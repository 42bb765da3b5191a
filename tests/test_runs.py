"""Workflows from Python: the words of the command line, events, the outcome, an early end."""

from __future__ import annotations

import _thread
import importlib
import json
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import automap_tiles
from automap_tiles.errors import ConfigError
from automap_tiles.workflows import WORKFLOWS, order_from_json, order_kind
from automap_tiles.workflows.automap import AutomapOutcome
from automap_tiles.workflows.events import Done, Finished, PhaseStarted, Started
from automap_tiles.workflows.keywords import keywords_of, order_from_keywords
from tests import signatures
from tests.golden import places

COMMANDS = {
    "download": "run",
    "composite": "run",
    "classification": "run",
    "design": "assess",
    "suggest": "samples",
    "copy": "cp",
    "remove": "rm",
}
"""Commands that are called otherwise than the workflow."""
OTHERWISE = {
    "index": {"tiles": "tile_directory", "kinds": "geojson", "folder": "idx_out_dir"},
    "remove": {"tiles": "tile_directory"},
    "convert": {"format": "format_"},
    "execute": {"process": "mapchete_files", "measures_memory": "profiling"},
    "info": {"failures": "errors"},
    "suggest": {"model": "suggest"},
}
"""Words of an order that an option of another name says."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    places.scenes()
    return tmp_path


def words(**more: Any) -> dict[str, Any]:
    return {
        "satellites": ["landsat-8"],
        "start": date(2020, 10, 1),
        "end": "2020-11-30",
        "boundary": Path("area.geojson"),
        "input": "in",
        "output": "out",
        "workers": 1,
        **more,
    }


def test_the_typed_words_are_those_of_the_orders() -> None:
    found = signatures.PATH.read_text(encoding="utf-8")
    assert found == signatures.formatted(signatures.stub()), "python -m tests.signatures --write"


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_word_is_one_of_the_command_line(workflow: str) -> None:
    name = COMMANDS.get(workflow, workflow)
    module = importlib.import_module(f"automap_tiles.cli.commands.{name}")
    options = {option.name for option in module.command.params}
    otherwise = OTHERWISE.get(workflow, {})
    missing = {w for w in keywords_of(order_kind(workflow)) if otherwise.get(w, w) not in options}
    assert not missing


def test_events_and_the_outcome(folder: Path) -> None:
    running = automap_tiles.run("composite", **words(statistics="median,std"))
    events = list(running)
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert sum(isinstance(event, PhaseStarted) for event in events) >= 3
    outcome = running.result()
    assert isinstance(outcome, AutomapOutcome)
    assert outcome.results[0].composite is not None
    assert outcome.results[0].composite.endswith("_median-std.tif")
    assert outcome == automap_tiles.run("composite", **words(statistics=["median", "std"])).result()


def test_checked(folder: Path) -> None:
    report = automap_tiles.check("composite", **words())
    said = json.loads(json.dumps(report.to_json()))
    assert (said["scenes"], said["done"], said["tiles"]) == (4, 0, 1)
    assert said["memory_bytes"] > 0
    low, high = said["seconds"]
    assert low <= high
    assert said["funnel"][0] == {"step": "found", "left": 4, "out": []}
    assert not Path("out").exists()


def test_an_order_as_it_was_kept(folder: Path) -> None:
    order = order_from_keywords("download", words())
    kept = order_from_json(json.loads(json.dumps(order.to_json())))
    outcome = automap_tiles.run(kept).result()
    assert isinstance(outcome, AutomapOutcome)
    assert outcome.failed == 0
    with pytest.raises(TypeError, match="says everything"):
        automap_tiles.run(kept, workers=2)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"statistic": "median"}, "statistic: .*is not a keyword"),
        ({"workers": 0}, "workers: .*greater than or equal to 1"),
        ({"max_cloud_cover": "much"}, "max_cloud_cover: .*number"),
        ({"statistics": "mode"}, "statistics: unknown statistic"),
        ({"satellites": "3"}, "satellites: not a known satellite"),
        ({"end": None}, "end: .*required"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, more: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        automap_tiles.check("composite", **words(**more))
    with pytest.raises(ConfigError, match=message):
        automap_tiles.run("composite", **words(**more)).result()


def test_the_values_of_orders_made_in_python_are_checked(folder: Path) -> None:
    from dataclasses import replace

    order: Any = order_from_keywords("composite", words())
    with pytest.raises(ConfigError, match=r"workers: .*greater than"):
        automap_tiles.run(replace(order, workers=-1)).result()


def test_stopped_from_another_thread(folder: Path) -> None:
    running = automap_tiles.run("composite", **words())
    for event in running:
        if isinstance(event, Done):
            threading.Thread(target=running.stop).start()
            break
    outcome = running.result()
    assert outcome.stopped
    assert automap_tiles.run("composite", **words()).result().stopped is False


def test_an_interrupt_ends_it_in_order(folder: Path) -> None:
    running = automap_tiles.run("composite", **words())
    next(running)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - wherever it comes
        for event in running:
            if isinstance(event, PhaseStarted) and event.phase == "composite":
                threading.Timer(0.05, _thread.interrupt_main).start()
        time.sleep(5)
    assert time.monotonic() - began < 30
    # nothing is held any more
    assert automap_tiles.run("composite", **words()).result().stopped is False


def test_left_early(folder: Path) -> None:
    with automap_tiles.run("composite", **words()) as running:
        next(running)
    with pytest.raises(RuntimeError, match="closed before its end"):
        running.result()
    assert automap_tiles.run("composite", **words()).result().record is not None


def test_the_example_of_the_readme(
    root: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    (example,) = [part for part in text.split("```python\n") if "automap_tiles.run(" in part]
    code = example.partition("```")[0]
    for said, here in (("2018-04-01", "2020-10-01"), ("2018-09-30", "2020-11-30"),
                       ("products/", "in")):  # fmt: skip
        assert said in code
        code = code.replace(said, here)
    exec(compile(code, "README.md", "exec"), {})
    said = capsys.readouterr().out
    assert "Done(item=SceneDone(" in said
    assert "composite_20201001_20201130_median.tif" in said
