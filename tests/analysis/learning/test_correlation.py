"""The range of spatial correlation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from automap_tiles.analysis.learning._correlation import correlation_range


def _field(sigma: float) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(0)
    smooth = (
        gaussian_filter(random.normal(size=(400, 400)), sigma)
        if sigma
        else (random.normal(size=(400, 400)))
    )
    rows, cols = random.integers(0, 400, (2, 600))
    values = smooth[rows, cols][:, None].astype(np.float32)
    return 10.0 * cols, 10.0 * rows, values


@pytest.mark.parametrize("sigma", [8, 16])
def test_a_smooth_field_reaches_as_far_as_it_was_smoothed(sigma: int) -> None:
    """Of a Gaussian kernel the practical range is 2 √3 · sigma ≈ 3.5 sigma."""
    x, y, values = _field(sigma)
    found = correlation_range(x, y, values, np.ones(600, np.uint8))
    assert 2 * sigma <= found / 10 <= 6 * sigma


def test_noise_reaches_nowhere() -> None:
    x, y, values = _field(0)
    assert correlation_range(x, y, values, np.ones(600, np.uint8)) <= 240


def test_what_the_class_explains_is_no_correlation() -> None:
    x, y, values = _field(0)
    classes = np.where(x < 2000, 1, 2).astype(np.uint8)
    values[classes == 2] += 50
    assert correlation_range(x, y, values, classes) <= 240


def test_too_few_to_tell() -> None:
    one = np.zeros(3)
    assert correlation_range(one, one, np.ones((3, 2), np.float32), np.ones(3, np.uint8)) == 0
