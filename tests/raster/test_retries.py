"""Rasters and vectors of a store of which some requests fail: read again, and told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import fiona
import numpy as np
import pytest

from automap_tiles import raster, vector
from automap_tiles.errors import InputError, SourceBrokeOff
from automap_tiles.notes import Fate, Note, Subject, collecting
from automap_tiles.raster import _retries as persistent
from automap_tiles.raster._retries import with_retries
from automap_tiles.raster.env import gdal_options
from automap_tiles.storage import Address
from tests.engine.projects import make_raster
from tests.storage.faults import faulty
from tests.storage.s3 import BUCKET, S3Server

_Result = TypeVar("_Result")


QUICK = {"GDAL_HTTP_LOW_SPEED_TIME": "1", "GDAL_HTTP_RETRY_DELAY": "0.05"}


def in_new_thread(work: Callable[[], _Result]) -> tuple[_Result, list[Note]]:
    """With options as the environment has them now."""

    def told() -> tuple[_Result, list[Note]]:
        # of a process that has read before, GDAL keeps the options of then
        with gdal_options(QUICK), collecting() as notes:
            return work(), list(notes)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(told).result(200)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("quick")
def test_the_same_pixels(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of pictures that nobody has read before; each kind of fault has come."""
    path = make_raster(tmp_path / "image.tif", size=300)
    grid = raster.inspect(path).grid
    wanted = raster.read(path, grid)
    places = [Address.of(f"s3://{BUCKET}/persistent/{number}.tif") for number in range(6)]
    for place in places:
        place.write(path.read_bytes())
    kinds = ("500", "503", "reset before", "reset after", "closed", "cut off", "stalled")
    with faulty(s3.endpoint, 5, 3, kinds=kinds) as store:
        monkeypatch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        for place in places:
            named = str(place) if place.name < "3" else place.url
            found, notes = in_new_thread(partial(raster.read, named, grid))
            np.testing.assert_array_equal(found.filled(0), wanted.filled(0))
            np.testing.assert_array_equal(found.mask, wanted.mask)
            assert {note.fate for note in notes} <= {Fate.REPEATED}
            assert {note.subject for note in notes} <= {Subject.REQUESTS}
        assert store.faults().keys() == {*kinds, "asked"}


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("ending", ["fgb", "geojson", "gpkg"])
def test_the_same_features(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """All of them, or an error: not those that came before an answer broke off."""
    path = tmp_path / f"points.{ending}"
    driver = {"fgb": "FlatGeobuf", "geojson": "GeoJSON", "gpkg": "GPKG"}[ending]
    schema = {"geometry": "Point", "properties": {"name": "str"}}
    with fiona.open(path, "w", driver=driver, schema=schema, crs="EPSG:4326") as target:
        target.writerecords(
            {"type": "Feature", "properties": {"name": "x" * 100},
             "geometry": {"type": "Point", "coordinates": (n / 100, n / 200)}}
            for n in range(3000)
        )  # fmt: skip
    crs = vector.describe(str(path)).crs
    wanted = vector.read_features(str(path), None, crs)
    with faulty(s3.endpoint, 3, 4, kinds=("500", "reset after", "cut off")) as store:
        for number in range(6):
            place = Address.of(f"s3://{BUCKET}/features/{number}.{ending}")
            named = place.url if number % 2 else str(place)
            with monkeypatch.context() as patch:
                place.write(path.read_bytes())
                patch.setenv("AWS_S3_ENDPOINT", store.endpoint)
                with collecting() as notes:
                    assert vector.read_features(named, None, crs) == wanted
                assert {note.fate for note in notes} <= {Fate.REPEATED}
        assert store.faults().total() > store.faults()["asked"]


def test_a_file_that_is_replaced_is_fetched_again(s3: S3Server, tmp_path: Path) -> None:
    assert s3.endpoint
    place = Address.of(f"s3://{BUCKET}/replaced/points.geojson")
    head = '{"type": "FeatureCollection", "features": ['
    place_of = '{"type": "Point", "coordinates": [1, 2]}'
    point = f'{{"type": "Feature", "properties": {{}}, "geometry": {place_of}}}'
    crs = raster.inspect(make_raster(tmp_path / "a.tif")).crs
    assert crs is not None
    for count in (1, 2, 3):
        place.write(f"{head}{','.join([point] * count)}]}}".encode())
        assert len(vector.read_features(place.url, None, crs)) == count


def test_attempts_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistent, "_FIRST_PAUSE", 0.001)
    asked = []

    def fails() -> None:
        asked.append(1)
        raise SourceBrokeOff("cannot be read: got 1 bytes, expected 2", "/vsicurl/http://x/a.tif")

    with collecting() as notes, pytest.raises(SourceBrokeOff):
        with_retries("/vsicurl/http://x/a.tif?sig=secret", fails)
    assert len(asked) == persistent.ATTEMPTS
    (note,) = notes
    assert note.count == persistent.ATTEMPTS - 1
    assert "secret" not in str(note)


@pytest.mark.parametrize("named", [lambda place: place.url, str])
def test_what_looks_unreadable_is_read_again_by_either_name(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, named: Callable[[Address], str]
) -> None:
    """Of what is in the store; GDAL says of an answer that broke off what it makes of it."""
    assert s3.endpoint
    monkeypatch.setattr(persistent, "_FIRST_PAUSE", 0.001)
    there = Address.of(f"s3://{BUCKET}/unreadable/there.tif")
    there.write(b"x")
    asked: list[str] = []

    def fails(path: str) -> None:
        asked.append(path)
        raise InputError("cannot be opened as a raster: Parse error at EOF", path)

    for place, count in ((there, persistent.ATTEMPTS), (there.parent / "gone.tif", 1)):
        path = named(place)
        with collecting(), pytest.raises(InputError):
            with_retries(path, partial(fails, path))
        assert asked.count(path) == count


@pytest.mark.parametrize("named", [lambda place: place.url, str])
def test_what_broke_off_is_not_kept(
    s3: S3Server, tmp_path: Path, named: Callable[[Address], str]
) -> None:
    """GDAL keeps what it has read of an object: here, what another object of that name held."""
    assert s3.endpoint
    path = make_raster(tmp_path / "image.tif", size=100)
    place = Address.of(f"s3://{BUCKET}/kept/{named.__name__ == 'str'}.tif")
    place.write(b"no picture")
    with pytest.raises(InputError, match="cannot be opened"):
        raster.inspect(named(place))
    place.write(path.read_bytes())
    assert raster.inspect_anew(named(place)).shape == raster.inspect(path).shape


@pytest.mark.parametrize("message", ["HTTP response code on x: 403", "has bands 1 to 2, not 3"])
def test_what_will_not_pass_is_not_tried_again(message: str) -> None:
    asked = []

    def fails() -> None:
        asked.append(1)
        raise InputError(message, "/vsicurl/http://x/a.tif")

    with collecting() as notes, pytest.raises(InputError):
        with_retries("/vsicurl/http://x/a.tif", fails)
    assert len(asked) == 1
    assert not notes
