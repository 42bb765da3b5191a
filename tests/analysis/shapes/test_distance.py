"""SciPy's Euclidean distance transform is the oracle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from automap_tiles.analysis.shapes import distance as distances
from automap_tiles.analysis.shapes.distance import distance

SIZES = [(1.0, 1.0), (10.0, 10.0), (30.0, 20.0), (5.0, 60.0)]


def by_scipy(mask: Any, size: tuple[float, float], limit: float) -> Any:
    if not mask.any():
        return np.full(mask.shape, limit)
    return np.minimum(ndimage.distance_transform_edt(~mask, sampling=size), limit)


@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 150)),
    share=st.sampled_from([0.0, 0.0005, 0.005, 0.05, 0.5]),
    pixel_size=st.sampled_from(SIZES),
    limit=st.sampled_from([0.0, 25.0, 100.0, 333.3, 777.7, math.inf]),
    rows=st.sampled_from([1, 5, 10**6]),
    near=st.sampled_from([1, 3, 16]),
    seed=st.integers(0, 2**32),
)
def test_distance_is_that_of_scipy(
    shape: tuple[int, int],
    share: float,
    pixel_size: tuple[float, float],
    limit: float,
    rows: int,
    near: int,
    seed: int,
) -> None:
    """Also with few rows in a strip, few ranges at a time and few columns by themselves."""
    mask = np.random.default_rng(seed).random(shape) < share
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distances, "l2_bytes", lambda: rows * 12 * shape[1])
        patch.setattr(distances, "_NEAR", near)
        patch.setattr(distances, "_ALL_NEAR", near)
        patch.setattr(distances, "_ROWS", min(rows, 7))
        patch.setattr(distances, "_MANY_ROWS", min(2 * rows, 20))
        patch.setattr(distances, "_RANGES", 4 * rows)
        got = distance(mask, pixel_size, limit=limit)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, by_scipy(mask, pixel_size, limit), rtol=1e-6)


@pytest.mark.parametrize("limit", [40.0, 150.0, math.inf])
@pytest.mark.parametrize("share", [0.002, 0.05, 0.4])
def test_clouds_of_all_sizes(share: float, limit: float) -> None:
    noise = np.random.default_rng(1).normal(size=(600, 500))
    smooth = ndimage.gaussian_filter(noise, 12)
    mask = smooth > np.quantile(smooth, 1 - share)
    got = distance(mask, (1, 1), limit=limit)
    np.testing.assert_allclose(got, by_scipy(mask, (1, 1), limit), rtol=1e-6)


def test_one_pixel_far_away() -> None:
    """Numbers beyond 32 bits, and ranges as long as the picture."""
    mask = np.zeros((40, 3000), dtype=bool)
    mask[39, 2999] = True
    np.testing.assert_allclose(
        distance(mask, (20, 20)), by_scipy(mask, (20, 20), math.inf), rtol=1e-6
    )
    mask[0, 0] = True
    np.testing.assert_allclose(
        distance(mask, (20, 20)), by_scipy(mask, (20, 20), math.inf), rtol=1e-6
    )


@pytest.mark.parametrize("limit", [np.inf, 25_000.0])
def test_far_along_columns_of_other_pixels(limit: float) -> None:
    """The rounding of a step that is no whole number of columns does not add up."""
    mask = np.zeros((3000, 40), dtype=bool)
    mask[0, 0] = True
    got = distance(mask, (10.0, 25.0), limit=limit)
    np.testing.assert_allclose(got, by_scipy(mask, (10.0, 25.0), limit), rtol=3e-7)


def test_what_is_wrong_is_named() -> None:
    mask = np.zeros((3, 3), dtype=bool)
    with pytest.raises(ValueError, match=r"a mask is \(y, x\) bool"):
        distance(mask.astype("u1"), (1, 1))
    with pytest.raises(ValueError, match="pixel size"):
        distance(mask, (0, 1))
    with pytest.raises(ValueError, match="limit"):
        distance(mask, (1, 1), limit=math.nan)
