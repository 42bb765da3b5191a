"""What holds of every workflow: order of its events, checks that write nothing, an early end."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from automap_tiles import open_process
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.workflows import WORKFLOWS, Order, check, run
from automap_tiles.workflows.assess import AssessOrder, DesignOrder
from automap_tiles.workflows.automap import ClassificationOrder, CompositeOrder, DownloadOrder
from automap_tiles.workflows.clusters import ClustersOrder
from automap_tiles.workflows.coregister import CoregisterOrder
from automap_tiles.workflows.events import Event, Finished, Noted, Started
from automap_tiles.workflows.execute import ExecuteOrder
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.export import ExportOrder
from automap_tiles.workflows.learning import Learning
from automap_tiles.workflows.reproduce import ReproduceOrder
from automap_tiles.workflows.samples.suggesting import SuggestOrder
from automap_tiles.workflows.samples.workflow import SamplesOrder
from automap_tiles.workflows.series import SeriesOrder
from automap_tiles.workflows.tiles.convert import ConvertOrder
from automap_tiles.workflows.tiles.copy import CopyOrder
from automap_tiles.workflows.tiles.index import IndexKind, IndexOrder
from automap_tiles.workflows.tiles.info import InfoOrder
from automap_tiles.workflows.tiles.remove import RemoveOrder
from automap_tiles.workflows.timelapse import TimelapseOrder
from automap_tiles.workflows.train import TrainOrder
from automap_tiles.workflows.verify import VerifyOrder
from tests import signatures
from tests.golden import places
from tests.models import make_model

HERE = ExecutionOptions(concurrency="none")
SCENES: dict[str, Any] = {
    "satellites": ("8",),
    "start": "2020-10-01",
    "end": "2020-11-30",
    "boundary": "area.geojson",
    "input": "in",
    "output": "out",
    "workers": 1,
}
# Nothing is asked of the evidence: each answer costs several trainings.
QUICK = Learning(
    classifier="plain", trials=0, erode=0, indices=(), radius=(), balance="none", folds=2
)
ORDERS: dict[str, Callable[[], Order]] = {
    "download": lambda: DownloadOrder(**SCENES),
    "composite": lambda: CompositeOrder(**SCENES),
    "classification": lambda: ClassificationOrder(**SCENES, samples="samples.csv", learn=QUICK),
    "samples": lambda: SamplesOrder(
        samples="samples.gpkg", picture="picture.tif", class_field="kind", out="table.csv"
    ),
    "suggest": lambda: SuggestOrder(
        picture="picture.tif", model="model_of.zip", out="next.csv", number=5, candidates=500
    ),
    "clusters": lambda: ClustersOrder(picture="picture.tif", out="clusters.json", count=3),
    "assess": lambda: AssessOrder(map="map.tif", reference="truth.csv", class_field="class"),
    "design": lambda: DesignOrder(map="map.tif", out="points.csv", size=60),
    "series": lambda: SeriesOrder(input="in", area="area.geojson", output="series.csv"),
    "coregister": lambda: CoregisterOrder(input="in", output="shifts.json"),
    "timelapse": lambda: TimelapseOrder(input="in", output="place.gif"),
    "export": lambda: ExportOrder(
        source="image.tif", output="xyz", zooms=(7, 8), style=(("bidx", "1,2,3"),), workers=1
    ),
    "train": lambda: TrainOrder(
        samples="samples.gpkg",
        picture="picture.tif",
        model="model.zip",
        learn=replace(QUICK, class_field="kind"),
        workers=1,
    ),
    "execute": lambda: ExecuteOrder(process="work.mapchete", output="other", how=HERE),
    "convert": lambda: ConvertOrder(
        source="image.tif", target="made", pyramid="geodetic", how=HERE
    ),
    "copy": lambda: CopyOrder(source="tiles", target="copied"),
    "remove": lambda: RemoveOrder(tiles="tiles"),
    "index": lambda: IndexOrder(tiles="tiles", kinds=(IndexKind.TXT,)),
    "info": lambda: InfoOrder(path="tiles"),
    "reproduce": lambda: ReproduceOrder(
        record="made/run_composite_20201001_20201130_median.json",
        output="again",
        concurrency="none",
        workers=1,
    ),
    "verify": lambda: VerifyOrder(output="work.mapchete", seams=True, sample=2),
}
every_workflow = pytest.mark.parametrize("name", WORKFLOWS)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiles of a process, two of them failed, and one of them cut off; a picture."""
    folder = tmp_path_factory.mktemp("given")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        places.work()
        places.image()
        places.scene_and_fields()
        places.scenes()
        places.class_map()
        write_truth()
        make_model(of=Recipe(bands=("green", "red", "nir"))).save("model_of.zip")
        list(run(CompositeOrder(**{**SCENES, "output": "made", "concurrency": "none"})))
        shutil.rmtree("bad")
        Path("bad").write_text("2/1/3 2/2/5")
        list(open_process("work.mapchete").execute(concurrency="none"))
        places.truncate("tiles/2/1/1.tif", 100)()
    return folder


@pytest.fixture(autouse=True)
def folder(given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is given, in a place that may be changed."""
    shutil.copytree(given, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_truth() -> None:
    """truth.csv: what an interpreter sees on a drawn sample of the map."""
    order = DesignOrder(map="map.tif", out="truth.csv", size=60)
    list(run(order))
    places.interpreted("truth.csv")()


def files(folder: Path) -> dict[str, int]:
    """By name; what SQLite keeps beside a journal that is read is nobody's."""
    return {
        str(path): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".sqlite-shm", ".sqlite-wal")
    }


def outcome(events: list[Event]) -> dict[str, object]:
    assert isinstance(events[-1], Finished)
    return events[-1].outcome.to_json()


def test_all_are_tried() -> None:
    assert ORDERS.keys() == WORKFLOWS.keys()
    assert all(make().workflow == name for name, make in ORDERS.items())


@every_workflow
def test_events_come_in_order_and_can_be_written_down(name: str) -> None:
    events = list(run(ORDERS[name]()))
    started = [isinstance(event, Started) for event in events].index(True)
    assert all(isinstance(event, Noted) for event in events[:started])
    assert sum(isinstance(event, Started) for event in events) == 1
    assert [isinstance(event, Finished) for event in events].index(True) == len(events) - 1
    for event in events:
        assert json.loads(json.dumps(event.to_json()))["event"]
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, signatures.outcome_of(name))


@every_workflow
def test_a_check_writes_nothing(name: str, folder: Path) -> None:
    before = files(folder)
    found = check(ORDERS[name]()).to_json()
    assert json.loads(json.dumps(found))
    assert files(folder) == before


@every_workflow
def test_stopped_at_once(name: str) -> None:
    stop = threading.Event()
    stop.set()
    began = time.monotonic()
    found = outcome(list(run(ORDERS[name](), stop=stop)))
    assert time.monotonic() - began < 5
    if name != "info":  # it is over before anyone can ask
        assert found.get("stopped") or found.get("stopped_by")
    # nothing is held any more, and all of it can be done now
    again = outcome(list(run(ORDERS[name]())))
    assert not again.get("stopped")
    assert not again.get("stopped_by")


@every_workflow
def test_a_stream_that_is_left_early_holds_nothing(name: str) -> None:
    stream = run(ORDERS[name]())
    for event in stream:
        if isinstance(event, Started):
            break
    stream.close()
    assert isinstance(list(run(ORDERS[name]()))[-1], Finished)
