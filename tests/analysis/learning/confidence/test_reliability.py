"""Reliability against scikit-learn, and against sums written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.confidence.reliability import (
    BINS,
    reliability,
    spread_of_error,
)


def some(count: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(classes), count).T
    return probabilities, random.integers(0, classes, count), random.random(count) + 0.01


@given(st.integers(1, 60), st.integers(2, 5), st.integers(0, 999))
def test_loss_and_brier_are_those_of_scikit_learn(count: int, classes: int, seed: int) -> None:
    probabilities, labels, weights = some(count, classes, seed)
    found = reliability(probabilities, labels, weights)
    every = list(range(classes))
    loss = log_loss(labels, probabilities.T, sample_weight=weights, labels=every)
    brier = brier_score_loss(
        labels, probabilities.T, sample_weight=weights, labels=every, scale_by_half=False
    )
    assert found.log_loss == pytest.approx(loss)
    assert found.brier == pytest.approx(brier)


@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 999))
def test_the_error_is_what_guo_wrote(count: int, classes: int, seed: int) -> None:
    probabilities, labels, weights = some(count, classes, seed)
    found = reliability(probabilities, labels, weights)
    sure, first = probabilities.max(axis=0), probabilities.argmax(axis=0)
    error = 0.0
    for number in range(BINS):
        inside = (sure > number / BINS) & (sure <= (number + 1) / BINS)
        if inside.any():
            right = np.average(first[inside] == labels[inside], weights=weights[inside])
            own = np.average(sure[inside], weights=weights[inside])
            error += weights[inside].sum() / weights.sum() * abs(right - own)
            assert found.bins[number].sure == pytest.approx(own)
            assert found.bins[number].right == pytest.approx(right)
    assert found.error == pytest.approx(error)
    assert sum(one.share for one in found.bins) == pytest.approx(1)


@given(st.integers(0, 999), st.permutations(range(12)))
def test_the_order_of_samples_says_nothing(seed: int, order: list[int]) -> None:
    probabilities, labels, weights = some(12, 3, seed)
    probabilities[:, 6:] = probabilities[:, :6]  # as sure as each other
    one = reliability(probabilities, labels, weights)
    other = reliability(probabilities[:, order], labels[order], weights[order])
    assert one.error_equal_mass == pytest.approx(other.error_equal_mass)
    assert one.error_of_classes == pytest.approx(other.error_of_classes)


def test_a_perfect_and_a_hopeless_classifier() -> None:
    labels = np.array([0, 1, 2])
    perfect = reliability(np.eye(3), labels)
    assert (perfect.brier, perfect.error, perfect.log_loss) == (0, 0, 0)
    hopeless = reliability(np.eye(3)[[1, 2, 0]], labels)
    assert (hopeless.brier, hopeless.error) == (2, 1)
    assert hopeless.log_loss == pytest.approx(-np.log(1e-6))
    with pytest.raises(ValueError, match="some weight"):
        reliability(np.ones((2, 0)), labels[:0])


def test_a_weight_counts_like_as_many_samples() -> None:
    probabilities, labels, _ = some(30, 3, 1)
    times = np.random.default_rng(2).integers(1, 4, 30)
    weighted = reliability(probabilities, labels, times)
    written_out = reliability(probabilities.repeat(times, axis=1), labels.repeat(times))
    for name in ("log_loss", "brier", "error", "error_equal_mass", "error_of_classes"):
        assert getattr(weighted, name) == pytest.approx(getattr(written_out, name)), name


def test_the_spread_is_that_of_groups_drawn_anew() -> None:
    probabilities, labels, weights = some(200, 3, 4)
    groups = np.arange(200) // 10
    random = np.random.default_rng(0)
    draws = random.multinomial(20, np.full(20, 1 / 20), 300).astype(np.float64)
    errors = [
        reliability(probabilities, labels, np.maximum(weights * draw[groups], 1e-12)).error
        for draw in draws
    ]
    found = spread_of_error(probabilities, labels, weights, groups, draws)
    assert found == pytest.approx(np.percentile(errors, (2.5, 97.5)), abs=1e-6)
