"""Morphology and gradients against scikit-image; every filter the same for parts of a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import filters as others
from skimage import morphology as skimage

from automap_tiles.analysis.textures import gradients, morphology
from automap_tiles.analysis.textures.filters import FILTERS


def picture(seed: int = 0, size: int = 60) -> Any:
    return np.random.default_rng(seed).random((size, size)).astype(np.float32)


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
@pytest.mark.parametrize(
    "name", ["erosion", "dilation", "opening", "closing", "white_tophat", "black_tophat"]
)
def test_morphology_is_scikit_images(name: str, radius: int) -> None:
    plane = picture()
    found = getattr(morphology, name)(plane, np.ones(plane.shape, bool), radius)
    square = np.ones((2 * radius + 1, 2 * radius + 1))
    wanted = getattr(skimage, name)(plane, square, mode="ignore")
    np.testing.assert_array_equal(found, wanted)


def test_missing_pixels_do_not_count() -> None:
    plane = picture(1)
    valid = np.random.default_rng(2).random(plane.shape) > 0.3
    found = morphology.erosion(plane, valid, 1)
    for row, col in ((5, 5), (17, 40), (30, 2), (59, 59)):
        window = slice(max(row - 1, 0), row + 2), slice(max(col - 1, 0), col + 2)
        inside = plane[window][valid[window]]
        assert found[row, col] == (inside.min() if valid[row, col] else 0)
    junk = np.where(valid, plane, -99)
    np.testing.assert_array_equal(found, morphology.erosion(junk, valid, 1))


def test_steepness_is_sobels() -> None:
    plane = picture(3)
    valid = np.ones(plane.shape, dtype=bool)
    found = gradients.steepness(plane, valid)
    sobel: Any = others.sobel  # it has no types
    wanted = sobel(plane) / np.sqrt(2)
    np.testing.assert_allclose(found[1:-1, 1:-1], wanted[1:-1, 1:-1], rtol=1e-5)
    slope = np.add.outer(3 * np.arange(20.0), 4 * np.arange(30.0))
    rises = gradients.steepness(slope, np.ones(slope.shape, dtype=bool))
    np.testing.assert_allclose(rises[1:-1, 1:-1], 5)
    valid[10, 10] = False
    flat = gradients.steepness(np.full(plane.shape, 0.3), valid)
    np.testing.assert_allclose(flat, 0, atol=1e-7)  # neither gaps nor ends are edges


@settings(max_examples=16, deadline=None)
@given(
    name=st.sampled_from(sorted(FILTERS)),
    radius=st.integers(1, 4),
    gaps=st.sampled_from([0.0, 0.1, 0.9]),
    corner=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    seed=st.integers(0, 2**31),
)
def test_a_part_has_the_bits_of_the_whole(
    name: str, radius: int, gaps: float, corner: tuple[int, int], seed: int
) -> None:
    one = FILTERS[name]
    radius = min(radius, one.largest)
    around = one.margin(radius)
    plane = picture(seed, 2 * around + 60)
    valid = np.random.default_rng(seed + 1).random(plane.shape) >= gaps
    part = tuple(slice(first, first + 2 * around + 20) for first in corner)
    inner = slice(around, around + 20)
    found = one.make(plane[part], valid[part], radius)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert not found[~valid[part]].any()
    np.testing.assert_array_equal(
        found[inner, inner], one.make(plane, valid, radius)[part][inner, inner]
    )
