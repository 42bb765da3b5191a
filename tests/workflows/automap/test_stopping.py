"""A run that is stopped in any of its phases: over within seconds, all that is done is kept."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.scenes.prepared import NAME
from automap_tiles.workflows import Order, run
from automap_tiles.workflows.automap import (
    AutomapOutcome,
    ClassificationOrder,
    CompositeOrder,
    DownloadOrder,
)
from automap_tiles.workflows.automap.phases import COMPOSITE, MAP, SCENES, SEARCH
from automap_tiles.workflows.automap.preparing import SceneDone, SceneStatus
from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Finished,
    PhaseFinished,
    PhaseStarted,
    Skipped,
)
from automap_tiles.workflows.learning import Learning
from automap_tiles.workflows.samples._reading import SAMPLING
from automap_tiles.workflows.train import TRAINING, Trained, TriedParameters
from tests.golden import places
from tests.scenes.download.server import FileServer

SECONDS = 5.0
_UNDER_WAY = 1.5
"""Seconds after which some of a slow file has come."""
WHERE: dict[str, Any] = {
    "satellites": ("8",),
    "start": "2020-10-01",
    "end": "2020-11-30",
    "boundary": "area.geojson",
    "input": "in",
    "output": "out",
    "workers": 1,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    places.scenes()
    return tmp_path


def stopped(order: Order, when: Callable[[Event], bool]) -> tuple[list[Event], AutomapOutcome]:
    """The events of a run that is stopped at one of them, and what it has come to."""
    stop, events = threading.Event(), []
    asked = 0.0
    for event in run(order, stop=stop):
        events.append(event)
        if not stop.is_set() and when(event):
            stop.set()
            asked = time.monotonic()
    assert asked, "it was never stopped"
    assert time.monotonic() - asked < SECONDS
    return events, outcome(events)


def outcome(events: list[Event]) -> AutomapOutcome:
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, AutomapOutcome)
    return last.outcome


def begins(phase: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, PhaseStarted) and event.phase == phase


def scenes(events: list[Event]) -> dict[str, SceneStatus]:
    items = [event.item for event in events if isinstance(event, Done)]
    return {item.scene: item.status for item in items if isinstance(item, SceneDone)}


def files() -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in Path("out").rglob("*.tif") if p.is_file()}


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_search_of_a_catalogue_that_does_not_answer() -> None:
    pytest.importorskip("pystac_client")
    with silent_server() as url:
        _, found = stopped(DownloadOrder(**{**WHERE, "input": url}), begins(SEARCH))
    assert found.stopped
    assert found.record is None
    assert outcome(list(run(DownloadOrder(**WHERE)))).record is not None


def test_download(tmp_path: Path) -> None:
    """Slow files: what has come of them is gone on with."""
    pytest.importorskip("requests")
    with FileServer().running() as server:
        server.slow = 0.5
        Path("remote").mkdir()
        order = DownloadOrder(**{**WHERE, "input": _catalogue(server)})
        stop, events, began = threading.Event(), [], 0.0
        for event in run(order, stop=stop):
            events.append(event)
            if begins(SCENES)(event):
                began = time.monotonic()
                threading.Timer(_UNDER_WAY, stop.set).start()
        assert time.monotonic() - began < _UNDER_WAY + SECONDS
        assert outcome(events).stopped
        came = sum(p.stat().st_size for p in Path("out").rglob(".fetched/**/*") if p.is_file())
        assert came > 0
        server.slow = 0.0
        before = len(server.asked)
        done = scenes(list(run(order)))
        assert set(done.values()) == {SceneStatus.WRITTEN}
        assert any(one.range for one in server.asked[before:]), "nothing was gone on with"


def _catalogue(server: FileServer) -> str:
    """A STAC item of Landsat 8 whose bands are behind HTTP, large enough to take a while."""
    import json

    import numpy as np
    import rasterio
    from rasterio.warp import transform_bounds

    side, left, top = 400, places.LEFT, places.TOP
    assets: dict[str, Any] = {}
    random = np.random.default_rng(0)
    product = "LC08_L2SP_092084_20201005_20201012_02_T1"
    names = ("blue", "green", "red", "nir08", "swir16", "swir22")
    bands = {name: f"SR_B{number}" for number, name in enumerate(names, 2)}
    for key, band in {**bands, "qa_pixel": "QA_PIXEL"}.items():
        data = random.integers(7000, 20000, (side, side)).astype("uint16")
        if key == "qa_pixel":
            data[:] = places.CLEAR
        with rasterio.MemoryFile() as memory:
            with memory.open(
                driver="GTiff", width=side, height=side, count=1, dtype="uint16", nodata=0,
                crs="EPSG:32755", transform=rasterio.Affine(30, 0, left, 0, -30, top),
            ) as file:  # fmt: skip
                file.write(data, 1)
            content = bytes(memory.getbuffer())
        name = f"{product}_{band}.TIF"
        assets[key] = {
            "href": server.put(f"/{name}", content),
            "type": "image/vnd.stac.geotiff; cloud-optimized=true",
            "roles": ["data"],
            "eo:bands": [{"name": band.removeprefix("SR_"), "common_name": key}],
        }
    box = transform_bounds("EPSG:32755", "EPSG:4326", left, top - side * 30, left + side * 30, top)
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": f"{product}_SR",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": list(box),
        "collection": "landsat-c2-l2",
        "properties": {
            "datetime": "2020-10-05T00:00:00Z",
            "platform": "landsat-8",
            "instruments": ["oli", "tirs"],
            "eo:cloud_cover": 0.0,
            "landsat:correction": "L2SP",
            "landsat:collection_number": "02",
            "proj:epsg": 32755,
        },
        "links": [],
        "assets": assets,
    }
    Path("items.json").write_text(json.dumps(item))
    return "items.json"


def test_preparation() -> None:
    order = DownloadOrder(**WHERE)
    events, found = stopped(order, lambda event: isinstance(event, Done))
    done = {name for name, status in scenes(events).items() if status is SceneStatus.WRITTEN}
    assert 0 < len(done) < 4
    assert found.stopped
    before = files()
    again = list(run(order))
    assert not outcome(again).stopped
    assert {name for name, how in scenes(again).items() if how is SceneStatus.THERE} >= done
    assert before.items() <= files().items()
    # the collection tells of them all
    collection = Path("out/landsat-8/scenes", NAME).read_text("utf-8")
    assert collection.count('"rel": "item"') == 4


def test_composite() -> None:
    order = CompositeOrder(**WHERE)
    events, found = stopped(order, begins(COMPOSITE))
    assert len(scenes(events)) == 4
    assert found.stopped
    assert found.results[0].composite is None
    before = files()  # the tile too, if it was done in time
    assert len([path for path in before if "/scenes/" in path]) == 4
    again = list(run(order))
    assert set(scenes(again).values()) == {SceneStatus.THERE}
    assert {path: time for path, time in before.items() if "/scenes/" in path}.items() <= (
        files().items()
    )
    assert outcome(again).results[0].composite is not None


def test_sampling_training_and_map() -> None:
    learn = Learning(classifier="boosting", trials=400, erode=0, indices=(), radius=())
    order = ClassificationOrder(**WHERE, samples="samples.csv", learn=learn)
    _, found = stopped(order, begins(SAMPLING))
    assert found.stopped
    before = files()
    # the scenes and the composite stay
    events, found = stopped(
        order, lambda event: isinstance(event, Done) and isinstance(event.item, TriedParameters)
    )
    assert found.stopped
    assert not list(Path("out").rglob("model*.zip"))
    assert before.items() <= files().items()
    assert set(scenes(events).values()) == {SceneStatus.THERE}
    # the samples are not read again
    quick = replace(order, learn=replace(learn, trials=0))
    events, found = stopped(quick, begins(MAP))
    assert found.stopped
    assert _skipped(events, SAMPLING) > 0
    model = {p: p.stat().st_mtime_ns for p in Path("out").rglob("model*.zip")}
    assert model
    again = list(run(quick))
    trained = [event.outcome for event in again if isinstance(event, PhaseFinished)]
    assert [one.is_new for one in trained if isinstance(one, Trained)] == [False]
    assert model == {p: p.stat().st_mtime_ns for p in Path("out").rglob("model*.zip")}
    told = [event for event in again if isinstance(event, Failed)]
    assert outcome(again).failed == 0, told
    assert Path(outcome(again).results[0].maps["classes"]).exists()


def _skipped(events: list[Event], phase: str) -> int:
    """Items of a phase that were done before."""
    inside, count = False, 0
    for event in events:
        if isinstance(event, PhaseStarted):
            inside = event.phase == phase
        elif isinstance(event, Skipped) and inside:
            count += event.count
    return count


def test_a_stream_that_is_left_in_a_phase_holds_nothing() -> None:
    """The next run goes on past the phase that this one was left in, the last one to the end."""
    learn = Learning(
        classifier="plain", trials=0, erode=0, indices=(), radius=(), balance="none", folds=2
    )
    order = ClassificationOrder(**WHERE, samples="samples.csv", learn=learn)
    for phase in (SEARCH, SCENES, COMPOSITE, SAMPLING, TRAINING, MAP):
        stream = run(order)
        for event in stream:
            if begins(phase)(event):
                break
        else:
            pytest.fail(f"phase {phase} never began")
        began = time.monotonic()
        stream.close()
        assert time.monotonic() - began < SECONDS, phase
    assert not outcome(list(run(order))).stopped
