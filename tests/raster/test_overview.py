"""Overviews equal GDAL's warper, which mapchete uses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.enums import Resampling

from automap_tiles.errors import InputError
from automap_tiles.grid import Pyramid
from automap_tiles.raster import overview

EXACT = ["nearest", "average", "min", "max", "mode"]
THROUGH_GDAL = ["bilinear", "cubic", "cubic_spline", "lanczos", "med", "q1", "q3", "sum", "rms"]
PYRAMID = Pyramid.from_grid("geodetic", tile_size=64)
PARENT = PYRAMID.tile(9, 100, 300)


def reference(
    data: np.ma.MaskedArray, transform: Affine, tile: Any, kind: str, nodata: float
) -> np.ma.MaskedArray:
    """mapchete's way: the array reprojected onto the tile, here band by band.

    All bands at once, GDAL takes a pixel for valid as soon as one band is, and averages the
    nodata values of the others.
    """
    array = pytest.importorskip("mapchete.io.raster.array")
    bands = [
        array.resample_from_array(
            band[None].filled(nodata),
            transform,
            tile,
            resampling=Resampling[kind],
            nodata=nodata,
        )
        for band in data
    ]
    return np.ma.MaskedArray(
        np.concatenate([band.data for band in bands]), np.concatenate([band.mask for band in bands])
    )


def mosaic(rng: np.random.Generator, dtype: str, nodata: float, size: int) -> np.ma.MaskedArray:
    low = 0 if dtype.startswith("u") else -100
    values: Any = rng.integers(low, 150, (2, size, size))
    # GDAL's mode of 16-bit integers takes -1 for "nothing found".
    values[values == -1] = -2
    data = np.ma.MaskedArray(values.astype(dtype), rng.random(values.shape) < 0.4)
    data[:, : size // 4] = np.ma.masked
    data.mask |= data.data == nodata
    data.data[data.mask] = nodata
    data.set_fill_value(nodata)
    return data


CASES = [
    ("uint8", 0),
    ("uint8", 255),
    ("int16", 0),
    ("int16", -9999),
    ("uint16", 0),
    ("int32", 0),
    ("float32", -9999),
]


@pytest.mark.parametrize("resampling", EXACT + THROUGH_GDAL)
@pytest.mark.parametrize(("dtype", "nodata"), CASES)
def test_shrink(rng: np.random.Generator, dtype: str, nodata: float, resampling: str) -> None:
    data = mosaic(rng, dtype, nodata, 128)
    first = PARENT.children()[0]
    expected = reference(data, first.transform, PARENT, resampling, nodata)
    found = overview.shrink(data, (64, 64), resampling=resampling, nodata=nodata, unit_size=64)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.mask, expected.mask)
    assert (found.data[found.mask] == nodata).all()
    difference = np.abs(found.data.astype(np.float64) - expected.data)
    if resampling == "average":
        # GDAL's pixel corners are off by 1e-10 pixels, which turns halves up or down; from there
        # one more step where the result would be nodata.
        assert (difference > 0).mean() < 0.01
        assert difference.max() <= (2 if nodata == 0 else 1)
    else:
        assert difference.max() == 0


@pytest.mark.parametrize("resampling", EXACT + THROUGH_GDAL)
@pytest.mark.parametrize(("dtype", "nodata"), CASES)
def test_enlarge(rng: np.random.Generator, dtype: str, nodata: float, resampling: str) -> None:
    # GDAL looks for the mode of 16 bits in a table of all numbers, pixel by pixel
    size = 32 if resampling == "mode" else 64
    parent = Pyramid.from_grid("geodetic", tile_size=size).tile(*PARENT.index)
    data = mosaic(rng, dtype, nodata, size)
    for child in parent.children():
        quadrant = child.row - 2 * parent.row, child.col - 2 * parent.col
        expected = reference(data, parent.transform, child, resampling, nodata)
        found = overview.enlarge(
            data,
            (size, size),
            quadrant=quadrant,
            resampling=resampling,
            nodata=nodata,
            unit_size=size,
        )
        np.testing.assert_array_equal(found.mask, expected.mask)
        np.testing.assert_array_equal(found.data, expected.data)


@given(
    hnp.arrays(np.int16, (1, 4, 6), elements=st.integers(-3, 3)),
    hnp.arrays(bool, (1, 4, 6)),
    st.sampled_from(EXACT),
    st.sampled_from([None, 0, 99]),
)
@settings(max_examples=300)
def test_shrink_by_hand(
    values: np.ndarray, mask: np.ndarray, resampling: str, nodata: int | None
) -> None:
    found = overview.shrink(
        np.ma.MaskedArray(values, mask), (2, 3), resampling=resampling, nodata=nodata
    )
    invalid = mask if nodata is None else mask | (values == nodata)
    for row in range(2):
        for col in range(3):
            window = np.s_[0, 2 * row : 2 * row + 2, 2 * col : 2 * col + 2]
            valid = values[window][~invalid[window]].tolist()
            expected = by_hand(values[window], invalid[window], valid, resampling)
            assert bool(np.ma.getmaskarray(found)[0, row, col]) == (expected is None)
            if expected is None:
                expected = nodata or 0
            elif expected == nodata:
                expected -= 1
            assert found.data[0, row, col] == expected


def by_hand(
    values: np.ndarray, invalid: np.ndarray, valid: list[int], resampling: str
) -> int | None:
    if resampling == "nearest":
        return None if invalid[1, 1] else int(values[1, 1])
    if not valid:
        return None
    if resampling == "average":
        return int(np.floor(np.mean(valid) + 0.5))
    if resampling == "mode":
        counts = [valid[: number + 1].count(value) for number, value in enumerate(valid)]
        return valid[int(np.argmax(counts))]
    return min(valid) if resampling == "min" else max(valid)


@pytest.mark.parametrize("dtype", ["uint8", "uint64", "int64", "float32", "float64"])
def test_extreme_values(dtype: str) -> None:
    limits: Any = np.finfo(dtype) if dtype.startswith("f") else np.iinfo(dtype)
    for value in (limits.min, limits.max):
        data = np.ma.MaskedArray(np.full((1, 4, 4), value, dtype=dtype), mask=False)
        data[0, 0, 0] = np.ma.masked
        for resampling in ("nearest", "min", "max", "mode"):
            found = overview.shrink(data, (2, 2), resampling=resampling, nodata=None)
            assert (found.data == value).all()
            assert not found.mask.any()


@pytest.mark.parametrize("resampling", [*EXACT, "bilinear", "med"])
def test_nan_is_no_data(resampling: str) -> None:
    data = np.ma.MaskedArray(np.full((1, 8, 8), 2, dtype=np.float32), mask=False)
    data[0, :4] = np.nan
    for nodata in (np.nan, -1.0):
        found = overview.shrink(data, (4, 4), resampling=resampling, nodata=nodata)
        assert np.ma.getmaskarray(found)[0, :2].all()
        assert (found.data[0, 2:] == 2).all()


@pytest.mark.parametrize("resampling", ["bilinear", "cubic"])
def test_without_a_nodata_value(rng: np.random.Generator, resampling: str) -> None:
    values = rng.integers(1, 255, (1, 128, 128), dtype=np.uint8)
    data = np.ma.MaskedArray(values, rng.random(values.shape) < 0.3)
    found = overview.shrink(data, (64, 64), resampling=resampling, nodata=None)
    filled = np.ma.MaskedArray(np.where(data.mask, 0, values), data.mask)
    expected = overview.shrink(filled, (64, 64), resampling=resampling, nodata=0)
    np.testing.assert_array_equal(found.mask, expected.mask)
    assert np.abs(found.data.astype(int) - expected.data).max() <= 1


@pytest.mark.parametrize("resampling", ["nearest", "average", "bilinear", "lanczos", "med"])
def test_metatiling_does_not_matter(rng: np.random.Generator, resampling: str) -> None:
    data = mosaic(rng, "int16", -9999, 4 * 32)
    whole = overview.shrink(data, (64, 64), resampling=resampling, nodata=-9999, unit_size=32)
    for row in (0, 1):
        for col in (0, 1):
            quarter = data[:, row * 64 : row * 64 + 64, col * 64 : col * 64 + 64]
            alone = overview.shrink(
                quarter, (32, 32), resampling=resampling, nodata=-9999, unit_size=32
            )
            part = whole[:, row * 32 : row * 32 + 32, col * 32 : col * 32 + 32]
            np.testing.assert_array_equal(part.data, alone.data)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "cubic"])
def test_metatiling_does_not_matter_upwards(rng: np.random.Generator, resampling: str) -> None:
    data = mosaic(rng, "int16", -9999, 64)
    options: dict[str, Any] = {"resampling": resampling, "nodata": -9999, "unit_size": 32}
    for row in (0, 1):
        for col in (0, 1):
            whole = overview.enlarge(data, (64, 64), quadrant=(row, col), **options)
            unit = data[:, row * 32 : row * 32 + 32, col * 32 : col * 32 + 32]
            for y in (0, 1):
                for x in (0, 1):
                    alone = overview.enlarge(unit, (32, 32), quadrant=(y, x), **options)
                    part = whole[:, y * 32 : y * 32 + 32, x * 32 : x * 32 + 32]
                    np.testing.assert_array_equal(part.data, alone.data)


@pytest.mark.parametrize("resampling", ["nearest", "average", "bilinear"])
def test_metatiles_cut_at_the_pyramid(rng: np.random.Generator, resampling: str) -> None:
    # Zoom 0 with metatiling 8 is one row of two tiles; its only child is four times as large.
    pyramid = Pyramid.from_grid("geodetic", tile_size=16, metatiling=8)
    parent = pyramid.tile(0, 0, 0)
    (child,) = parent.children()
    data = np.ma.MaskedArray(rng.integers(1, 99, (1, *child.shape), dtype=np.uint8), mask=False)
    found = overview.shrink(data, parent.shape, resampling=resampling, nodata=0, unit_size=16)
    assert found.shape == (1, 16, 32)
    back = overview.enlarge(
        found, child.shape, quadrant=(0, 0), resampling=resampling, nodata=0, unit_size=16
    )
    assert back.shape == data.shape
    assert not back.mask.any()


def test_second_child_of_a_cut_metatile() -> None:
    # A parent 24 pixels wide has a child of 32 and, at its end, one of 16 pixels.
    parent = np.ma.MaskedArray(np.arange(24, dtype=np.uint8).reshape(1, 1, 24) + 1, mask=False)
    found = overview.enlarge(
        parent, (2, 16), quadrant=(0, 1), resampling="nearest", nodata=0, unit_size=8
    )
    np.testing.assert_array_equal(found.data[0, 0], np.arange(16, 24).repeat(2) + 1)


def test_wrong_shapes_and_names() -> None:
    data = np.ma.zeros((1, 8, 8), dtype=np.uint8)
    with pytest.raises(ValueError, match="does not shrink"):
        overview.shrink(data, (4, 5), resampling="average", nodata=0)
    with pytest.raises(ValueError, match="no quadrant 2"):
        overview.enlarge(data, (8, 8), quadrant=(2, 0), resampling="nearest", nodata=0)
    with pytest.raises(InputError, match="unknown resampling 'mean'"):
        overview.shrink(data, (4, 4), resampling="mean", nodata=0)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_values_that_meet_nodata(dtype: str) -> None:
    """They stay valid, moved by the least that there is, as those of other types are."""
    values = np.tile(np.array([1 + 2j, -1 - 2j], dtype), (1, 4, 2))
    values[0, :2, 2:] = 3 + 4j
    values[0, 2:, 2:] = 0
    found = overview.shrink(
        np.ma.MaskedArray(values, values == 0), (2, 2), resampling="average", nodata=0
    )
    assert found.dtype == dtype
    assert found.mask.tolist() == [[[False, False], [False, True]]]
    assert 0 < np.abs(found.data[0, 0, 0]) < 1e-30
    assert found.data[0, 0, 1] == 3 + 4j
