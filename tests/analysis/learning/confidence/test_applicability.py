"""Dissimilarity and area of applicability against the formulas written out in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree, distance

from automap_tiles.analysis.learning.confidence.applicability import (
    MOST,
    Applicability,
    applicability,
    nearest,
)


def by_hand(
    values: np.ndarray, importances: np.ndarray, folds: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, float]:
    """Dissimilarity of the points and the threshold, as Meyer & Pebesma 2021 have them."""
    exact = values.astype(np.float64)
    middle, spread = exact.mean(axis=0), exact.std(axis=0, ddof=1)
    spread = np.where(spread > 0, spread, np.inf)
    train = (exact - middle) / spread * np.maximum(importances, 0)
    asked = (points.astype(np.float64) - middle) / spread * np.maximum(importances, 0)
    pairs = distance.cdist(train, train)
    mean = pairs.sum() / (len(train) * (len(train) - 1))
    pairs[folds[:, None] == folds] = np.inf
    own = pairs.min(axis=1)[folds >= 0] / mean
    low, high = np.quantile(own, (0.25, 0.75))
    threshold = min(high + 1.5 * (high - low), own.max())
    return distance.cdist(asked, train).min(axis=1) / mean, threshold


@given(
    st.integers(2, 5),
    st.integers(1, 6),
    st.integers(0, 10**6),
    st.booleans(),
    st.booleans(),
)
def test_it_is_what_the_paper_says(
    folds: int, features: int, seed: int, repeats: bool, constant: bool
) -> None:
    random = np.random.default_rng(seed)
    scales = 10.0 ** random.integers(-3, 4, features)
    values = random.normal(0, scales, (60, features)).astype(np.float32)
    if repeats:
        values[30:] = values[:30]
    importances = random.random(features) - 0.1
    importances[0] = 0.5
    if constant and features > 1:
        values[:, 1] = 7
    fold_of = random.integers(0, folds, 60)
    fold_of[:2] = 0, 1
    points = (values[:20] + random.normal(0, 1, (20, features))).astype(np.float32)
    found = applicability(values, importances.tolist(), fold_of)
    assert found is not None
    expected, threshold = by_hand(values, importances, fold_of, points)
    np.testing.assert_allclose(found.dissimilarity(points), expected, rtol=1e-4, atol=1e-5)
    assert found.threshold == pytest.approx(threshold, rel=1e-4, abs=1e-5)


def test_those_that_are_never_held_out_are_near_but_have_no_say_in_the_threshold() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(50, 3)).astype(np.float32)
    folds = np.repeat([0, 1, -1], (20, 20, 10))
    values[40:] += 50
    found = applicability(values, [1, 1, 1], folds)
    assert found is not None
    expected, threshold = by_hand(values, np.ones(3), folds, values[40:] + 1)
    assert found.threshold == pytest.approx(threshold, rel=1e-4)
    np.testing.assert_allclose(found.dissimilarity(values[40:] + 1), expected, rtol=1e-4)
    assert found.dissimilarity(values[40:]).max() < 1e-4


def test_of_many_samples_some_stand_for_all() -> None:
    """No dissimilarity is off by more than the distance between those that are left."""
    random = np.random.default_rng(0)
    values = random.normal(size=(4000, 2)).astype(np.float32)
    folds = np.arange(4000) % 5
    points = random.normal(0, 2, (500, 2)).astype(np.float32)
    found = applicability(values, [1, 2], folds)
    assert found is not None
    assert len(found.samples) == MOST
    expected, threshold = by_hand(values, np.array([1, 2]), folds, points)
    all_samples = (values - found.middle) * found.factors
    radius = cKDTree(found.samples).query(all_samples)[0].max() / found.unit
    assert radius < 0.05
    got = found.dissimilarity(points)
    assert (got >= expected * 0.97 - 1e-6).all()  # the mean distance is that of some of the pairs
    assert (got <= expected * 1.03 + radius).all()
    assert threshold * 0.97 <= found.threshold <= threshold * 1.03 + radius


@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 10**6), st.data())
def test_a_point_depends_on_no_other(
    count: int, features: int, seed: int, data: st.DataObject
) -> None:
    random = np.random.default_rng(seed)
    samples = random.normal(size=(30, features)) + 1e4 * (seed % 2)
    samples[20:] = samples[:10] + 1e-9
    points = random.normal(size=(count, features)) + 1e4 * (seed % 2)
    whole = nearest(points, samples)
    cut = data.draw(st.integers(0, count))
    parts = [nearest(points[:cut], samples), nearest(points[cut:], samples)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_allclose(whole, distance.cdist(points, samples).min(axis=1), rtol=1e-9)


def test_where_nothing_can_be_called_unlike() -> None:
    some = np.random.default_rng(0).normal(size=(10, 2)).astype(np.float32)
    folds = np.arange(10) % 2
    assert applicability(some, [1, 1], np.full(10, -1)) is None
    assert applicability(np.ones((10, 2), np.float32), [1, 1], folds) is None
    assert applicability(some, [0, -1], folds) is None
    assert applicability(some[:1], [1, 1], folds[:1]) is None
    assert applicability(some, [1, 1], np.zeros(10, np.int64)) is None


def test_random_folds_make_it_too_small() -> None:
    """Samples of one polygon are alike: they are held out together."""
    random = np.random.default_rng(3)
    groups = np.arange(30).repeat(20)
    values: np.ndarray = random.normal(size=(30, 3))[groups] + random.normal(0, 0.1, (600, 3))
    whole = applicability(values, [1, 1, 1], groups % 5)
    by_chance = applicability(values, [1, 1, 1], np.arange(600) % 5)
    assert whole is not None
    assert by_chance is not None
    assert whole.threshold > 2 * by_chance.threshold


def test_it_goes_through_a_file() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(50, 3)).astype(np.float32)
    found = applicability(values, [0.2, 0.3, 0.5], np.arange(50) % 3)
    assert found is not None
    again = Applicability.from_dict(found.to_dict(), found.to_bytes())
    assert again.threshold == found.threshold
    np.testing.assert_array_equal(again.dissimilarity(values + 1), found.dissimilarity(values + 1))
    with pytest.raises(ValueError, match="do not fit 3 features"):
        found.dissimilarity(values[:, :2])
    with pytest.raises(ValueError, match="do not fit together"):
        Applicability.from_dict({**found.to_dict(), "unit": 0}, found.to_bytes())
    with pytest.raises(ValueError, match="reshape"):
        Applicability.from_dict(found.to_dict(), found.to_bytes()[:-4])
