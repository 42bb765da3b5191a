"""Reading on a grid: windows, nodata, masks, errors."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid, Pyramid
from automap_tiles.notes import collecting
from automap_tiles.raster import Georeferencing, inspect, read, read_into
from tests.raster.conftest import UTM, UTM_TRANSFORM, MakeRaster
from tests.raster.test_parity import gcp_raster

CRS_UTM = CRS.from_string(UTM)


def utm_grid(row: int, col: int, shape: tuple[int, int], pixel: float = 100) -> Grid:
    """A grid whose corner is so many 100 m pixels below and right of the source's."""
    return Grid(
        CRS_UTM, from_origin(500_000 + 100 * col, 5_200_000 - 100 * row, pixel, pixel), shape
    )


@pytest.fixture
def noise(rng: np.random.Generator) -> NDArray[np.uint16]:
    return rng.integers(1, 1000, (3, 90, 120), dtype=np.uint16)


# -- aligned grids --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "resampling", ["nearest", "bilinear", "cubic_spline", "lanczos", "average", "mode", "q1"]
)
def test_aligned_read_is_a_window(
    make_raster: MakeRaster, noise: NDArray[np.uint16], resampling: str
) -> None:
    path = make_raster(noise, nodata=0)
    found = read(path, utm_grid(20, 30, (40, 50)), resampling=resampling)
    np.testing.assert_array_equal(found.data, noise[:, 20:60, 30:80])
    assert not found.mask.any()


@pytest.mark.parametrize(("row", "col"), [(-10, -20), (80, 100), (-30, 50), (0, -50)])
def test_aligned_read_over_the_edge(
    make_raster: MakeRaster, noise: NDArray[np.uint16], row: int, col: int
) -> None:
    path = make_raster(noise, nodata=7)
    noise = noise.copy()
    found = read(path, utm_grid(row, col, (60, 70)))
    padded = np.pad(noise, ((0, 0), (200, 200), (200, 200)), constant_values=7)
    expected = padded[:, 200 + row : 260 + row, 200 + col : 270 + col]
    np.testing.assert_array_equal(found.data, expected)
    np.testing.assert_array_equal(found.mask, expected == 7)


@pytest.mark.parametrize(("row", "col"), [(10, 20), (-10, -20), (80, 100), (-30, 50), (500, 0)])
@pytest.mark.parametrize(("dtype", "nodata"), [("u2", 7), ("i2", None), ("f4", None), ("f4", -1)])
def test_read_into_is_read(
    make_raster: MakeRaster,
    noise: NDArray[np.uint16],
    row: int,
    col: int,
    dtype: str,
    nodata: float | None,
) -> None:
    data = noise.astype(dtype)
    if dtype == "f4":
        data[:, 30:40] = np.nan if nodata is None else nodata
    path = make_raster(data, nodata=nodata)
    grid = utm_grid(row, col, (60, 70))
    wanted = read(path, grid, indexes=[3, 1])
    whole = np.full((4, 60, 90), 1, dtype=np.int16 if dtype == "u2" else dtype)
    found = read_into(path, grid, whole[1:3, :, 10:80], indexes=[3, 1])
    assert found is not None
    pixels, missing = found
    np.testing.assert_array_equal(missing, wanted.mask.any(axis=0))
    np.testing.assert_array_equal(pixels[:, ~missing], wanted.data[:, ~missing])
    np.testing.assert_array_equal(whole[1:3, :, 10:80].view(dtype), pixels)
    assert (whole[[0, 3]] == 1).all()
    assert (whole[:, :, :10] == 1).all()
    assert (whole[:, :, 80:] == 1).all()


def test_read_into_only_what_needs_no_change(
    make_raster: MakeRaster, noise: NDArray[np.uint16]
) -> None:
    path = make_raster(noise, nodata=0)
    masked = make_raster(noise, name="mask.tif", mask=noise[0] > 500)
    out = np.full((1, 20, 20), 9, dtype=np.uint16)
    finer = utm_grid(0, 0, (20, 20), pixel=50)
    assert read_into(path, finer, out, indexes=[1]) is None
    assert read_into(masked, utm_grid(0, 0, (20, 20)), out, indexes=[1]) is None
    wide = out.astype(np.float32)
    assert read_into(path, utm_grid(0, 0, (20, 20)), wide, indexes=[1]) is None
    assert (out == 9).all()
    assert (wide == 9).all()


def test_aligned_read_does_not_warp(
    make_raster: MakeRaster, noise: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_raster(noise, nodata=0)

    def refuse(*_: object) -> None:
        raise AssertionError("no warp is needed here")

    # The function `read` hides the module of that name.
    module = sys.modules["automap_tiles.raster._read"]
    monkeypatch.setattr(module, "_fill_nearest", refuse)
    monkeypatch.setattr(module, "_fill_warped", refuse)
    for resampling in ("nearest", "bilinear"):
        read(path, utm_grid(1, 1, (10, 10)), resampling=resampling)
        with pytest.raises(AssertionError):
            read(path, utm_grid(1, 1, (10, 10), pixel=100.1), resampling=resampling)


def test_a_fraction_of_a_pixel_is_not_aligned(
    make_raster: MakeRaster, rng: np.random.Generator
) -> None:
    path = make_raster(rng.random((1, 90, 90)).astype(np.float32), nodata=-1)
    grid = Grid(CRS_UTM, UTM_TRANSFORM @ Affine.translation(10.5, 10), (60, 60))
    with rasterio.open(path) as dataset:
        pixels = dataset.read(1)
    found = read(path, grid, resampling="bilinear")
    expected = (pixels[10:70, 10:70] + pixels[10:70, 11:71]) / 2
    np.testing.assert_allclose(found.data[0], expected, rtol=1e-5)


def test_tile_of_the_same_grid_over_the_antimeridian(
    make_raster: MakeRaster, rng: np.random.Generator
) -> None:
    pyramid = Pyramid.from_grid("geodetic", tile_size=16, pixelbuffer=3)
    world = rng.integers(1, 255, (1, 32, 64), dtype=np.uint8)
    x_size, y_size = pyramid.pixel_size(1)
    path = make_raster(world, crs="EPSG:4326", transform=from_origin(-180, 90, x_size, y_size))
    found = read(path, pyramid.tile(1, 1, 0))
    expected = np.roll(world, 3, axis=2)[:, 13:32, :22]
    np.testing.assert_array_equal(found.data, expected)
    assert not found.mask.any()


def test_longitudes_beyond_180_are_turned(
    make_raster: MakeRaster, rng: np.random.Generator
) -> None:
    world = rng.integers(1, 255, (1, 45, 90), dtype=np.uint8)
    path = make_raster(world, crs="EPSG:4326", transform=from_origin(0, 90, 4, 4), nodata=0)
    grid = Grid(CRS.from_epsg(4326), from_origin(-180, 90, 4, 4), (45, 90))
    np.testing.assert_array_equal(read(path, grid).data, np.roll(world, 45, axis=2))


# -- bands, nodata, masks -------------------------------------------------------------------------


def test_indexes(make_raster: MakeRaster, noise: NDArray[np.uint16]) -> None:
    path = make_raster(noise, nodata=0)
    grid = utm_grid(0, 0, (90, 120))
    np.testing.assert_array_equal(read(path, grid, indexes=[3, 1]).data, noise[[2, 0]])
    tile = Pyramid.from_grid("geodetic").tile(10, 244, 1109)
    for resampling in ("nearest", "bilinear"):
        every = read(path, tile, resampling=resampling)
        some = read(path, tile, indexes=(2,), resampling=resampling)
        np.testing.assert_array_equal(some.data, every.data[1:2])
        assert some.shape == (1, 256, 256)


@pytest.mark.parametrize("band", [0, 4, -1])
def test_missing_band(make_raster: MakeRaster, noise: NDArray[np.uint16], band: int) -> None:
    path = make_raster(noise)
    with pytest.raises(InputError, match=rf"has bands 1 to 3, not {band}"):
        read(path, utm_grid(0, 0, (5, 5)), indexes=[band])


TILE = Pyramid.from_grid("geodetic").tile(11, 490, 2219)


@pytest.mark.parametrize("resampling", ["nearest", "average"])
@pytest.mark.parametrize("target", [utm_grid(-3, 2, (70, 60)), TILE], ids=["aligned", "tile"])
@pytest.mark.parametrize("nodata", [math.nan, -9999.0, None])
def test_float_nodata(
    make_raster: MakeRaster,
    rng: np.random.Generator,
    nodata: float | None,
    target: Grid,
    resampling: str,
) -> None:
    data = rng.random((2, 90, 120)).astype(np.float32)
    hole = np.s_[:, 10:60, 20:90]
    # Without a nodata value, NaN is no data.
    data[hole] = math.nan if nodata is None else nodata
    found = read(make_raster(data, nodata=nodata), target, resampling=resampling)
    fill = 0 if nodata is None else nodata
    np.testing.assert_array_equal(found.data[found.mask], np.float32(fill))
    assert np.isfinite(found.data[~found.mask]).all()
    assert (found.data[~found.mask] > 0).all()
    assert 0.05 < found.mask.mean() < 1


@pytest.mark.parametrize("resampling", ["nearest", "average"])
def test_nodata_of_the_caller(make_raster: MakeRaster, resampling: str) -> None:
    data = np.full((1, 90, 120), 3, dtype=np.uint8)
    data[0, :45] = 9
    path = make_raster(data)
    for target in (utm_grid(0, 0, (90, 120)), TILE):
        found = read(path, target, nodata=9, resampling=resampling)
        assert (found.data[found.mask] == 9).all()
        assert (found.data[~found.mask] == 3).all()
        assert found.mask.any()
        assert not found.mask.all()


def test_nodata_that_the_dtype_cannot_hold(make_raster: MakeRaster) -> None:
    path = make_raster(np.full((1, 90, 120), 3, dtype=np.uint8))
    for resampling in ("nearest", "bilinear"):
        found = read(path, TILE, nodata=-9999, resampling=resampling)
        assert set(np.unique(found.data[found.mask])) <= {0}
        assert (found.data[~found.mask] == 3).all()


@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
@pytest.mark.parametrize("kind", ["mask", "alpha"])
@pytest.mark.parametrize("target", [utm_grid(-2, 0, (90, 120)), TILE], ids=["aligned", "tile"])
def test_mask_and_alpha_bands(
    make_raster: MakeRaster, kind: str, target: Grid, resampling: str
) -> None:
    data = np.full((3, 90, 120), 50, dtype=np.uint8)
    invalid = np.zeros((90, 120), dtype=bool)
    invalid[20:70, 30:80] = True
    if kind == "mask":
        path = make_raster(data, mask=invalid)
    else:
        alpha = np.where(invalid, 0, 255).astype(np.uint8)[None]
        path = make_raster(np.concatenate([data, alpha]), photometric="RGB", alpha="YES")
    found = read(path, target, indexes=[1, 2, 3], resampling=resampling)
    reference = read(
        make_raster(np.where(invalid, 0, data), name="nodata.tif", nodata=0),
        target,
        resampling=resampling,
    )
    np.testing.assert_array_equal(found.mask, reference.mask)
    np.testing.assert_array_equal(found.data, reference.data)
    assert reference.mask.any()
    assert not reference.mask.all()


def test_outside_everything_is_masked(make_raster: MakeRaster, noise: NDArray[np.uint16]) -> None:
    path = make_raster(noise)
    far = Pyramid.from_grid("geodetic").tile(5, 3, 3)
    for resampling in ("nearest", "cubic"):
        found = read(path, far, resampling=resampling)
        assert found.mask.all()
        assert not found.data.any()


# -- decimation -----------------------------------------------------------------------------------


def test_decimated_reads_use_overviews(make_raster: MakeRaster, rng: np.random.Generator) -> None:
    # Odd sizes: overviews are rounded up.
    data = rng.integers(100, 200, (1, 1001, 1003), dtype=np.uint8)
    path = make_raster(data, nodata=0, overviews=(2, 4, 8, 16))
    assert inspect(path).overviews == (2, 4, 8, 16)
    with rasterio.open(path, OVERVIEW_LEVEL=2) as overview:
        eighth = overview.read()
    # The overviews are averages: nearest neighbours of the noise itself would spread wider.
    grid = utm_grid(0, 0, (60, 60), pixel=1200)
    assert read(path, grid).std() < 8 < data.std()
    np.testing.assert_allclose(
        read(path, utm_grid(0, 0, (125, 125), pixel=802.4)).data[0, 3:-3, 3:-3].mean(),
        eighth.mean(),
        atol=1,
    )
    # A little decimation picks the source's own pixels.
    assert read(path, utm_grid(0, 0, (200, 200), pixel=300)).std() > 20


def test_overviews_lie_where_the_source_lies(make_raster: MakeRaster) -> None:
    ramp = np.broadcast_to(np.arange(1601, dtype=np.float32), (1, 1603, 1601)).copy()
    plain = make_raster(ramp, name="plain.tif", nodata=-1)
    path = make_raster(ramp, nodata=-1, overviews=(2, 4, 8))
    for pixel in (850.0, 1600.0):
        grid = utm_grid(16, 16, (60, 60), pixel=pixel)
        for resampling in ("nearest", "bilinear", "average"):
            difference = read(path, grid, resampling=resampling) - read(
                plain, grid, resampling=resampling
            )
            # Up to half a pixel of the overview.
            assert abs(difference).max() <= 5
            assert resampling == "nearest" or abs(difference.mean()) < 0.5


def test_memory_of_a_coarse_read(make_raster: MakeRaster, rng: np.random.Generator) -> None:
    from automap_tiles.raster._gather import WINDOW_PIXELS, plan

    path = make_raster(rng.integers(1, 9, (1, 3500, 3500), dtype=np.uint8), nodata=0, tiled=True)
    tile = Pyramid.from_grid("geodetic").tile(6, 15, 69)
    pieces = plan([inspect(path).grid], tile, lambda _: None)
    windows = [piece.window for piece in pieces if piece.window is not None]
    assert len(windows) > 1
    assert max(window.width * window.height for window in windows) <= WINDOW_PIXELS
    assert (~read(path, tile).mask).sum() > 1000


# -- what is no raster ----------------------------------------------------------------------------


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.tif: no such file"):
        read(tmp_path / "nowhere.tif", TILE)


def test_no_raster(tmp_path: Path) -> None:
    path = tmp_path / "text.tif"
    path.write_text("this is not a raster")
    with pytest.raises(InputError, match="cannot be opened as a raster"):
        read(path, TILE)


def test_truncated_file(make_raster: MakeRaster, rng: np.random.Generator) -> None:
    path = make_raster(rng.integers(1, 9, (1, 400, 400), dtype=np.uint16), nodata=0)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    for resampling in ("nearest", "bilinear"):
        with pytest.raises(InputError, match=r"source\.tif: cannot be read"):
            read(path, utm_grid(200, 0, (200, 200), pixel=101), resampling=resampling)


def test_no_crs(make_raster: MakeRaster, noise: NDArray[np.uint16]) -> None:
    path = make_raster(noise, crs=None)
    with pytest.raises(InputError, match="has no coordinate reference system"):
        read(path, TILE)


def test_unknown_resampling(make_raster: MakeRaster, noise: NDArray[np.uint16]) -> None:
    path = make_raster(noise)
    with pytest.raises(InputError, match=r"unknown resampling 'nearst'; known are nearest, bil"):
        read(path, TILE, resampling="nearst")


# -- inspect --------------------------------------------------------------------------------------


def test_inspect(make_raster: MakeRaster, noise: NDArray[np.uint16]) -> None:
    path = make_raster(noise, nodata=7)
    with rasterio.open(path, "r+") as dataset:
        dataset.descriptions = ("red", None, "blue")
    info = inspect(path)
    assert info.path == str(path)
    assert (info.count, info.dtype, info.nodata, info.driver) == (3, "uint16", 7, "GTiff")
    assert info.shape == (90, 120)
    assert info.bounds == (500_000, 5_191_000, 512_000, 5_200_000)
    assert info.descriptions == ("red", None, "blue")
    assert info.crs == CRS_UTM
    assert not info.has_mask
    assert info.georeferencing is Georeferencing.TRANSFORM


def test_control_points(make_raster: MakeRaster) -> None:
    path = gcp_raster(make_raster, np.full((2, 300, 300), 5, dtype=np.uint8), nodata=None)
    info = inspect(path)
    assert info.georeferencing is Georeferencing.GCPS
    assert info.crs == CRS_UTM
    found = read(path, Pyramid.from_grid("geodetic").tile(10, 244, 1109))
    assert (found.data[~found.mask] == 5).all()
    assert (found.data[found.mask] == 0).all()
    assert 0.1 < found.mask.mean() < 0.95


def test_rational_polynomials(make_raster: MakeRaster, tmp_path: Path) -> None:
    from rasterio.rpc import RPC

    def coefficient(number: int, value: float = 1.0) -> list[float]:
        return [value if position == number else 0.0 for position in range(20)]

    rpc = RPC(
        height_off=0, height_scale=100, lat_off=46.85, lat_scale=0.1, long_off=15.15,
        long_scale=0.1, line_off=150, line_scale=150, samp_off=150, samp_scale=150,
        line_num_coeff=coefficient(2, -1.0), line_den_coeff=coefficient(0),
        samp_num_coeff=coefficient(1), samp_den_coeff=coefficient(0), err_bias=0, err_rand=0,
    )  # fmt: skip
    rows = np.broadcast_to(np.arange(300, dtype=np.float32)[:, None], (1, 300, 300)).copy()
    path = make_raster(rows, crs=None, transform=None, rpcs=rpc)
    info = inspect(path)
    assert info.georeferencing is Georeferencing.RPCS
    grid = Grid(CRS.from_epsg(4326), from_origin(15.1, 46.9, 0.01, 0.01), (10, 10))
    with collecting() as told:
        found = read(path, grid, resampling="bilinear")
    (note,) = told.grouped()
    assert "a height of 0 m" in note.reason
    assert note.count == 100
    # Latitude 46.95 is row 0 and 46.75 is row 300.
    expected = (46.95 - (46.9 - 0.01 * (np.arange(10) + 0.5))) * 1500 - 0.5
    np.testing.assert_allclose(found.data[0, :, 4], expected, atol=1.5)
    assert not found.mask.any()


# -- 64-bit numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [("int64", -(2**63)), ("int64", 2**53 + 3), ("uint64", 2**64 - 1), ("int64", -7)],
)
def test_large_nodata_is_the_number_that_it_is(
    make_raster: MakeRaster, tmp_path: Path, dtype: str, nodata: int
) -> None:
    """As GDAL knows it, though rasterio rounds it or does not tell it."""
    near = nodata + (1 if nodata < 0 else -1)
    data = np.full((90, 120), near, dtype)
    data[10:30, 5:60] = nodata
    made_of = make_raster(data[None])
    virtual = tmp_path / "said.vrt"
    virtual.write_text(
        f"""<VRTDataset rasterXSize="120" rasterYSize="90"><SRS>{UTM}</SRS>
        <GeoTransform>500000, 100, 0, 5200000, 0, -100</GeoTransform>
        <VRTRasterBand dataType="{dtype.title().replace("int", "Int")}" band="1">
        <NoDataValue>{nodata}</NoDataValue><SimpleSource><SourceFilename>{made_of}</SourceFilename>
        <SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"""
    )
    assert inspect(str(virtual)).nodatavals == (nodata,)
    found = read(virtual, utm_grid(0, 0, (90, 120)))
    np.testing.assert_array_equal(np.ma.getmaskarray(found)[0], data == nodata)
    np.testing.assert_array_equal(found.data[0], data)
    shifted = Grid(CRS_UTM, from_origin(500_030, 5_199_960, 90, 90), (50, 50))
    if abs(nodata) <= 2**53:
        assert read(virtual, shifted, resampling="bilinear").mask.any()
        return
    with pytest.raises(InputError, match=rf"nodata value {nodata}, .* nearest"):
        read(virtual, shifted, resampling="bilinear")
