"""The linear classifier beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf  # type: ignore[import-untyped]
from sklearn.discriminant_analysis import (  # type: ignore[import-untyped]
    LinearDiscriminantAnalysis,
)

from automap_tiles.analysis.learning.classifier._linear import Linear, shrunk


def _samples(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, count)
    values = random.normal(size=(count, 5)) @ random.normal(size=(5, 5))
    values += labels[:, None] * np.array([1.5, -1, 0, 0.3, 2])
    return values.astype(np.float32), labels.astype(np.int64)


def test_the_shrunk_covariance_is_that_of_ledoit_and_wolf() -> None:
    values = _samples()[0].astype(np.float64)
    values -= values.mean(axis=0)
    found = shrunk(values, np.ones(len(values)))
    assert found == pytest.approx(
        LedoitWolf(assume_centered=True).fit(values).covariance_, rel=1e-4
    )


def test_classes_are_those_of_scikit_learn() -> None:
    values, labels = _samples()
    linear = Linear.fit(values, labels, np.ones(len(labels), np.float32), 3)
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(values, labels)
    found = linear.probabilities(values)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert np.mean(found.argmax(axis=1) == theirs.predict(values)) > 0.98
    assert np.abs(found - theirs.predict_proba(values)).max() < 0.1


def test_features_that_do_not_vary_or_repeat_each_other_do_no_harm() -> None:
    values, labels = _samples()
    wide = np.column_stack([values, values[:, 0], np.full(len(values), 7.0)]).astype(np.float32)
    ones = np.ones(len(labels), np.float32)
    found = Linear.fit(wide, labels, ones, 3).probabilities(wide)
    assert np.isfinite(found).all()
    bare = Linear.fit(values, labels, ones, 3).probabilities(values)
    assert np.mean(found.argmax(axis=1) == bare.argmax(axis=1)) > 0.97


def test_a_row_does_not_depend_on_the_others_and_comes_back_from_bytes() -> None:
    values, labels = _samples()
    linear = Linear.fit(values, labels, np.ones(len(labels), np.float32), 3)
    again = Linear.from_bytes(linear.to_bytes())
    whole = linear.probabilities(values)
    assert again.probabilities(values).tobytes() == whole.tobytes()
    for first, count in ((0, 1), (3, 7), (10, 64), (299, 1)):
        part = linear.probabilities(values[first : first + count])
        assert part.tobytes() == whole[first : first + count].tobytes()
    planes = np.ascontiguousarray(values.T)
    assert linear.probabilities(planes.T).tobytes() == whole.tobytes()


def test_a_class_without_samples_is_never_found() -> None:
    values, labels = _samples()
    ones = np.ones(len(labels), np.float32)
    without = Linear.fit(values, labels, ones, 3)
    absent = Linear.fit(values, np.where(labels == 2, 3, labels), ones, 4)
    expected = without.probabilities(values)
    found = absent.probabilities(values)
    assert (found[:, 2] == 0).all()
    assert np.array_equal(found[:, [0, 1, 3]], expected)
    assert Linear.from_bytes(absent.to_bytes()).probabilities(values).tobytes() == found.tobytes()
