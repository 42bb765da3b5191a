"""Nodata values, the byte-bounded cache, coordinates."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform as transform_points

from automap_tiles.grid import Grid
from automap_tiles.raster._coordinates import TOLERANCE, PixelTransformer
from automap_tiles.raster.lru import ByteLRU
from automap_tiles.raster.nodata import as_value, equals, fill_value


@pytest.mark.parametrize(
    ("nodata", "dtype", "expected"),
    [
        (0, "uint8", 0),
        (255.0, "uint8", 255),
        (256, "uint8", None),
        (-1, "uint16", None),
        (1.5, "int16", None),
        (math.nan, "int16", None),
        (math.inf, "int32", None),
        (2**63 - 1, "int64", 2**63 - 1),
        (2**64 - 1, "uint64", 2**64 - 1),
        (-3.4028234663852886e38, "float32", np.float32(-3.4028234663852886e38)),
        (-1.7976931348623157e308, "float32", None),
        (0.1, "float32", np.float32(0.1)),
        (None, "uint8", None),
    ],
)
def test_nodata_as_value(nodata: float | None, dtype: str, expected: float | None) -> None:
    found = as_value(nodata, np.dtype(dtype))
    assert found == expected
    assert found is None or found.dtype == dtype
    assert fill_value(nodata, np.dtype(dtype)) == (0 if expected is None else expected)


def test_nan_equals_nan() -> None:
    data = np.array([1, np.nan, 0], dtype=np.float32)
    assert np.isnan(fill_value(math.nan, data.dtype))
    np.testing.assert_array_equal(equals(data, math.nan), [False, True, False])
    np.testing.assert_array_equal(equals(data, 0), [False, False, True])
    assert equals(np.zeros(3, dtype=np.uint8), -1) is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60), st.booleans()), max_size=60),
)
def test_lru_is_bounded_and_forgets_the_oldest(steps: list[tuple[int, int, bool]]) -> None:
    cache: ByteLRU[int] = ByteLRU(100)
    model: OrderedDict[int, int] = OrderedDict()
    for key, size, is_put in steps:
        if is_put:
            cache.put(key, size, size)
            model.pop(key, None)
            model[key] = size
            while sum(model.values()) > 100:
                model.popitem(last=False)
        else:
            assert cache.get(key) == model.get(key)
            if key in model:
                model.move_to_end(key)
        assert cache.size == sum(model.values())
        assert len(cache) == len(model)


def test_lru_refuses_what_is_too_large() -> None:
    cache: ByteLRU[str] = ByteLRU(10)
    cache.put("a", "small", 5)
    cache.put("a", "large", 11)
    assert cache.get("a") is None
    assert cache.size == 0


UTM = CRS.from_epsg(32633)
WGS84 = CRS.from_epsg(4326)


@pytest.mark.parametrize("width", [1, 5, 6, 7, 11, 256, 1000])
@pytest.mark.parametrize("degrees", [0.0001, 0.01, 0.2])
def test_rows_are_within_the_tolerance_of_exact(width: int, degrees: float) -> None:
    step = degrees if width * degrees < 25 else 25 / width
    target = Grid(WGS84, from_origin(3, 50, step, step), (20, width))
    source = Grid(UTM, from_origin(0, 6_000_000, 10, 10), (10_000, 10_000))
    transformer = PixelTransformer(target, source)
    x, y = transformer.along_rows(slice(3, 17))
    cols, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(3, 17) + 0.5)
    exact_x, exact_y = transformer.exact(cols, rows)
    # Checked at the middle of each run only, so that elsewhere the error may be a bit larger.
    assert np.abs(x - exact_x).max() + np.abs(y - exact_y).max() < 3 * TOLERANCE
    if width <= 5:
        np.testing.assert_array_equal(x, exact_x)
        np.testing.assert_array_equal(y, exact_y)


def test_exact_is_the_chain_of_transforms() -> None:
    target = Grid(WGS84, from_origin(14, 47, 0.01, 0.02), (10, 10))
    source = Grid(UTM, Affine.translation(4e5, 5.3e6) @ Affine.rotation(30), (9, 9))
    x, y = PixelTransformer(target, source).exact(np.array([2.5]), np.array([7.5]))
    lon, lat = target.transform @ (2.5, 7.5)
    (east,), (north,) = transform_points(WGS84, UTM, [lon], [lat])
    expected = ~source.transform @ (east, north)
    np.testing.assert_allclose([x[0], y[0]], expected, rtol=1e-9)


def test_points_outside_the_projection_are_not_finite() -> None:
    target = Grid(WGS84, from_origin(-180, 90, 10, 10), (18, 36))
    source = Grid(UTM, from_origin(0, 6_000_000, 100, 100), (100, 100))
    x, y = PixelTransformer(target, source).along_rows(slice(0, 18))
    assert np.isfinite(x[4, 19])
    assert np.isfinite(y[4, 19])
    assert not np.isfinite(x[9, 10])


def test_decimation() -> None:
    source = Grid(UTM, from_origin(0, 6_000_000, 10, 10), (1000, 1000))
    for pixel in (5.0, 10.0, 80.0):
        target = Grid(UTM, from_origin(500, 5_999_000, pixel, pixel * 2), (40, 50))
        found = PixelTransformer(target, source).decimation()
        assert found == pytest.approx(pixel / 10)
    nowhere = Grid(WGS84, from_origin(-75, 0.5, 0.001, 0.001), (10, 10))
    assert PixelTransformer(nowhere, source).decimation() == 1.0
