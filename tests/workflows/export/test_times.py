"""When what an export shows was taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_tiles.notes import Fate, collecting
from automap_tiles.workflows.export import Container
from automap_tiles.workflows.export._times import time_of
from tests.workflows.export.conftest import run

SHARES = [
    {"id": "b", "time": "2020-06-04T10:00:29Z", "samples": 4},
    {"id": "a", "time": "2020-05-05T10:00:31Z", "samples": 9},
    {"id": "c", "time": "2020-09-09T10:00:31Z", "samples": 0},  # all cloud
]
SPAN = "2020-05-05T10:00:31+00:00/2020-06-04T10:00:29+00:00"


@pytest.fixture
def composite(tmp_path: Path) -> Path:
    path = tmp_path / "composite.tif"
    profile = {"driver": "GTiff", "count": 1, "height": 64, "width": 64, "dtype": "uint8"}
    place = {"crs": "EPSG:3857", "transform": from_origin(1_500_000, 6_200_000, 100, 100)}
    with rasterio.open(path, "w", **profile, **place) as target:
        target.write(np.arange(4096, dtype="uint16").astype("uint8").reshape(1, 64, 64))
    return path


def said(source: Path) -> tuple[str, int]:
    with collecting() as notes:
        found = time_of(str(source))
    return found, len(notes)


def test_of_the_scenes_that_gave_a_pixel(composite: Path) -> None:
    composite.with_suffix(".scenes.json").write_text(json.dumps(SHARES))
    assert said(composite) == (SPAN, 0)


def test_of_the_scenes_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "scenes.json").write_text(json.dumps(SHARES))
    assert said(tmp_path) == (SPAN, 0)


@pytest.mark.parametrize(
    ("properties", "time"),
    [
        ({"datetime": "2019-07-01T09:00:00Z"}, "2019-07-01T09:00:00+00:00"),
        (
            {"datetime": None, "start_datetime": "2019-07-01", "end_datetime": "2019-08-01"},
            "2019-07-01T00:00:00+00:00/2019-08-01T00:00:00+00:00",
        ),
    ],
)
def test_of_the_item_beside(composite: Path, properties: dict[str, Any], time: str) -> None:
    composite.with_suffix(".json").write_text(json.dumps({"properties": properties}))
    assert said(composite) == (time, 0)


def test_as_gdal_tells_it(composite: Path) -> None:
    with rasterio.open(composite, "r+") as target:
        target.update_tags(ns="IMAGERY", ACQUISITIONDATETIME="2017-02-03 10:11:12")
    assert said(composite) == ("2017-02-03T10:11:12+00:00", 0)


@pytest.mark.parametrize("text", ["[1, 2]", "not JSON", '{"properties": {"datetime": "once"}}'])
def test_else_the_time_of_the_file_is_a_guess(composite: Path, text: str) -> None:
    composite.with_suffix(".json").write_text(text)
    with collecting() as notes:
        found = time_of(str(composite))
    assert found.startswith("20")
    assert "/" not in found
    assert [note.fate for note in notes] == [Fate.GUESSED]
    assert said(composite.with_name("nothing.tif"))[1] == 1


def test_it_stands_in_the_item(composite: Path, tmp_path: Path) -> None:
    composite.with_suffix(".scenes.json").write_text(json.dumps(SHARES))
    out = tmp_path / "out" / "map.pmtiles"
    outcome = run(
        composite, out, container=Container.PMTILES, stac=True, page=True, style={}, zooms=(5, 9)
    )
    # the page too is among the files, and there
    assert {path.name for path in outcome.files} == {
        "map.pmtiles", "map.html", "map.pmtiles.json", "catalog.json"
    }  # fmt: skip
    assert all(path.exists() for path in outcome.files)
    item = json.loads((out.parent / "map.pmtiles.json").read_text())
    assert item["properties"]["datetime"] is None
    assert item["properties"]["start_datetime"] == "2020-05-05T10:00:31Z"
    assert item["properties"]["end_datetime"] == "2020-06-04T10:00:29Z"
