from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from automap_tiles.analysis.terrain import contour_levels, contour_lines, hillshade


def _hills(seed: int, height: float = 2000, shape: tuple[int, int] = (60, 70)) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=shape)
    hills: np.ndarray = gaussian_filter(noise, 4) * height
    return hills


@given(
    seed=st.integers(0, 2**32),
    height=st.sampled_from([10.0, 1000.0, 50000.0]),
    azimuth=st.floats(0, 360),
    altitude=st.floats(1, 89),
    z=st.floats(0.1, 5),
    scale=st.sampled_from([1.0, 111120.0]),
    dtype=st.sampled_from(["f4", "f8", "i2"]),
)
def test_hillshade_is_that_of_mapchete(
    seed: int, height: float, azimuth: float, altitude: float, z: float, scale: float, dtype: str
) -> None:
    module = pytest.importorskip("mapchete.processes.hillshade")
    heights = np.clip(_hills(seed, height), -32000, 32000).astype(dtype)
    elevation = np.ma.MaskedArray(heights, mask=np.zeros(heights.shape, dtype=bool))
    options = {"azimuth": azimuth, "altitude": altitude, "z": z, "scale": scale}
    got = hillshade(elevation, (30, 25), **options)
    wanted = module.hillshade(elevation, Affine(30, 0, 0, 0, -25, 0), **options)
    assert got.dtype == np.uint8
    assert np.abs(got.data.astype(int) - wanted.data.astype(int)).max() <= 1
    assert (got.data != wanted.data).mean() < 0.01


def test_the_side_of_the_lamp_is_bright() -> None:
    y, x = np.mgrid[:41, :41] - 20.0
    cone = -np.hypot(x, y)
    north_west = hillshade(cone, (1, 1)).data.astype(int)
    assert north_west[10, 10] > north_west[30, 30] + 100
    compass_east = hillshade(cone, (1, 1), azimuth=270 - 90).data.astype(int)
    assert compass_east[20, 35] > compass_east[20, 5] + 100


def test_a_buffer_of_one_pixel_makes_tiles_fit() -> None:
    heights = _hills(5)
    whole = hillshade(heights, (30, 30)).data
    part = hillshade(heights[19:41, 29:51], (30, 30)).data
    np.testing.assert_array_equal(part[1:-1, 1:-1], whole[20:40, 30:50])


def test_a_hole_leaves_no_cliff() -> None:
    heights = np.ma.MaskedArray(np.full((20, 20), 500.0), mask=np.zeros((20, 20), dtype=bool))
    flat = hillshade(heights, (30, 30)).data[0, 0]
    heights[5:9, 5:9] = np.ma.masked
    heights.data[5:9, 5:9] = -9999
    shaded = hillshade(heights, (30, 30))
    assert (shaded[~shaded.mask] == flat).all()
    np.testing.assert_array_equal(shaded.mask, heights.mask)


def test_a_picture_of_few_pixels_is_flat() -> None:
    big = hillshade(np.zeros((5, 5)), (1, 1))
    np.testing.assert_array_equal(hillshade(np.zeros((2, 5)), (1, 1)).data, big.data[:2])


@given(
    lowest=st.integers(-40000, 40000).map(lambda eighths: eighths / 8),
    span=st.integers(0, 24000).map(lambda eighths: eighths / 8),
    interval=st.sampled_from([0.5, 10, 25, 100]),
    base=st.sampled_from([0, -7, 12.5, 8000]),
)
def test_levels_are_those_between_the_extremes(
    lowest: float, span: float, interval: float, base: float
) -> None:
    highest = lowest + span
    levels = contour_levels(lowest, highest, interval, base)
    assert all(lowest <= level <= highest for level in levels)
    assert all(((level - base) / interval).is_integer() for level in levels)
    assert np.allclose(np.diff(levels), interval)
    if levels:
        assert levels[0] - interval < lowest
        assert levels[-1] + interval > highest
    else:
        assert span < interval


def test_contours_are_those_of_scikit_image() -> None:
    measure = pytest.importorskip("skimage.measure")
    heights = _hills(3)
    lines = list(contour_lines(heights, interval=50))
    levels = sorted({line.level for line in lines})
    assert len(levels) > 5
    for level in levels:
        ours = [line.points for line in lines if line.level == level]
        # scikit-image gives (row, col) of pixel centres
        theirs = [points[:, ::-1] + 0.5 for points in measure.find_contours(heights, level + 50e-6)]
        got, wanted = np.concatenate(ours), np.concatenate(theirs)
        # the same points; at a saddle they may be joined to lines in either of two ways
        assert cKDTree(got).query(wanted)[0].max() < 1e-6
        assert cKDTree(wanted).query(got)[0].max() < 1e-6


def test_contours_keep_off_holes() -> None:
    heights = np.ma.MaskedArray(_hills(4), mask=np.zeros((60, 70), dtype=bool))
    heights[20:40, 20:40] = np.ma.masked
    heights.data[20:40, 20:40] = -9999
    lines = list(contour_lines(heights, interval=50))
    points = np.concatenate([line.points for line in lines]) - 0.5
    inside = (points > 19.01) & (points < 39.99)
    assert not inside.all(axis=1).any()
    assert min(line.level for line in lines) >= heights.min()


def test_nothing_to_draw() -> None:
    assert not list(contour_lines(np.full((10, 10), 100.0), interval=100))
    assert not list(contour_lines(np.ma.MaskedArray(np.zeros((10, 10)), mask=True)))
    assert not list(contour_lines(np.zeros((1, 10))))
    with pytest.raises(ValueError, match="interval"):
        list(contour_lines(_hills(1), interval=0))


def test_what_is_not_finite_is_no_height() -> None:
    """NaN without a mask is as good as masked: neither black nor a neighbour."""
    plain = np.add.outer(np.arange(12.0), np.arange(12.0)) * 5
    plain[4:6, 4:6] = np.nan
    masked = np.ma.masked_invalid(plain)
    got, want = hillshade(plain, (10, 10)), hillshade(masked, (10, 10))
    np.testing.assert_array_equal(got.mask, np.isnan(plain))
    np.testing.assert_array_equal(got.filled(0), want.filled(0))


@pytest.mark.parametrize("lowest", [-3.4e38, -1e9])
def test_undeclared_no_data_makes_no_endless_lines(lowest: float) -> None:
    """A list of all levels between it and the ground had no end."""
    heights = np.full((5, 6), 350.0)
    heights[2, 3] = lowest
    with pytest.raises(ValueError, match="no data that is not declared"):
        list(contour_lines(heights, interval=20))
