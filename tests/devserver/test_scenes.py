"""Inputs of scenes as layers, one date at a time, against what stands in their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from flask.testing import FlaskClient
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from automap_tiles.formats.capabilities import DatedReader
from automap_tiles.layers._scenes import ScenesLayer
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from tests.devserver.conftest import client_of
from tests.devserver.test_xyz import rgba

SCENES = "data/sentinel2/mapchete_eo_33TWL_l2a_120m"
TILE = "9/278/182"


@pytest.fixture(scope="module")
def config(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    path = folder / "first.mapchete"
    (folder / "first.py").write_text(
        "def execute(scenes):\n    return scenes.read().data[0]\n", encoding="utf-8"
    )
    process = {
        "process": "./first.py",
        "input": {
            "scenes": {
                "format": "scenes",
                "path": str(shared / SCENES),
                "bands": ["blue", "green", "red", "nir"],
                "tiles": ["33TWL"],
            }
        },
        "output": {"format": "GTiff", "path": "out", "bands": 4, "dtype": "float32"},
        "pyramid": {"grid": "mercator"},
        "zoom_levels": {"min": 9, "max": 9},
    }
    path.write_text(json.dumps(process), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def client(config: Path) -> FlaskClient:
    return client_of([config], Keep.READONLY)


@pytest.fixture(scope="module")
def reader(config: Path) -> DatedReader:
    layers, remarks = open_layers([config])
    assert not remarks
    (layer,) = (layer for layer in layers if isinstance(layer, ScenesLayer))
    return layer.reader


def told(client: FlaskClient) -> dict[str, Any]:
    layers = client.get("/api/layers").get_json()["layers"]
    (layer,) = (each for each in layers if each["name"] == "first-scenes")
    return dict(layer)


def test_dates_are_told_and_the_clearest_is_shown(client: FlaskClient, reader: DatedReader) -> None:
    layer = told(client)
    assert layer["kind"] == "input"
    covers = {scene.time.date().isoformat(): scene.cloud_cover for scene in reader.scenes}
    assert layer["dates"] == sorted(covers)
    assert layer["date"] == min(covers, key=lambda day: covers[day] or 0)
    assert layer["classes"] is None
    assert layer["default_style"] == {"bidx": ["3", "2", "1"], "rescale": ["0,0.3"]}


def test_numbers_are_those_of_the_files(client: FlaskClient, reader: DatedReader) -> None:
    shown = 0
    for date in (reader.dates[0], reader.dates[-1]):
        day = date.time.date().isoformat()
        answer = client.get(f"/first-scenes/{TILE}.tif?date={day}")
        (scene,) = date.scenes
        with MemoryFile(answer.data) as memory, memory.open() as found:
            data, grid = found.read(masked=True), found.profile
        for number, name in ((0, "blue"), (3, "nir")):
            file = scene.band(name)
            assert file.scaling is not None
            with (
                rasterio.open(file.href) as source,
                WarpedVRT(
                    source,
                    crs=grid["crs"],
                    transform=grid["transform"],
                    width=256,
                    height=256,
                    nodata=0,
                ) as view,
            ):
                digits = view.read(1)
            wanted = digits * file.scaling.slope + file.scaling.offset
            same = np.isclose(np.ma.getdata(data[number]), wanted, atol=1e-6) & (digits > 0)
            assert (same | (digits == 0)).mean() > 0.98
            shown += int(same.sum())
    assert shown > 50_000


def test_dates_differ_and_are_kept_apart(client: FlaskClient, reader: DatedReader) -> None:
    days = [date.time.date().isoformat() for date in reader.dates]
    answers = [client.get(f"/first-scenes/{TILE}.png?date={day}") for day in days]
    assert len({answer.data for answer in answers}) == len(days)
    assert len({answer.headers["ETag"] for answer in answers}) == len(days)
    usual = client.get(f"/first-scenes/{TILE}.png")
    assert usual.data == answers[days.index(told(client)["date"])].data
    assert (rgba(usual.data)[..., 3] > 0).any()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/first-scenes/{TILE}.png?date=1999-01-01", 400),
        (f"/first-scenes/{TILE}.png?date=", 400),
        (f"/first/{TILE}.png?date=2023-08-18", 400),
        ("/api/first-scenes/statistics?date=2023", 400),
    ],
)
def test_other_dates_are_refused(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.get_json()["parameter"] == "date"


def test_values_at_a_point(client: FlaskClient) -> None:
    west, south, east, north = told(client)["bounds"]
    query = {"lon": (west + east) / 2, "lat": (south + north) / 2}
    layers = client.get("/api/point", query_string=query).get_json()["layers"]
    (values,) = (each["values"] for each in layers if each["layer"] == "first-scenes")
    assert len(values) == 4
    assert all(-0.1 < value < 1.6 for value in values if value is not None)
