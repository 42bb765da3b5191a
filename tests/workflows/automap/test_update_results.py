"""What was made of a composite follows when its scenes change; also in an object store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.notes import Fate, Subject
from automap_tiles.storage import Address
from automap_tiles.workflows import run
from automap_tiles.workflows.automap import AutomapOutcome, ClassificationOrder, CompositeOrder
from automap_tiles.workflows.automap.state import ResultFailed
from automap_tiles.workflows.events import Event, Failed, Finished
from automap_tiles.workflows.learning import Learning
from tests.golden import places
from tests.storage.s3 import BUCKET, S3Server

QUICK = Learning(
    classifier="plain", trials=0, erode=0, indices=(), radius=(), balance="none", folds=2
)
NAME = "20201001_20201130_median"


def order(output: str, **changes: Any) -> ClassificationOrder:
    wanted = ClassificationOrder(
        satellites=("8",),
        start="2020-10-01",
        end="2020-11-30",
        boundary="area.geojson",
        input="in",
        output=output,
        concurrency="none",
        workers=1,
        samples="samples.csv",
        learn=QUICK,
    )
    return replace(wanted, **changes)


def composite(output: str, **changes: Any) -> CompositeOrder:
    said = order(output).to_json()
    for name in ("samples", "learn", "confidence", "probabilities", "smoothing", "minimum_patch"):
        said.pop(name)
    return replace(CompositeOrder.from_json({**said, "workflow": "composite"}), **changes)


def errors(events: list[Event]) -> list[str]:
    found = [event.item for event in events if isinstance(event, Failed)]
    return [item.error for item in found if isinstance(item, ResultFailed)]


def outcome(events: list[Event]) -> AutomapOutcome:
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, AutomapOutcome)
    return last.outcome


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three of four days, the other ones in `later`."""
    monkeypatch.chdir(tmp_path)
    places.scenes()
    Path("later").mkdir()
    for path in Path("in").glob("*_20201006.tif"):
        path.rename(Path("later", path.name))
    return tmp_path


def bring() -> None:
    for path in Path("later").iterdir():
        path.rename(Path("in", path.name))


def test_the_map_follows() -> None:
    assert not errors(list(run(order("out"))))
    before = Path(f"out/landsat-8/classes_{NAME}.tif").read_bytes()
    bring()
    refused = list(run(order("out")))
    assert "--update" in errors(refused)[0]
    assert outcome(refused).record is None
    assert Path(f"out/landsat-8/classes_{NAME}.tif").read_bytes() == before
    assert not errors(list(run(order("out", update=True))))
    assert not errors(list(run(order("whole"))))
    for word in ("composite", "classes"):
        made, whole = (Path(f"{out}/landsat-8/{word}_{NAME}.tif") for out in ("out", "whole"))
        assert made.read_bytes() == whole.read_bytes()
    assert Path(f"out/landsat-8/classes_{NAME}.tif").read_bytes() != before
    model = Path(f"out/landsat-8/model_{NAME}.zip")
    stamp = model.stat().st_mtime_ns
    assert not errors(list(run(order("out", update=True))))
    assert model.stat().st_mtime_ns == stamp


def test_results_of_the_composite_before_are_named() -> None:
    list(run(order("out")))
    bring()
    (note,) = [
        each
        for each in outcome(list(run(composite("out", update=True)))).notes
        if each.subject is Subject.FILES
    ]
    assert (note.fate, note.count) == (Fate.REPLACED, 2)
    assert set(note.examples) == {f"model_{NAME}.zip", f"classes_{NAME}.tif"}
    assert "--mode classification --update" in str(note)
    assert not errors(list(run(order("out", update=True))))
    assert not errors(list(run(order("whole"))))
    made, whole = (Path(f"{out}/landsat-8/classes_{NAME}.tif") for out in ("out", "whole"))
    assert made.read_bytes() == whole.read_bytes()


def test_in_an_object_store(s3: S3Server, tmp_path: Path) -> None:
    output = f"s3://{BUCKET}/{tmp_path.name}"
    assert not errors(list(run(composite(output))))
    bring()
    assert "--update" in errors(list(run(composite(output))))[0]
    assert not errors(list(run(composite(output, update=True))))
    assert not errors(list(run(composite("whole"))))
    made = (Address(output) / "landsat-8" / f"composite_{NAME}.tif").read()
    assert made == Path(f"whole/landsat-8/composite_{NAME}.tif").read_bytes()
