from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from automap_tiles.analysis.shapes import masks

Array = np.ndarray
SIZES = [(1.0, 1.0), (10.0, 10.0), (30.0, 20.0), (5.0, 60.0)]


def _blobs(shape: tuple[int, int], share: float, seed: int) -> Array:
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = ndimage.gaussian_filter(noise, 2)
    blobs: Array = smooth > np.quantile(smooth, 1 - share) if share else np.zeros(shape, dtype=bool)
    return blobs


def _disk(radius: float, pixel_size: tuple[float, float]) -> Array:
    height, width = (int(radius / size) + 1 for size in pixel_size)
    y, x = np.mgrid[-height : height + 1, -width : width + 1]
    disk: Array = (y * pixel_size[0]) ** 2 + (x * pixel_size[1]) ** 2 <= radius**2 + 1e-6
    return disk


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    share=st.sampled_from([0.0, 0.02, 0.3, 0.9]),
    pixels=st.sampled_from([0, 0.5, 1, 1.5, 2, 3, 5, 7.3, 30, 60]),
    pixel_size=st.sampled_from(SIZES),
    rows=st.sampled_from([1, 5, 10**6]),
    seed=st.integers(0, 2**32),
)
def test_dilation_is_that_of_scipy(
    shape: tuple[int, int],
    share: float,
    pixels: float,
    pixel_size: tuple[float, float],
    rows: int,
    seed: int,
) -> None:
    mask = _blobs(shape, share, seed)
    radius = pixels * pixel_size[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masks, "l2_bytes", lambda: rows * 4 * shape[1])
        got = masks.dilate(mask, radius, pixel_size)
    wanted = ndimage.binary_dilation(mask, structure=_disk(radius, pixel_size))
    np.testing.assert_array_equal(got, wanted)


@given(
    share=st.sampled_from([0.02, 0.3, 0.9]),
    radius=st.sampled_from([1.0, 2.0, 3.0, 4.5]),
    seed=st.integers(0, 2**32),
)
def test_opening_is_that_of_scipy(share: float, radius: float, seed: int) -> None:
    mask = _blobs((33, 47), share, seed)
    disk = _disk(radius, (1, 1))
    eroded = ndimage.binary_erosion(mask, structure=disk, border_value=1)
    np.testing.assert_array_equal(
        masks.open_disk(mask, radius), ndimage.binary_dilation(eroded, structure=disk)
    )


def test_cleaning_drops_specks_and_widens_clouds() -> None:
    mask = np.zeros((60, 60), dtype=bool)
    mask[5, 5] = True  # a bright roof
    mask[30:40, 30:40] = True
    got = masks.clean(mask, (10, 10), dilation=50)
    assert not got[:15].any()
    assert got[35, 25]
    assert not got[35, 24]
    np.testing.assert_array_equal(masks.clean(mask, (10, 10), opening=0), mask)
    assert masks.clean(mask, (10, 10), opening=0) is not mask


def test_shadows_lie_away_from_the_sun() -> None:
    cloud = np.zeros((101, 101), dtype=bool)
    cloud[50, 50] = True
    for azimuth, (down, right) in {0: (1, 0), 90: (0, -1), 180: (-1, 0), 270: (0, 1)}.items():
        got = masks.shadow(
            cloud, (10, 10), sun_azimuth=azimuth, sun_elevation=45, heights=(100, 300)
        )
        wanted = {(50 + down * step, 50 + right * step) for step in range(10, 31)}
        assert set(zip(*np.nonzero(got), strict=True)) == wanted


@settings(max_examples=30)
@given(
    azimuth=st.floats(0, 360),
    elevation=st.floats(10, 90),
    low=st.floats(0, 500),
    depth=st.floats(0, 1500),
    pixel_size=st.sampled_from([(10.0, 10.0), (30.0, 15.0)]),
    rows=st.sampled_from([1, 7, 10**6]),
    seed=st.integers(0, 2**32),
)
def test_a_shadow_is_swept_without_gaps(
    azimuth: float,
    elevation: float,
    low: float,
    depth: float,
    pixel_size: tuple[float, float],
    rows: int,
    seed: int,
) -> None:
    cloud = np.random.default_rng(seed).random((40, 50)) < 0.005
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masks, "l2_bytes", lambda: rows * 100)
        got = masks.shadow(
            cloud,
            pixel_size,
            sun_azimuth=azimuth,
            sun_elevation=elevation,
            heights=(low, low + depth),
        )
    tangent = math.tan(math.radians(elevation)) if elevation < 90 else math.inf
    away = np.linspace(low, low + depth, 1000) / tangent
    down = np.round(math.cos(math.radians(azimuth)) * away / pixel_size[0]).astype(int)
    right = np.round(-math.sin(math.radians(azimuth)) * away / pixel_size[1]).astype(int)
    wanted = np.zeros_like(cloud)
    for row, column in zip(*np.nonzero(cloud), strict=True):
        y, x = row + down, column + right
        inside = (y >= 0) & (y < 40) & (x >= 0) & (x < 50)
        wanted[y[inside], x[inside]] = True
    # both go a pixel at a time at most and may differ in the corners they cut
    assert not (got & ~ndimage.binary_dilation(wanted)).any()
    assert not (wanted & ~ndimage.binary_dilation(got)).any()


def test_only_the_dark_pixels_of_the_strip() -> None:
    cloud = np.zeros((20, 20), dtype=bool)
    cloud[15, 10] = True
    dark = np.zeros_like(cloud)
    dark[10, 10] = dark[2, 2] = True
    got = masks.shadow(
        cloud, (10, 10), sun_azimuth=180, sun_elevation=45, heights=(0, 100), dark=dark
    )
    assert list(zip(*np.nonzero(got), strict=True)) == [(10, 10)]


def test_what_is_wrong_is_named() -> None:
    mask = np.zeros((3, 3), dtype=bool)
    with pytest.raises(ValueError, match=r"a mask is \(y, x\) bool"):
        masks.dilate(mask.astype("u1"), 1)
    with pytest.raises(ValueError, match="pixel size"):
        masks.dilate(mask, 1, (0, 1))
    with pytest.raises(ValueError, match="radius"):
        masks.dilate(mask, -1)
    with pytest.raises(ValueError, match="not above the horizon"):
        masks.shadow(mask, (1, 1), sun_azimuth=0, sun_elevation=0)
    with pytest.raises(ValueError, match="from low to high"):
        masks.shadow(mask, (1, 1), sun_azimuth=0, sun_elevation=9, heights=(2, 1))
