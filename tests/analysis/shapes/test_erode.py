"""Masks shrunk by pixels, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from automap_tiles.analysis.shapes.erode import eroded

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20))


@given(mask=MASKS, pixels=st.integers(0, 4))
def test_like_scipy(mask: np.ndarray, pixels: int) -> None:
    square = np.ones((2 * pixels + 1,) * 2, dtype=bool)
    expected = ndimage.binary_erosion(mask, square)
    np.testing.assert_array_equal(eroded(mask, pixels), expected)


@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_takes_exactly_so_many_pixels_off(pixels: int) -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[4:15, 5:18] = True
    expected = np.zeros_like(mask)
    expected[4 + pixels : 15 - pixels, 5 + pixels : 18 - pixels] = True
    np.testing.assert_array_equal(eroded(mask, pixels), expected)


def test_less_than_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="less than no pixels"):
        eroded(np.ones((3, 3), dtype=bool), -1)
