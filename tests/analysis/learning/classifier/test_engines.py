"""Engines of extras against themselves: what they learnt is predicted the same by XGBoost."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from lightgbm import Dataset, train
from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.classifier._boosting import Rows, importances, probabilities
from automap_tiles.analysis.learning.classifier._engine import EngineRun, below
from automap_tiles.analysis.learning.classifier._setups import ENGINES, Kind

HOW = EngineRun(threads=1, seed=3)
every_engine = pytest.mark.parametrize("kind", list(ENGINES))


def rows(classes: int = 4, count: int = 400, *, without: int | None = None) -> Rows:
    """Of five features that repeat a few values, so that thresholds lie on samples."""
    random = np.random.default_rng(classes)
    labels = random.integers(0, classes, count)
    if without is not None:
        labels[labels == without] = (without + 1) % classes
    values = random.normal(0, 1, (count, 5)) + labels[:, None] * [1, 0.5, 0, -0.3, 0]
    return Rows(
        values=np.round(values, 1).astype(np.float32),
        labels=labels,
        weights=random.uniform(0.5, 2, count).astype(np.float32),
        classes=classes,
    )


@cache
def learnt_by(kind: Kind) -> Any:
    """What an engine learns of `rows()`, once for all tests."""
    return ENGINES[kind].fit(rows(), HOW)


def seen_and_unseen(learnt: Rows) -> Any:
    others = np.random.default_rng(9).normal(0, 2, (500, 5)).astype(np.float32)
    return np.concatenate([learnt.values, others])


@pytest.mark.parametrize(("classes", "threads"), [(2, 1), (5, 2)])
def test_the_forest_is_that_of_scikit_learn(classes: int, threads: int) -> None:
    learnt = rows(classes)
    fitted = ENGINES[Kind.SKLEARN].fit(learnt, EngineRun(threads=threads, seed=3))
    forest = RandomForestClassifier(20, random_state=3, warm_start=True)
    for number in range(20, 301, 20):
        forest.n_estimators = number
        forest.fit(learnt.values, learnt.labels, learnt.weights)
    values = seen_and_unseen(learnt)
    np.testing.assert_allclose(
        probabilities(fitted, values), forest.predict_proba(values), atol=2e-6
    )


@pytest.mark.parametrize("classes", [2, 5])
def test_boosting_is_that_of_lightgbm(classes: int) -> None:
    learnt = rows(classes)
    fitted = ENGINES[Kind.LIGHTGBM].fit(learnt, HOW)
    settings = {"objective": "multiclass", "num_class": classes, "min_data_in_leaf": 5,
                "deterministic": True, "force_row_wise": True, "num_threads": 1, "seed": 3,
                "verbosity": -1}  # fmt: skip
    grown = train(settings, Dataset(learnt.values, learnt.labels, weight=learnt.weights), 100)
    values = seen_and_unseen(learnt)
    np.testing.assert_allclose(probabilities(fitted, values), grown.predict(values), atol=2e-5)


@every_engine
def test_a_class_without_samples_has_hardly_a_chance(kind: Kind) -> None:
    learnt = rows(4, without=2)
    found = probabilities(ENGINES[kind].fit(learnt, HOW), learnt.values)
    assert found.shape == (400, 4)
    assert found[:, 2].max() < 0.01
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@every_engine
def test_a_row_depends_on_no_other_and_training_on_nothing_else(kind: Kind) -> None:
    learnt = rows()
    fitted = learnt_by(kind)
    values = seen_and_unseen(learnt)
    whole = probabilities(fitted, values)
    for cut in (1, 7, 450):
        parts = [
            probabilities(fitted, np.ascontiguousarray(part)) for part in np.split(values, [cut])
        ]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    again = ENGINES[kind].fit(learnt, HOW)
    assert bytes(again.save_raw("ubj")) == bytes(fitted.save_raw("ubj"))


@every_engine
def test_what_tells_classes_apart_is_important(kind: Kind) -> None:
    found = importances(learnt_by(kind), ["a", "b", "c", "d", "e"])
    assert next(iter(found)) == "a"
    assert sum(found.values()) == pytest.approx(1)


def test_at_most_and_less_are_the_same_samples() -> None:
    random = np.random.default_rng(0)
    single = np.concatenate([random.normal(0, 1, 500), [0.0, 1.0, -1.0]]).astype(np.float32)
    double = np.concatenate([single, np.nextafter(single, np.float32(9)), random.normal(0, 1, 500)])
    for threshold in (*double[::17].astype(float), 0.1, 1 / 3, -1e-40):
        limit = below(np.array([threshold]))[0]
        np.testing.assert_array_equal(single < limit, single.astype(float) <= threshold)
