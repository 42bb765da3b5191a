"""A run made again of its record: the same bytes, or what is no longer to be had."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.workflows import check, run
from automap_tiles.workflows.automap import ClassificationOrder, CompositeOrder
from automap_tiles.workflows.events import Event, Finished, PhaseStarted
from automap_tiles.workflows.learning import Learning
from automap_tiles.workflows.reproduce import (
    MissingKind,
    ReproduceOrder,
    ReproduceOutcome,
    ReproduceReport,
)
from tests.golden import places

QUICK = Learning(
    classifier="plain", trials=0, erode=0, indices=(), radius=(), balance="none", folds=2
)
NAME = "20201001_20201130_median"
WORDS: dict[str, Any] = {
    "satellites": ("8",),
    "start": "2020-10-01",
    "end": "2020-11-30",
    "boundary": "area.geojson",
    "input": "in",
    "output": "out",
    "concurrency": "none",
    "workers": 1,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    places.scenes()
    return tmp_path


def order(mode: str = "composite", output: str = "again", **changes: Any) -> ReproduceOrder:
    return ReproduceOrder(
        record=f"out/run_{mode}_{NAME}.json",
        output=output,
        **{"concurrency": "none", "workers": 1, **changes},
    )


def outcome(events: list[Event]) -> ReproduceOutcome:
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, ReproduceOutcome)
    return last.outcome


def report(wanted: ReproduceOrder) -> ReproduceReport:
    found = check(wanted)
    assert isinstance(found, ReproduceReport)
    return found


def change_record(**changes: Any) -> None:
    path = Path(f"out/run_composite_{NAME}.json")
    said = json.loads(path.read_text())
    said.update(changes)
    path.write_text(json.dumps({key: value for key, value in said.items() if value is not None}))


def test_the_same_bytes(folder: Path) -> None:
    """Also where the boundary is gone, the products have moved, and others lie beside them."""
    list(run(ClassificationOrder(**WORDS, samples="samples.csv", learn=QUICK)))
    Path("area.geojson").unlink()
    shutil.copytree("in", "moved/in")
    shutil.rmtree("in")
    shutil.copy("moved/in/L8_20201005.tif", "moved/in/L8_20201009.tif")
    shutil.copy("moved/in/QA_20201005.tif", "moved/in/QA_20201009.tif")
    wanted = order("classification", input=str(folder / "moved" / "in"))
    assert report(wanted).to_json()["lacks"] == []
    came = outcome(list(run(wanted)))
    assert not came.different
    assert f"landsat-8/classes_{NAME}.tif" in came.same
    assert "scene in_20201005" in came.same
    for word, ending in (("composite", ".tif"), ("classes", ".tif"), ("model", ".zip")):
        made, again = (Path(f"{out}/landsat-8/{word}_{NAME}{ending}") for out in ("out", "again"))
        assert made.read_bytes() == again.read_bytes()


def test_what_is_gone_or_changed_is_named_before_it_starts() -> None:
    list(run(CompositeOrder(**WORDS)))
    for path in Path("in").glob("*_20201005.tif"):
        path.unlink()
    path = Path("in/QA_20201006.tif")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    found = report(order())
    assert [(lack.kind, lack.what) for lack in found.missing_items] == [
        (MissingKind.GONE, "scene in_20201005"),
        (MissingKind.CHANGED, "file QA_20201006.tif of scene in_20201006"),
    ]
    assert not found.can_be_same
    with pytest.raises(ConfigError, match=r"scene in_20201005 is gone.*QA_20201006") as caught:
        list(run(order()))
    assert "--anyway" in (caught.value.remedy or "")
    assert not Path("again").exists()
    came = outcome(list(run(order(anyway=True))))
    assert f"landsat-8/composite_{NAME}.tif" in came.different
    assert "scene in_20201007" in came.same
    assert came.failed


def test_other_versions_are_named() -> None:
    list(run(CompositeOrder(**WORDS)))
    record = json.loads(Path(f"out/run_composite_{NAME}.json").read_text())
    made_by = {**record["made_by"], "numpy": "1.0", "process composite": "0", "gone": "3"}
    change_record(made_by={**made_by, "automap-tiles": "0.0.1"})
    missing_items = {lack.what: lack for lack in report(order()).missing_items}
    assert set(missing_items) == {"automap-tiles", "numpy", "process composite", "gone"}
    assert missing_items["gone"].kind is MissingKind.GONE
    assert "1.0 then" in str(missing_items["numpy"])


def test_samples_that_changed_are_named() -> None:
    list(run(ClassificationOrder(**WORDS, samples="samples.csv", learn=QUICK)))
    Path("samples.csv").write_text(Path("samples.csv").read_text() + "147.0,-20.0,1\n")
    (lack,) = report(order("classification")).missing_items
    assert lack.kind is MissingKind.CHANGED
    assert "samples.csv" in lack.what
    Path("samples.csv").unlink()
    (lack,) = report(order("classification")).missing_items
    assert lack.kind is MissingKind.GONE


def test_a_record_of_an_earlier_version_goes_on() -> None:
    list(run(CompositeOrder(**WORDS)))
    record = json.loads(Path(f"out/run_composite_{NAME}.json").read_text())
    results = record["results"]
    for scene in results["landsat-8"]["scenes"]:
        for word in ("files", "picture", "product"):
            scene.pop(word, None)
    change_record(order=None, made_by=None, given=None, checks=None, results=results)
    found = report(order())
    assert found.can_be_same
    assert {lack.kind for lack in found.missing_items} == {MissingKind.NOT_TOLD}
    assert len(found.missing_items) == 2
    events = list(run(order()))
    assert any(isinstance(event, PhaseStarted) for event in events)
    came = outcome(events)
    assert came.not_told
    made, again = (Path(f"{out}/landsat-8/composite_{NAME}.tif") for out in ("out", "again"))
    assert made.read_bytes() == again.read_bytes()


def test_what_is_no_record(folder: Path) -> None:
    Path("run.json").write_text("{}")
    with pytest.raises(ConfigError, match="not the record of a run"):
        check(ReproduceOrder(record="run.json", output="again"))
    with pytest.raises(ConfigError, match="there is no such record"):
        check(ReproduceOrder(record="none.json", output="again"))
    list(run(CompositeOrder(**WORDS)))
    with pytest.raises(ConfigError, match="folder of the record"):
        check(order(output=str(folder / "out")))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"area": None}, "area"),
        ({"order": "composite"}, "order"),
        ({"order": {"workflow": "composite"}}, "order.input"),
        ({"order": None, "source": None}, "source"),
        ({"results": {"landsat-8": None}}, "results.landsat-8.scenes"),
        ({"results": {"landsat-8": {"scenes": [{"status": "written"}]}}},
         "results.landsat-8.scenes"),
        ({"made_by": ["numpy 2"]}, "made_by"),
        ({"made_by": {"numpy": 2.1}}, "made_by.numpy"),
        ({"given": {"samples": "samples.csv"}}, "given.samples"),
        ({"given": {"recipe": {"size": 3, "crc32": "a0"}}}, "given.recipe.crc32"),
        ({"checks": {"map.tif": {"size": 1.5, "crc32": 1}}}, "checks.map.tif.size"),
        ({"checks": [1]}, "checks"),
        ({"results": {"l": {"scenes": [{"id": "a", "files": {"name": "b"}}]}}},
         "results.l.scenes.0.files"),
        ({"results": {"l": {"scenes": [{"id": "a", "files": [{"name": None, "size": 1,
                                                              "crc32": 2}]}]}}},
         "results.l.scenes.0.files.0.name"),
        ({"results": {"l": {"scenes": [{"id": "a", "picture": 7}]}}},
         "results.l.scenes.0.picture"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], ["cut"]]]}}, "area"),
        ({"area": {"type": "Trapezoid", "coordinates": [1]}}, "area"),
    ],
)  # fmt: skip
def test_a_record_of_which_a_part_is_gone(folder: Path, changes: dict[str, Any], key: str) -> None:
    whole = {
        "results": {"landsat-8": {"scenes": []}}, "area": {"type": "Polygon", "coordinates": []},
        "mode": "composite", "source": "in", "satellites": ["8"], "start": "2020-10-01",
        "end": "2020-11-30",
    }  # fmt: skip
    said = {name: value for name, value in {**whole, **changes}.items() if value is not None}
    (folder / "record.json").write_text(json.dumps(said))
    with pytest.raises(ConfigError, match="a part of it is gone") as error:
        check(ReproduceOrder(record="record.json", output="again"))
    assert error.value.key == key


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ({"samples": 5}, "samples"),
        ({"samples": None}, "samples"),
        ({"learn": "quick"}, "learn"),
        ({"learn": {"recipe": [1]}}, "learn.recipe"),
        ({"statistics": {"a": 1}}, "statistics"),
        ({"start": ""}, "start"),
    ],
)
def test_an_order_that_is_damaged(folder: Path, words: dict[str, Any], key: str) -> None:
    """Named with the record that holds it."""
    order = {
        "workflow": "classification", "satellites": ["8"], "start": "2020-10-01",
        "end": "2020-11-30", "input": "in", "samples": "samples.csv",
    }  # fmt: skip
    area = json.loads(Path("area.geojson").read_text())
    said = {"results": {}, "area": area, "order": {**order, **words}}
    (folder / "record.json").write_text(json.dumps(said))
    with pytest.raises(ConfigError) as error:
        check(ReproduceOrder(record="record.json", output="again"))
    assert (error.value.key, Path(str(error.value.file)).name) == (key, "record.json")


def test_new_york(shared: Path) -> None:
    """Real products of Landsat 8, given as they lie there."""
    source = shared / "data" / "landsat" / "gdalcubes_L8NY18"
    words = {**WORDS, "start": "2018-04-01", "end": "2018-05-31", "input": str(source)}
    words["boundary"] = str(shared / "data" / "labels" / "gdalcubes_nycd.gpkg")
    list(run(CompositeOrder(**words)))
    record = "out/run_composite_20180401_20180531_median.json"
    wanted = ReproduceOrder(record=record, output="again", concurrency="none", workers=1)
    assert report(wanted).missing_items == ()
    came = outcome(list(run(wanted)))
    assert not came.different
    assert len([name for name in came.same if name.startswith("scene ")]) == 5
