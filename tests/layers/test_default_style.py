"""What is shown of a layer when nobody says how, and where a layer lies on a web map."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import from_origin

from automap_tiles.grid import Bounds
from automap_tiles.layers import web
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.stretch import stretch
from automap_tiles.layers.values import values_at

NAMES = ("nir", "median_blue", "Green", "median_red", "greenred")
UTM = CRS.from_epsg(32633)


def raster(path: Path, bands: tuple[str, ...] = NAMES) -> FileLayer:
    """Each band holds its number × 1000 and the number of the pixel; a hole in the middle."""
    data = np.arange(50 * 60).reshape(1, 50, 60) % 900 + 1
    data = data + 1000 * np.arange(1, len(bands) + 1)[:, None, None]
    data[:, 20:23, 30:33] = 0
    with rasterio.open(
        path, "w", driver="GTiff", width=60, height=50, count=len(bands), dtype="int32",
        crs=UTM, transform=from_origin(500_000, 6_650_000, 10, 10), nodata=0,
    ) as file:  # fmt: skip
        file.write(data.astype("int32"))
        file.descriptions = bands
    (layer,), _ = open_layers([path])
    assert isinstance(layer, FileLayer)
    return layer


def test_bands_are_taken_by_the_names_of_their_colours(tmp_path: Path) -> None:
    look, kept = default_style(raster(tmp_path / "a.tif"))
    assert look["bidx"] == ("4", "3", "2")
    assert kept
    # one stretch of all three: by itself each band would lose how they differ
    (limits,) = look["rescale"]
    with rasterio.open(tmp_path / "a.tif") as file:
        wanted = np.percentile(file.read([4, 3, 2], masked=True).compressed(), (2, 98))
    assert [float(each) for each in limits.split(",")] == pytest.approx(list(wanted), abs=12)


@pytest.mark.parametrize(
    ("names", "bidx"),
    [
        (("a", "b", "c"), ("1", "2", "3")),
        (("a", "b", "c", "d"), ("1", "2", "3")),
        (("red", "green"), ("1",)),
        (("red", "green", "x", "y", "z"), ("1",)),
        (("blue", "green", "red"), ("3", "2", "1")),
        (("std_blue", "m_red", "m_blue", "m_green"), ("2", "4", "3")),
        (("a_red", "b_red", "b_green", "c_green", "b_blue"), ("2", "3", "5")),
        (("a_red", "b_green", "c_blue"), ("1", "2", "3")),
    ],
)
def test_without_such_names(tmp_path: Path, names: tuple[str, ...], bidx: tuple[str, ...]) -> None:
    assert default_style(raster(tmp_path / "a.tif", names))[0]["bidx"] == bidx


def test_classes_have_their_colours(tmp_path: Path) -> None:
    path = tmp_path / "classes.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8", crs=UTM,
        transform=from_origin(500_000, 6_650_000, 10, 10), nodata=0,
    ) as file:  # fmt: skip
        file.write(np.full((1, 8, 8), 2, "uint8"))
        file.write_colormap(1, {1: (255, 0, 0, 255), 2: (0, 128, 255, 255)})
    (layer,), _ = open_layers([path])
    look, _ = default_style(layer)
    colours = json.loads(look["colormap"][0])
    assert (colours["1"], colours["2"]) == ("#ff0000", "#0080ff")


def test_values_are_those_of_the_pixel(tmp_path: Path) -> None:
    """At the finest zoom by default; outside of the layer none, in a hole masked."""
    layer = raster(tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif") as file:
        for row, col in ((3, 4), (41, 55), (21, 31)):
            x, y = file.xy(row, col)
            (lon,), (lat,) = rasterio.warp.transform(UTM, "EPSG:4326", [x], [y])
            found = values_at(layer, lon, lat)
            assert found is not None
            wanted = file.read()[:, row, col]
            if wanted[0] == 0:
                assert all(value is np.ma.masked for value in found)
            else:
                assert [int(value) for value in found] == wanted.tolist()
            assert values_at(layer, lon + 360, lat) == found
            # coarser than the layer: of the first zoom that it has, not an error
            assert values_at(layer, lon, lat, 0) is not None
    west, south, east, north = layer.info.bounds
    middle = (west + east) / 2, (south + north) / 2
    for lon, lat in ((west - 0.1, middle[1]), (middle[0], north + 0.1), (middle[0], south - 0.1)):
        assert values_at(layer, lon, lat) is None


@pytest.mark.parametrize("lat", [-60.0, 0.0, 45.0, 60.0])
def test_the_zoom_of_pixels_in_metres_depends_on_the_latitude(lat: float) -> None:
    """A web map's metre is 1 / cos(latitude) metres long (Snyder 1987, p. 41)."""
    crs = CRS.from_epsg(32733 if lat < 0 else 32633)
    around = Bounds(14.95, lat - 0.05, 15.05, lat + 0.05)
    wanted = math.log2(2 * math.pi * 6_378_137 / 256 * math.cos(math.radians(lat)) / 10)
    assert web.pixel_zoom(crs, 10, around) == pytest.approx(wanted, abs=0.01)


def test_a_stretch_leaves_out_the_extremes(tmp_path: Path) -> None:
    layer = raster(tmp_path / "a.tif")
    found = stretch(layer, [1, 3])
    assert found is not None
    with rasterio.open(tmp_path / "a.tif") as file:
        for band, (low, high) in zip((1, 3), found, strict=True):
            values = file.read(band, masked=True).compressed()
            wanted = np.percentile(values, (2, 98))
            assert (low, high) == pytest.approx(tuple(wanted), abs=12)
    assert stretch(layer, [1], Bounds(0, 0, 1, 1)) is None
