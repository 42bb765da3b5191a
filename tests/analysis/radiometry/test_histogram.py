"""Histogram matching against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.exposure import match_histograms

from automap_tiles.analysis.radiometry.histogram import Distribution, match_histogram


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_as_scikit_image(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.integers(0, most, (30, 40)), rng.integers(5, 5 + 2 * most, (20, 50))
    found = match_histogram(one, Distribution.of(one), Distribution.of(two))
    np.testing.assert_allclose(found, match_histograms(one, two), rtol=0, atol=1e-9)


def test_parts_fit_together() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(60, 60)), rng.normal(3, 2, (60, 60))
    own, reference = Distribution.of(one), Distribution.of(two)
    whole = match_histogram(one, own, reference)
    np.testing.assert_array_equal(match_histogram(one[13:40, 7:], own, reference), whole[13:40, 7:])
    np.testing.assert_allclose(np.sort(whole.ravel()), np.sort(two.ravel()), atol=1e-9)


def test_masks_and_what_has_no_distribution() -> None:
    band = np.array([[1.0, 2.0], [np.nan, 4.0]])
    known = ~np.isnan(band)
    np.testing.assert_allclose(Distribution.of(band, known).shares, [1 / 3, 2 / 3, 1])
    flat = Distribution.of(np.full((3, 3), 7))
    assert (match_histogram(np.array([1, 7, 9]), flat, Distribution.of(band, known)) == 4).all()
    for valid in (None, np.zeros((2, 2), bool)):
        with pytest.raises(ValueError, match="pixels with data"):
            Distribution.of(band, valid)
