"""A raster file as an input, while the file behind the name changes."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio.transform import from_bounds

from automap_tiles.errors import InputError
from automap_tiles.formats import InputSpec, RememberedReader
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.notes import Fate, Subject, collecting


def written(path: Path, bounds: Bounds) -> Path:
    pixels = np.full((1, 32, 32), 7, np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", width=32, height=32, count=1, dtype="uint8", crs="EPSG:4326",
        transform=from_bounds(*bounds, 32, 32),
    ) as file:  # fmt: skip
        file.write(pixels)
    return path


@pytest.mark.parametrize("keeps_its_time", [False, True])
def test_a_file_replaced_by_one_that_lies_elsewhere(tmp_path: Path, keeps_its_time: bool) -> None:
    """As long as the process is open: in a notebook, behind the preview."""
    path = written(tmp_path / "dem.tif", Bounds(0, 0, 10, 10))
    pyramid = Pyramid.from_grid("geodetic")
    source = open_input(InputSpec.from_value("dem", str(path)), Path("/"), pyramid)
    west, east = pyramid.tile(5, 14, 32), pyramid.tile(5, 14, 40)
    assert not source.at(west).is_empty()
    assert source.at(east).is_empty()

    other = written(tmp_path / "next.tif", Bounds(40, 0, 50, 10))
    if keeps_its_time:
        before = path.stat()
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)

    assert source.footprint(pyramid.crs).bounds == (40, 0, 50, 10)
    assert source.at(west).is_empty()
    assert not source.at(east).is_empty()
    pixels: Any = source.at(east)
    assert pixels.read(1).max() == 7


def _zipped(path: Path, folder: Path, bounds: Bounds, compression: int) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.write(written(folder / "inner.tif", bounds), "heights/dem.tif")


@pytest.mark.parametrize(
    "name", ["/vsizip/dem.zip/heights/dem.tif", "zip://dem.zip!/heights/dem.tif"]
)
def test_an_archive_lies_below_the_folder_and_changes(tmp_path: Path, name: str) -> None:
    """What was made of the pixels before is not taken for done."""
    _zipped(tmp_path / "dem.zip", tmp_path, Bounds(0, 0, 10, 10), zipfile.ZIP_STORED)
    pyramid = Pyramid.from_grid("geodetic")
    source = open_input(InputSpec.from_value("dem", name), tmp_path, pyramid)
    assert isinstance(source, RememberedReader)
    assert source.footprint(pyramid.crs).bounds == (0, 0, 10, 10)
    assert not source.at(pyramid.tile(5, 14, 32)).is_empty()
    before = source.fingerprint()
    assert source.earlier_fingerprint() == source.path == name

    _zipped(tmp_path / "dem.zip", tmp_path, Bounds(40, 0, 50, 10), zipfile.ZIP_DEFLATED)
    assert source.fingerprint() != before
    assert source.earlier_fingerprint() == name
    assert source.footprint(pyramid.crs).bounds == (40, 0, 50, 10)
    assert source.at(pyramid.tile(5, 14, 32)).is_empty()


def test_an_archive_is_told_from_a_raster(tmp_path: Path) -> None:
    path = tmp_path / "dem.zip"
    _zipped(path, tmp_path, Bounds(0, 0, 10, 10), zipfile.ZIP_STORED)
    pyramid = Pyramid.from_grid("geodetic")
    source = open_input(
        InputSpec(name="dem", path=str(path), format="raster_file"), tmp_path, pyramid
    )
    with pytest.raises(InputError, match=rf"named /vsizip/{path}/NAME"):
        source.footprint(pyramid.crs)


def test_further_pages_of_a_file_are_told(tmp_path: Path) -> None:
    """GDAL opens the first; by its own name each of the others can be read."""
    path = written(tmp_path / "dem.tif", Bounds(0, 0, 10, 10))
    written(tmp_path / "next.tif", Bounds(40, 0, 50, 10))
    written(tmp_path / "last.tif", Bounds(60, 0, 70, 10))
    pyramid = Pyramid.from_grid("geodetic")
    for other in ("next.tif", "last.tif"):
        rasterio.shutil.copy(tmp_path / other, path, driver="GTiff", APPEND_SUBDATASET="YES")
    with collecting() as told:
        source = open_input(InputSpec.from_value("dem", str(path)), tmp_path, pyramid)
        assert source.footprint(pyramid.crs).bounds == (0, 0, 10, 10)
    (note,) = told
    assert (note.count, note.fate, note.subject) == (2, Fate.IGNORED, Subject.LAYERS)
    with collecting() as told:
        second = open_input(InputSpec.from_value("dem", "GTIFF_DIR:2:dem.tif"), tmp_path, pyramid)
        assert second.footprint(pyramid.crs).bounds == (40, 0, 50, 10)
    assert list(told) == []
