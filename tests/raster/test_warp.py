"""Arrays in memory on another grid."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import from_origin

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid, Pyramid, Tile
from automap_tiles.raster import Raster, read, times_picked, warp
from tests.raster.conftest import UTM, UTM_TRANSFORM, MakeRaster
from tests.raster.test_parity import gcp_raster

GRID = Grid(CRS.from_string(UTM), UTM_TRANSFORM, (90, 120))
TILE = Pyramid.from_grid("geodetic").tile(11, 490, 2219)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "cubic", "average", "mode", "max"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_equals_reading_the_same_from_a_file(
    make_raster: MakeRaster,
    rng: np.random.Generator,
    dtype: str,
    resampling: str,
) -> None:
    data = rng.integers(1, 100, (1, 90, 120)).astype(dtype)
    hidden = rng.random(data.shape) < 0.2
    path = make_raster(np.where(hidden, 0, data), nodata=0)
    expected = read(path, TILE, resampling=resampling)
    raster = Raster(np.ma.MaskedArray(data, hidden), GRID)
    found = warp(raster, TILE, resampling=resampling, nodata=0)
    assert found.dtype == dtype
    # Reading from a file, mapchete's way to ask GDAL masks a few more pixels at the edge.
    assert (found.mask != expected.mask).mean() < 0.005
    both = ~found.mask & ~expected.mask
    assert both.any()
    np.testing.assert_allclose(found.data[both], expected.data[both], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint16", "uint32", "float32"])
def test_most_frequent_values_as_from_a_file(
    make_raster: MakeRaster, rng: np.random.Generator, dtype: str
) -> None:
    """Also of negative ones, and where all values of a byte occur."""
    first = 0 if dtype.startswith("u") else -30
    data = rng.integers(first, first + 60, (1, 90, 120)).astype(dtype)
    coarse = Pyramid.from_grid("geodetic").tile(9, 122, 554)
    for nodata in (100, None):
        path = make_raster(data, nodata=nodata, name=f"{nodata}.tif")
        expected = read(path, coarse, resampling="mode")
        found = warp(Raster(data, GRID), coarse, resampling="mode", nodata=nodata)
        np.testing.assert_array_equal(found.mask, expected.mask)
        np.testing.assert_array_equal(found.compressed(), expected.compressed())
        assert len(np.unique(found.compressed())) > 20


def test_most_frequent_of_all_bytes(make_raster: MakeRaster, rng: np.random.Generator) -> None:
    data = rng.integers(0, 256, (1, 90, 120)).astype(np.uint8)
    assert len(np.unique(data)) == 256
    coarse = Pyramid.from_grid("geodetic").tile(9, 122, 554)
    expected = read(make_raster(data), coarse, resampling="mode")
    found = warp(Raster(data, GRID), coarse, resampling="mode")
    np.testing.assert_array_equal(found.mask, expected.mask)
    np.testing.assert_array_equal(found.compressed(), expected.compressed())


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "float32"])
@pytest.mark.parametrize("told", ["nodata", "mask", "control points", "nothing"])
def test_most_frequent_may_be_minus_one(make_raster: MakeRaster, dtype: str, told: str) -> None:
    """GDAL before 3.12 takes it for no data."""
    data = np.full((1, 300, 300), -1, dtype=dtype)
    hidden = np.zeros(data.shape[1:], dtype=bool)
    if told == "control points":
        path = gcp_raster(make_raster, data, nodata=-5)
    else:
        nodata = -5 if told == "nodata" else None
        path = make_raster(data, mask=hidden if told == "mask" else None, nodata=nodata)
    tile = Pyramid.from_grid("geodetic").tile(9, 122, 554)
    found = read(path, tile, resampling="mode")
    expected = read(path, tile, resampling="nearest")
    assert (found.compressed() == -1).all()
    assert abs(found.count() - expected.count()) < 0.1 * expected.count()


def test_bands_have_masks_of_their_own() -> None:
    data = np.ma.MaskedArray(np.full((2, 90, 120), 5, dtype=np.uint8), mask=False)
    data[0, :50] = np.ma.masked
    for resampling in ("nearest", "bilinear"):
        found = warp(Raster(data, GRID), TILE, resampling=resampling, nodata=9)
        assert np.ma.getmaskarray(found)[0].sum() > np.ma.getmaskarray(found)[1].sum() > 0
        assert (found.data[found.mask] == 9).all()
        assert (found.data[~found.mask] == 5).all()


def test_aligned_is_cut_out(rng: np.random.Generator) -> None:
    data = rng.random((2, 90, 120)).astype(np.float32)
    target = Grid(GRID.crs, from_origin(500_500, 5_199_000, 100, 100), (20, 200))
    for resampling in ("nearest", "lanczos", "cubic_spline"):
        found = warp(Raster(data, GRID), target, resampling=resampling, nodata=math.nan)
        np.testing.assert_array_equal(found.data[:, :, :115], data[:, 10:30, 5:])
        assert np.ma.getmaskarray(found)[:, :, 115:].all()
        assert np.isnan(found.data[:, :, 115:]).all()


def test_nan_is_no_data() -> None:
    data = np.full((1, 90, 120), 2.0, dtype=np.float32)
    data[0, 40:50] = math.nan
    for resampling in ("nearest", "bilinear"):
        found = warp(Raster(data, GRID), TILE, resampling=resampling, nodata=-1)
        assert set(np.unique(found.data)) == {-1, 2}


def test_raster() -> None:
    flat = Raster(np.zeros((90, 120)), GRID)
    assert flat.data.shape == (1, 90, 120)
    copy = pickle.loads(pickle.dumps(flat))
    assert copy.grid == GRID
    with pytest.raises(ValueError, match=r"\(1, 90, 121\) is not \(band, \*\(90, 120\)\)"):
        Raster(np.zeros((1, 90, 121)), GRID)
    with pytest.raises(InputError, match="unknown resampling 'gauss'"):
        warp(flat, TILE, resampling="gauss")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "bool"])
@pytest.mark.parametrize("nodata", [None, 0, 7, math.nan, -9999])
def test_nearest_changes_no_pixel(
    rng: np.random.Generator, dtype: str, nodata: float | None
) -> None:
    data = rng.integers(0, 9, (2, 90, 120)).astype(dtype)
    if dtype == "float32":
        data[0, 10:20] = np.nan
    hidden = rng.random(data.shape) < 0.2
    places = np.arange(90 * 120, dtype=np.int32).reshape(1, 90, 120)
    picked = warp(Raster(places, GRID), TILE)[0]
    found = warp(Raster(np.ma.MaskedArray(data, hidden), GRID), TILE, nodata=nodata)
    for band in range(2):
        values = data[band].reshape(-1)[picked.data]
        gone = picked.mask | hidden[band].reshape(-1)[picked.data] | np.isnan(values)
        if nodata is not None:
            gone |= values == nodata
        np.testing.assert_array_equal(np.ma.getmaskarray(found)[band], gone)
        np.testing.assert_array_equal(found.data[band][~gone], values[~gone])


@pytest.mark.parametrize("target", [TILE, Pyramid.from_grid("geodetic").tile(9, 122, 554)])
def test_times_picked(target: Tile) -> None:
    places = np.arange(90 * 120, dtype=np.int32).reshape(1, 90, 120)
    picked = warp(Raster(places, GRID), target).compressed()
    assert picked.size
    wanted = np.bincount(picked, minlength=places.size).reshape(90, 120)
    np.testing.assert_array_equal(times_picked(GRID, target), wanted)


@pytest.mark.parametrize("method", ["nearest", "bilinear", "cubic", "average", "mode"])
@pytest.mark.parametrize("nodata", [None, 0])
def test_longitudes_of_0_to_360(tmp_path: Path, method: str, nodata: int | None) -> None:
    """The same as of the globe cut at 180 degrees, away from both seams."""
    numbers = np.random.default_rng(1).integers(1, 200, (2, 90, 180)).astype("u1")
    numbers[:, :20, ::7] = 0
    usual = tmp_path / "usual.tif"
    turned = tmp_path / "turned.tif"
    for path, left, pixels in ((usual, -180, np.roll(numbers, 90, axis=2)), (turned, 0, numbers)):
        with rasterio.open(
            path, "w", driver="GTiff", width=180, height=90, count=2, dtype="uint8", nodata=nodata,
            crs="EPSG:4326", transform=rasterio.Affine(2, 0, left, 0, -2, 90),
        ) as file:  # fmt: skip
            file.write(pixels)
    pyramid = Pyramid.from_grid("geodetic")
    for place in ((1, 1, 0), (1, 1, 2), (0, 0, 0)):
        tile = pyramid.tile(*place)
        one = read(str(usual), tile, resampling=method)
        two = read(str(turned), tile, resampling=method)
        inner = np.s_[:, 16:-16, 16:-16] if place[0] else np.s_[:, :, 16:112]
        np.testing.assert_array_equal(
            np.ma.getmaskarray(two)[inner], np.ma.getmaskarray(one)[inner]
        )
        np.testing.assert_array_equal(two[inner].filled(0), one[inner].filled(0))


def test_a_raster_over_the_antimeridian_has_both_sides(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=40, height=40, count=1, dtype="float32", nodata=-1,
        crs="EPSG:4326", transform=rasterio.Affine(0.1, 0, 178, 0, -0.1, 12),
    ) as file:  # fmt: skip
        file.write(np.full((1, 40, 40), 7, "f4"))
    pyramid = Pyramid.from_grid("mercator")
    for column in (0, 63):
        tile = pyramid.tile(6, 30, column)
        counts = [read(str(path), tile, resampling=method).count()
                  for method in ("nearest", "bilinear")]  # fmt: skip
        assert counts[0] == counts[1] > 0
