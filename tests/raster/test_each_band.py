"""Each band of a source by its own dtype, nodata and holes; sources that a block does not reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mapchete.io.raster as mapchete_read
import mapchete.tile as mapchete_tile
import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_bounds, from_origin

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid, Pyramid, Tile
from automap_tiles.raster import Raster, close_all, inspect, read, read_into, warp
from tests.raster.conftest import UTM_TRANSFORM, MakeRaster

SIZE = 128
"""Of a tile: a quarter of the pixels of one of 256, which compare as well."""
PYRAMID = Pyramid.from_grid("mercator", tile_size=SIZE)
TILE = PYRAMID.tile(11, 722, 1110)
"""Lies across the western edge of sources at `UTM_TRANSFORM`."""

TYPES = {"uint8": "Byte", "int16": "Int16", "uint16": "UInt16", "int64": "Int64",
         "float32": "Float32", "float64": "Float64"}  # fmt: skip


def mixed(
    folder: Path, bands: list[tuple[Path, str, float | None]], shape: tuple[int, int]
) -> Path:
    """A virtual raster whose bands are files of their own."""
    numbers = ", ".join(map(repr, UTM_TRANSFORM.to_gdal()))
    text = f'<VRTDataset rasterXSize="{shape[1]}" rasterYSize="{shape[0]}"><SRS>EPSG:32633</SRS>'
    text += f"<GeoTransform>{numbers}</GeoTransform>"
    for number, (path, dtype, nodata) in enumerate(bands, start=1):
        said = "" if nodata is None else f"<NoDataValue>{nodata!r}</NoDataValue>"
        text += (
            f'<VRTRasterBand dataType="{TYPES[dtype]}" band="{number}">{said}<SimpleSource>'
            f'<SourceFilename relativeToVRT="1">{path.name}</SourceFilename>'
            "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        )
    found = folder / "mixed.vrt"
    found.write_text(text + "</VRTDataset>")
    return found


def holed(rng: np.random.Generator, dtype: str, nodata: float | None) -> NDArray[Any]:
    """Noise with some single pixels and a block of no data."""
    data = rng.integers(1, 120, (1, 200, 220)).astype(dtype)
    if nodata is not None:
        data[rng.random(data.shape) < 0.02] = nodata
        row, col = rng.integers(0, 150, 2)
        data[0, row : row + 40, col : col + 50] = nodata
    return data


RESAMPLINGS = ["nearest", "bilinear", "cubic", "lanczos", "average", "mode", "max", "med", "q1"]


@pytest.mark.parametrize("resampling", RESAMPLINGS)
@pytest.mark.parametrize("index", [(10, 360, 555), (12, 1444, 2220)])
def test_as_each_band_alone(
    make_raster: MakeRaster,
    rng: np.random.Generator,
    tmp_path: Path,
    resampling: str,
    index: tuple[int, int, int],
) -> None:
    """Mixed dtypes and nodata values: every band is what a file of it alone gives, in mapchete."""
    kinds: list[tuple[str, float | None]] = [
        ("uint8", 20), ("float32", -9999.0), ("int16", 20), ("uint8", None), ("float32", 0.1),
    ]  # fmt: skip
    bands = [
        (make_raster(holed(rng, dtype, nodata), nodata=nodata, name=f"{number}.tif"), dtype, nodata)
        for number, (dtype, nodata) in enumerate(kinds)
    ]
    path = mixed(tmp_path, bands, (200, 220))
    tile = PYRAMID.tile(*index)
    found = read(path, tile, resampling=resampling)
    assert found.dtype == "float32"
    theirs = mapchete_tile.BufferedTilePyramid("mercator", tile_size=SIZE)
    theirs_tile = theirs.tile(*tile.index)
    for band, (alone, dtype, nodata) in enumerate(bands):
        expected = read(alone, tile, resampling=resampling)
        assert expected.dtype == dtype
        np.testing.assert_array_equal(
            np.ma.getmaskarray(found)[band], np.ma.getmaskarray(expected)[0]
        )
        np.testing.assert_array_equal(found[band].compressed(), expected.compressed())
        assert 1000 < (~expected.mask).sum() < expected.mask.size
        if nodata is not None:
            fill = np.float32(nodata)
            assert (found.data[band][np.ma.getmaskarray(found)[band]] == fill).all()
            there = mapchete_read.read_raster_window(str(alone), theirs_tile, resampling=resampling)
            mask = np.ma.getmaskarray(there)[0] | (there.data[0] == np.dtype(dtype).type(nodata))
            np.testing.assert_array_equal(np.ma.getmaskarray(found)[band], mask)
            np.testing.assert_array_equal(found.data[band][~mask], there.data[0][~mask])


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    resampling=st.sampled_from(RESAMPLINGS),
    dtype=st.sampled_from(["uint8", "int16", "float32"]),
    nodata=st.sampled_from([0, 7, None]),
)
def test_holes_of_one_band(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    resampling: str,
    dtype: str,
    nodata: float | None,
) -> None:
    """Bands of one file whose holes differ are what each gives alone."""
    import rasterio

    rng = np.random.default_rng(seed)
    hole = np.nan if nodata is None and dtype == "float32" else nodata
    data = np.concatenate([holed(rng, dtype, hole) for _ in range(3)])
    profile = {"driver": "GTiff", "height": 200, "width": 220, "dtype": dtype, "nodata": nodata,
               "crs": "EPSG:32633", "transform": UTM_TRANSFORM}  # fmt: skip
    folder = tmp_path_factory.mktemp("holes")
    for name, bands in {"all": data, "0": data[:1], "1": data[1:2], "2": data[2:]}.items():
        with rasterio.open(folder / f"{name}.tif", "w", count=len(bands), **profile) as file:
            file.write(bands)
    found = read(folder / "all.tif", TILE, resampling=resampling)
    for band in range(3):
        expected = read(folder / f"{band}.tif", TILE, resampling=resampling)
        np.testing.assert_array_equal(
            np.ma.getmaskarray(found)[band], np.ma.getmaskarray(expected)[0]
        )
        np.testing.assert_array_equal(found.data[band], expected.data[0])
    # no number comes from a hole: all lie between those of the source, which start at 1
    if resampling in ("nearest", "bilinear", "average", "mode", "max", "med", "q1"):
        assert 1 <= found.min() <= found.max() < 120
    close_all()


def test_overview_of_bands_with_holes_of_their_own(
    make_raster: MakeRaster, rng: np.random.Generator
) -> None:
    data = np.concatenate([holed(rng, "uint16", 0) for _ in range(2)])
    both = make_raster(data, nodata=0, overviews=(2, 4))
    alone = make_raster(data[1:], nodata=0, overviews=(2, 4), name="alone.tif")
    tile = PYRAMID.tile(9, 180, 277)
    found, expected = (
        read(both, tile, resampling="bilinear"),
        read(alone, tile, resampling="bilinear"),
    )
    assert expected.count() > 100
    np.testing.assert_array_equal(found[1].filled(), expected[0].filled())


def test_aligned_windows_and_wide_numbers(
    make_raster: MakeRaster, rng: np.random.Generator, tmp_path: Path
) -> None:
    wide = np.full((1, 200, 220), 2**53 + 2, dtype=np.int64)
    wide[0, 0, 0] = 5
    bands: list[tuple[Path, str, float | None]] = [
        (make_raster(holed(rng, "float32", -1), nodata=-1, name="a.tif"), "float32", -1.0),
        (make_raster(wide, nodata=5, name="b.tif"), "int64", 5),
    ]
    path = mixed(tmp_path, bands, (200, 220))
    info = inspect(path)
    with pytest.raises(InputError, match=r"bands 2 hold 9007199254740994.*read them alone"):
        read(path, info.grid)
    assert read(path, info.grid, indexes=[2]).dtype == np.int64
    assert read_into(path, info.grid, np.empty((2, 200, 220)), indexes=[1, 2]) is None
    close_all()
    wide[wide > 5] = 2**53
    make_raster(wide, nodata=5, name="b.tif")
    found = read(path, info.grid)
    assert found.dtype == np.float64
    assert np.ma.getmaskarray(found)[1].sum() == 1
    assert np.ma.getmaskarray(found)[1, 0, 0]
    assert found[1].max() == 2**53


@pytest.mark.parametrize("resampling", RESAMPLINGS)
def test_nan_beside_nodata(make_raster: MakeRaster, resampling: str) -> None:
    """NaN is no data, as if nodata stood there."""
    rng = np.random.default_rng(3)
    data = holed(rng, "float32", -9999)
    plain = make_raster(data, nodata=-9999)
    marked = np.where(rng.random(data.shape) < 0.5, data, np.where(data == -9999, np.nan, data))
    assert np.isnan(marked).any()
    other = make_raster(marked, nodata=-9999, name="nan.tif")
    found, expected = (read(path, TILE, resampling=resampling) for path in (other, plain))
    np.testing.assert_array_equal(found.mask, expected.mask)
    np.testing.assert_array_equal(found.data, expected.data)
    assert not np.isnan(found.data).any()


def test_nan_beside_nodata_read_into(make_raster: MakeRaster) -> None:
    data = np.ones((1, 20, 30), dtype=np.float32)
    data[0, 0, 0], data[0, 0, 1] = np.nan, -9999
    path = make_raster(data, nodata=-9999)
    found = read_into(path, inspect(path).grid, np.empty((1, 20, 30), np.uint32), indexes=[1])
    assert found is not None
    assert np.argwhere(found[1]).tolist() == [[0, 0], [0, 1]]


# Full discs: most of their pixels, and all of their corners, lie beside the Earth.
DISCS = {
    "geostationary": (
        "+proj=geos +lon_0=0 +h=35785831 +a=6378137 +b=6356752.31414 +units=m +sweep=y",
        5_570_248,
    ),
    "GOES": ("+proj=geos +lon_0=-75 +h=35786023 +ellps=GRS80 +units=m +sweep=x", 5_434_894),
    "orthographic": ("+proj=ortho +lat_0=40 +lon_0=10 +R=6371000 +units=m", 6_371_000),
    "gnomonic": ("+proj=gnom +lat_0=90 +lon_0=0 +R=6371000 +units=m", 3_000_000),
}


def spoil_memory(tile: Tile) -> None:
    """Leave numbers behind in the memory that the next arrays of this size get."""
    for size in (1, 4, 8):
        for _ in range(6):
            np.full((1, *tile.shape), 77, dtype=f"u{size}")


@pytest.mark.parametrize("disc", DISCS)
@pytest.mark.parametrize(("dtype", "nodata"), [("uint8", None), ("uint8", 0), ("int64", None)])
@pytest.mark.parametrize("resampling", ["bilinear", "average"])
def test_beside_a_full_disc(
    make_raster: MakeRaster, disc: str, dtype: str, nodata: float | None, resampling: str
) -> None:
    crs, half = DISCS[disc]
    data = np.add.outer(np.arange(200), np.arange(200))[None] % 100 + 100
    path = make_raster(
        data.astype(dtype), crs=crs, transform=from_bounds(-half, -half, half, half, 200, 200),
        nodata=nodata,
    )  # fmt: skip
    valid = picked = 0
    for row in range(4):
        for col in range(4):
            tile = PYRAMID.tile(2, row, col)
            nearest = read(path, tile)
            spoil_memory(tile)
            found = read(path, tile, resampling=resampling)
            if nearest.mask.all():
                assert found.count() < 600, tile  # a kernel reaches a pixel beyond
            elif found.count():
                assert 100 <= found.min() <= found.max() <= 199, tile
            valid, picked = valid + int(found.count()), picked + int(nearest.count())
    assert picked > 10_000
    assert abs(valid - picked) < 0.03 * picked


def test_array_that_a_block_does_not_reach() -> None:
    crs, half = DISCS["geostationary"]
    grid = Grid(CRS.from_string(crs), from_bounds(-half, -half, half, half, 50, 50), (50, 50))
    raster = Raster(np.full((50, 50), 9, np.uint8), grid)
    for row, col in ((0, 0), (7, 7), (3, 7)):
        tile = PYRAMID.tile(3, row, col)
        spoil_memory(tile)
        assert warp(raster, tile, resampling="bilinear").mask.all(), tile


def test_control_points_of_several_bands(make_raster: MakeRaster) -> None:
    """Holes of one band stay its own, without a nodata value the mask tells the outside."""
    from rasterio.control import GroundControlPoint as Point

    corners = [(0, 0), (0, 100), (100, 0), (100, 100)]
    points = [Point(row, col, 500_000 + 100 * col, 5_200_000 - 100 * row) for row, col in corners]
    data = np.full((2, 100, 100), 50, dtype=np.uint16)
    data[0, 40:60] = 0
    grid = Grid(CRS.from_epsg(32633), from_origin(499_030, 5_200_970, 100, 100), (120, 120))
    for nodata in (0, None):
        path = make_raster(data, transform=None, nodata=nodata, gcps=points, name=f"{nodata}.tif")
        found = read(path, grid, resampling="bilinear")
        assert (found[1].compressed() == 50).all()
        assert abs(int(found[1].count()) - 10_000) < 450
        if nodata == 0:
            assert (found[0].compressed() == 50).all()
            assert abs(int(found[0].count()) - 8_000) < 450
        else:
            np.testing.assert_array_equal(*np.ma.getmaskarray(found))
            assert found[0].min() == 0


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64", "float32", "complex64"])
@pytest.mark.parametrize("resampling", ["bilinear", "average"])
def test_masks_of_any_dtype(make_raster: MakeRaster, dtype: str, resampling: str) -> None:
    hidden = np.zeros((200, 220), dtype=bool)
    hidden[50:120, 60:140] = True
    data = np.where(hidden, 9, 50)[None].astype(dtype)
    found = read(make_raster(data, mask=hidden), TILE, resampling=resampling)
    marked = make_raster(np.where(hidden, 0, data), nodata=0, name="nodata.tif")
    expected = read(marked, TILE, resampling=resampling)
    assert (found.mask != expected.mask).sum() < 50
    assert (found.compressed() == 50).all()
    assert found.mask.any()


def test_complex_numbers(make_raster: MakeRaster) -> None:
    data = (np.arange(200 * 220).reshape(1, 200, 220) * (1 - 2j)).astype(np.complex64)
    path = make_raster(data)
    found = read(path, inspect(path).grid)
    np.testing.assert_array_equal(found.data, data)
    assert not found.mask.any()
    shifted = Grid(inspect(path).crs, UTM_TRANSFORM @ Affine.translation(0.5, 0.5), (100, 100))
    between = read(path, shifted, resampling="bilinear")
    expected = (data[0, :100, :100] + data[0, 1:101, 1:101]) / 2
    np.testing.assert_allclose(between.data[0], expected, rtol=1e-5)
