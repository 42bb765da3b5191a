"""Smoothing of probabilities: against loops over pixels, and without seams."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from automap_tiles.analysis.learning import smoothing

Array = np.ndarray

# Logits go to 9.21, where a float32 is off by 2**-21 at most: e = 5e-7 for the deviation of a pixel
# from the mean. The variance s0 is then off by 2 sqrt(s0) e, the weight s0 / (s0 + S) by that times
# S / (s0 + S)**2, and the logit by that times the deviation, 18.4 at most. For s0 = S / 3, where it
# is most, and the least S of the tests, 0.5, these are 17 e; normalising adds as much for the sum
# of the classes, and the relative error of a probability is no more than that of its logit:
# 2 x 17 x 5e-7.
ROUNDING = 2e-5


def _probabilities(shape: tuple[int, int], classes: int, seed: int) -> Array:
    """Fields of classes with noise, certain here and doubtful there; some exactly 0 and 1."""
    rng = np.random.default_rng(seed)
    raw = rng.gamma(0.3, size=(classes, *shape)) + 1e-12
    raw[:, rng.random(shape) < 0.1] = np.eye(classes)[:, :1]
    result: Array = (raw / raw.sum(axis=0)).astype(np.float32)
    return result


def _by_hand(probabilities: Array, valid: Array, window: int, smoothness: float) -> Array:
    """The formulas of the paper in doubles, pixel by pixel."""
    classes, height, width = probabilities.shape
    r = window // 2
    result = np.zeros(probabilities.shape)
    for y, x in zip(*np.nonzero(valid), strict=True):
        for k in range(classes):
            p = np.clip(probabilities[k].astype(float), smoothing.LEAST, 1 - smoothing.LEAST)
            logit = np.log(p / (1 - p))
            rows = slice(max(0, y - r), min(height, y + r + 1))
            cols = slice(max(0, x - r), min(width, x + r + 1))
            around = sorted(logit[rows, cols][valid[rows, cols]], reverse=True)
            best = around[: math.ceil(len(around) / 2)]
            m0 = np.mean(best)
            s0 = np.var(best, ddof=1) if len(best) > 1 else 0.0
            w = s0 / (s0 + smoothness)
            result[k, y, x] = 1 / (1 + math.exp(-(w * logit[y, x] + (1 - w) * m0)))
        result[:, y, x] /= result[:, y, x].sum()
    return result


@example(shape=(3, 9), classes=2, window=3, smoothness=0.5, share=0.0, seed=136979336)
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    classes=st.integers(2, 4),
    window=st.sampled_from([3, 5, 9]),
    smoothness=st.sampled_from([0.5, 20.0, 200.0]),
    share=st.sampled_from([0.0, 0.2, 0.9, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_as_by_hand(
    shape: tuple[int, int], classes: int, window: int, smoothness: float, share: float, seed: int
) -> None:
    probabilities = _probabilities(shape, classes, seed)
    valid = np.random.default_rng(seed).random(shape) >= share
    before = probabilities.copy()
    got = smoothing.smooth(probabilities, valid, window=window, smoothness=smoothness)
    wanted = _by_hand(probabilities, valid, window, smoothness)
    np.testing.assert_allclose(got, wanted, rtol=ROUNDING, atol=1e-9)
    np.testing.assert_array_equal(probabilities, before)
    assert got.dtype == np.float32
    assert (got[:, ~valid] == 0).all()


@given(
    window=st.sampled_from([3, 9]),
    seed=st.integers(0, 2**32),
    corner=st.tuples(st.integers(0, 30), st.integers(0, 70)),
    size=st.tuples(st.integers(1, 30), st.integers(1, 60)),
    block=st.sampled_from([1, 100, 8192]),
)
def test_a_part_with_its_margin_has_the_same_bits(
    window: int, seed: int, corner: tuple[int, int], size: tuple[int, int], block: int
) -> None:
    probabilities = _probabilities((50, 110), 3, seed)
    valid = np.random.default_rng(seed).random((50, 110)) > 0.05
    whole = smoothing.smooth(probabilities, valid, window=window)
    around = smoothing.margin(window)
    top, left = (max(0, start - around) for start in corner)
    cut = np.s_[..., top : corner[0] + size[0] + around, left : corner[1] + size[1] + around]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smoothing, "_BLOCK", block)
        part = smoothing.smooth(np.ascontiguousarray(probabilities[cut]), valid[cut], window=window)
    rows, cols = corner[0] - top, corner[1] - left
    kept = part[:, rows : rows + size[0], cols : cols + size[1]]
    wanted = whole[:, corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
    assert kept.tobytes() == np.ascontiguousarray(wanted).tobytes()


def test_a_lone_doubt_is_settled_and_a_border_stays() -> None:
    """One speck in a field goes; two fields keep the line between them."""
    probabilities = np.full((2, 20, 20), 0.05, dtype=np.float32)
    probabilities[0, :, :10] = probabilities[1, :, 10:] = 0.95
    probabilities[:, 10, 4] = (0.4, 0.6)
    valid = np.ones((20, 20), dtype=bool)
    classes = smoothing.smooth(probabilities, valid).argmax(axis=0)
    assert (classes[:, :10] == 0).all()
    assert (classes[:, 10:] == 1).all()


@pytest.mark.parametrize("window", [0, 1, 4, -3])
def test_windows_that_have_no_middle(window: int) -> None:
    with pytest.raises(ValueError, match="odd number"):
        smoothing.margin(window)


def test_smoothness_is_a_variance() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        smoothing.smooth(np.ones((1, 2, 2), np.float32), np.ones((2, 2), bool), smoothness=0)
