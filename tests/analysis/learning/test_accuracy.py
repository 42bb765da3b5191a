"""Estimates of map accuracy: the published example, counting, and resampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from automap_tiles.analysis.learning.accuracy import confusion, map_accuracy

# Olofsson et al. 2014, tables 8 and 9: deforestation, forest gain, stable forest, stable other.
COUNTS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
WEIGHTS = [0.02, 0.015, 0.32, 0.645]
HECTARES = 10_000_000 * 900 / 10_000


def test_the_published_example() -> None:
    found = map_accuracy(COUNTS, WEIGHTS)
    assert found.overall.value == pytest.approx(0.947, abs=5e-4)
    assert found.overall.half_width == pytest.approx(0.019, abs=1e-3)
    users = [(one.value, one.half_width) for one in found.users]
    expected = [(0.88, 0.07), (0.73, 0.10), (0.93, 0.04), (0.96, 0.02)]
    np.testing.assert_allclose(users, expected, atol=5e-3)
    np.testing.assert_allclose(
        [one.value for one in found.producers], [0.75, 0.85, 0.93, 0.96], atol=5e-3
    )
    assert found.producers[0].half_width == pytest.approx(0.21, abs=5e-3)
    areas = [(round(one.value), round(one.half_width)) for one in found.areas(HECTARES)]
    assert areas == [(21158, 6158), (11686, 3756), (285770, 15510), (581386, 16282)]


def test_errors_are_those_of_drawing_again_and_again() -> None:
    """The map and the truth are known; the spread of many samples is the standard error."""
    rng = np.random.default_rng(1)
    truth = COUNTS / COUNTS.sum(axis=1, keepdims=True)
    sizes = [150, 150, 300, 600]
    draws = [
        map_accuracy(
            np.array([rng.multinomial(n, row) for n, row in zip(sizes, truth, strict=True)]),
            WEIGHTS,
        )
        for _ in range(3000)
    ]
    for name in ("overall", "users", "producers", "shares"):
        told = [getattr(one, name) for one in draws]
        rows = [one if isinstance(one, tuple) else (one,) for one in told]
        values = np.array([[each.value for each in row] for row in rows])
        errors = np.array([[each.error for each in row] for row in rows])
        np.testing.assert_allclose(np.sqrt((errors**2).mean(axis=0)), values.std(axis=0), rtol=0.08)


@given(
    counts=hnp.arrays(np.int64, (3, 3), elements=st.integers(0, 40)).filter(
        lambda counts: (counts.sum(axis=1) > 0).all()
    ),
    parts=st.tuples(*[st.floats(0.01, 1)] * 3),
)
def test_shares_add_up_and_agree(counts: np.ndarray, parts: tuple[float, ...]) -> None:
    weights = np.array(parts) / sum(parts)
    found = map_accuracy(counts, weights)
    assert found.proportions.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.proportions.sum(axis=1), weights)
    assert sum(one.value for one in found.shares) == pytest.approx(1)
    assert found.overall.value == pytest.approx(
        sum(w * one.value for w, one in zip(weights, found.users, strict=True))
    )
    for one in (*found.users, *found.producers):
        assert np.isnan(one.value) or -1e-12 <= one.value <= 1 + 1e-12


def test_a_sample_by_area_needs_no_weights() -> None:
    weights = COUNTS.sum(axis=1) / COUNTS.sum()
    found = map_accuracy(COUNTS, weights)
    assert found.overall.value == pytest.approx(np.trace(COUNTS) / COUNTS.sum())
    recall = np.diag(COUNTS) / COUNTS.sum(axis=0)
    np.testing.assert_allclose([one.value for one in found.producers], recall)


def test_what_the_sample_does_not_tell() -> None:
    counts = np.array([[10, 1, 0], [0, 1, 0], [0, 0, 0]])
    found = map_accuracy(counts, [0.9, 0.1, 0.0])
    # one sample has no spread
    assert np.isnan(found.users[1].error)
    assert np.isnan(found.overall.error)
    assert found.overall.to_dict()["interval"] is None
    # a class that the map does not know, and the sample neither
    assert np.isnan(found.users[2].value)
    assert np.isnan(found.producers[2].value)
    assert found.shares[2].value == 0


def test_a_class_that_only_the_reference_knows() -> None:
    found = map_accuracy(np.array([[40, 10], [0, 0]]), [1.0, 0.0])
    assert found.shares[1].value == pytest.approx(0.2)
    assert found.producers[1].value == 0
    assert np.isfinite(found.overall.error)


def test_a_stratum_without_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="stratum number 2"):
        map_accuracy(np.array([[5, 1], [0, 0]]), [0.5, 0.5])


@pytest.mark.parametrize("weights", [[0.5, 0.6], [1.5, -0.5], [1.0]])
def test_wrong_weights(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        map_accuracy(np.ones((2, 2)), weights)


def test_confusion_counts() -> None:
    rng = np.random.default_rng(0)
    classes = [2, 5, 9]
    mapped, reference = rng.choice(classes, 200), rng.choice(classes, 200)
    expected = [[int(((mapped == i) & (reference == j)).sum()) for j in classes] for i in classes]
    assert confusion(mapped, reference, classes).tolist() == expected
    with pytest.raises(ValueError, match="not listed"):
        confusion(np.array([3]), np.array([2]), classes)
