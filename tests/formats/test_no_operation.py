"""Inputs whose CRS no way leads from: refused before the first tile, in words, at once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import from_bounds

from automap_tiles.errors import InputError, NoOperation
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Grid, Pyramid
from automap_tiles.raster import Raster, read, warp

PYRAMID = Pyramid.from_grid("geodetic")
NOWHERE = ('LOCAL_CS["site",UNIT["metre",1]]', "IAU_2015:30100", "+proj=moll +R=3396190 +units=m")


def raster_in(folder: Path, crs: str) -> Path:
    path = folder / "there.tif"
    profile = {"driver": "GTiff", "count": 1, "height": 500, "width": 500, "dtype": "uint8"}
    box = from_bounds(0, 0, 50, 50, 500, 500)
    with rasterio.open(path, "w", **profile, crs=crs, transform=box) as file:
        file.write(np.full((1, 500, 500), 7, np.uint8))
    return path


@pytest.mark.parametrize("crs", NOWHERE)
def test_rasters(tmp_path: Path, crs: str) -> None:
    path = raster_in(tmp_path, crs)
    tile = PYRAMID.tile(5, 10, 33)
    started = time.perf_counter()
    reader = open_input(InputSpec.from_value("inp", str(path)), tmp_path, PYRAMID)
    with pytest.raises(InputError, match="no coordinate operation") as found:
        reader.footprint(PYRAMID.crs)
    assert found.value.path == str(path)
    for resampling in ("nearest", "cubic"):
        with pytest.raises(InputError, match="no coordinate operation"):
            read(path, tile, resampling=resampling)
    grid = Grid(CRS.from_user_input(crs), from_bounds(0, 0, 50, 50, 9, 9), (9, 9))
    for resampling in ("nearest", "cubic"):
        with pytest.raises(NoOperation):
            warp(Raster(np.zeros((9, 9)), grid), tile, resampling=resampling)
    assert time.perf_counter() - started < 5


def test_the_raster_s_own_planet(tmp_path: Path) -> None:
    path = raster_in(tmp_path, "IAU_2015:30100")
    grid = {"shape": [1, 2], "bounds": [-180, -90, 180, 90], "is_global": True}
    moon = Pyramid.from_grid(
        {**grid, "srs": {"wkt": CRS.from_user_input("IAU_2015:30100").to_wkt()}}
    )
    reader = open_input(InputSpec.from_value("inp", str(path)), tmp_path, moon)
    assert not reader.footprint(moon.crs).is_empty
    assert (read(path, moon.tile(5, 10, 33)).compressed() == 7).all()


def test_directories_and_features(tmp_path: Path) -> None:
    metadata = {
        "pyramid": {
            "grid": {
                "shape": [1, 2], "bounds": [-180, -90, 180, 90], "is_global": True,
                "srs": {"wkt": CRS.from_user_input("IAU_2015:30100").to_wkt()},
            },
            "metatiling": 1,
        },
        "driver": {"format": "GTiff", "bands": 1, "dtype": "uint8"},
    }  # fmt: skip
    folder = tmp_path / "tiles"
    folder.mkdir()
    (folder / "metadata.json").write_text(json.dumps(metadata))
    reader = open_input(InputSpec.from_value("inp", str(folder)), tmp_path, PYRAMID)
    with pytest.raises(InputError, match="no coordinate operation"):
        reader.footprint(PYRAMID.crs)
    tile = PYRAMID.tile(5, 10, 33)
    with pytest.raises((InputError, NoOperation), match="no coordinate operation"):
        reader.at(tile).read()  # type: ignore[attr-defined]
