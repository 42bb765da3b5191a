"""What the model gains over the models of the folds, which learn from fewer polygons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.learning.classifier._setups import Kind, Setup, fit_kind, predict
from automap_tiles.analysis.learning.classifier.training._evidence import Counts, accuracy, draws_of
from automap_tiles.analysis.learning.classifier.training._learning_gain import (
    HALF,
    continued,
    growth,
    reach,
)
from automap_tiles.analysis.learning.classifier.training._tryout import Samples, Tryout, share_of
from automap_tiles.analysis.learning.folds import repeated_folds


@given(st.integers(3, 12), st.floats(0, 0.3), st.floats(0, 0.5))
def test_an_error_that_falls_with_the_number_of_polygons_is_continued(
    polygons: int, least: float, more: float
) -> None:
    """Error a + b / m, held out one by one: that of all polygons is found exactly."""
    labels = np.repeat([0, 1], polygons)
    groups = np.arange(2 * polygons)
    fold_of = np.tile(np.arange(polygons), 2)[None]
    learnt = polygons - 1

    def of(m: int) -> Counts:
        each, error = np.zeros((len(groups), 2, 2)), least + more / m
        each[groups, labels, labels], each[groups, labels, 1 - labels] = 1 - error, error
        return Counts(each=each)

    taken, half = of(learnt), of(share_of(learnt, HALF))
    found = continued(taken, half, reach(labels, groups, fold_of))
    assert np.allclose(found.each, of(polygons).each)
    draws = draws_of(labels, 0)
    gained = growth(accuracy, taken, found, draws)
    assert gained == pytest.approx(more / learnt - more / polygons, abs=1e-9)


def test_how_far_all_polygons_lie_beyond() -> None:
    """Three of a class, two learnt from, one when halved: 1/2 - 1/3 of 1 - 1/2."""
    labels, groups = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 1, 2, 3, 4])
    folds = np.array([[0, 0, 1, 2, 0, 1], [0, 0, 0, 1, -1, -1]])
    far = reach(labels, groups, folds)
    one_of_three, two_of_three = (1 / 2 - 1 / 3) / (1 - 1 / 2), 0.0
    assert far[:3, 0] == pytest.approx(
        [(one_of_three + two_of_three) / 2, (one_of_three + two_of_three) / 2, one_of_three]
    )
    assert not far[:, 1].any()  # one that is left cannot be halved
    assert not far[3:, 0].any()


def test_what_may_be_chance_is_not_added() -> None:
    labels, random = np.arange(24) % 2, np.random.default_rng(0)
    draws = draws_of(labels, 0)

    def of(right: np.ndarray) -> Counts:
        each = np.zeros((24, 2, 2))
        each[np.arange(24), labels, labels] = right
        each[np.arange(24), labels, 1 - labels] = 1 - right
        return Counts(each=each)

    seen = np.full(24, 0.7)
    even = random.normal(0, 0.1, 24)
    even -= even.mean()
    assert growth(accuracy, of(seen), of(seen + even + 0.002), draws) == 0
    assert growth(accuracy, of(seen), of(seen - 0.05), draws) == 0
    little = growth(accuracy, of(seen), of(seen + even + 0.04), draws)
    assert 0.02 < little < 0.04
    assert growth(accuracy, of(seen), of(seen + 0.04), draws) == pytest.approx(0.04)


def _samples(random: np.random.Generator, middles: np.ndarray, polygons: int) -> Samples:
    """Polygons of three classes: each lies beside the middle of its class, its pixels around it."""
    labels = np.repeat(np.arange(3), polygons)
    where = middles[labels] + random.normal(0, 1, (len(labels), middles.shape[1]))
    values = np.repeat(where, 8, axis=0) + random.normal(0, 0.3, (8 * len(labels), 6))
    count = len(values)
    return Samples(
        values=values.astype(np.float32),
        labels=np.repeat(labels, 8),
        stands_for=np.ones(count, dtype=np.float32),
        groups=np.repeat(np.arange(len(labels)), 8),
        mixed=np.zeros(count, dtype=bool),
        columns={"": tuple(range(6))},
        classes=3,
        group_count=len(labels),
    )


def test_what_is_stated_of_few_polygons_is_nearer_to_the_truth_and_not_above_it() -> None:
    setup, truth, folds, stated = Setup(kinds=(Kind.LINEAR,)), [], [], []
    for seed in range(60):
        random = np.random.default_rng(seed)
        middles = random.normal(0, 0.8, (3, 6))
        few, many = _samples(random, middles, 3), _samples(random, middles, 100)
        fold_of = repeated_folds(few.labels, few.groups, 10, 2, seed)
        tryout = Tryout(samples=few, fold_of=fold_of, threads=1, seed=seed)
        half = Tryout(samples=few, fold_of=fold_of, threads=1, seed=seed, share=HALF)
        taken, far = tryout(setup).counts, reach(few.labels, few.groups, fold_of)
        grown = continued(taken, half(setup).counts, far)
        draws = draws_of(np.repeat(np.arange(3), 3), seed)
        rows = few.rows(setup, np.ones(len(few.labels), dtype=bool))
        found = predict(fit_kind(Kind.LINEAR, setup, rows, 1, 0), many.values).argmax(axis=1)
        truth.append(float((found == many.labels).mean()))
        folds.append(float(accuracy(taken.whole)))
        stated.append(folds[-1] + growth(accuracy, taken, grown, draws))
    poorer, bias = np.mean(folds) - np.mean(truth), np.mean(stated) - np.mean(truth)
    assert poorer < -0.02
    assert poorer + 0.005 < bias < 0.005


def test_folds_that_learn_from_half_keep_a_polygon_of_every_class() -> None:
    few = _samples(np.random.default_rng(0), np.zeros((3, 6)), 5)
    fold_of = repeated_folds(few.labels, few.groups, 10, 2, 0)
    tryout = Tryout(samples=few, fold_of=fold_of, threads=1, seed=0)
    whole, half = tryout.learnt_from(), Tryout(
        samples=few, fold_of=fold_of, threads=1, seed=0, share=HALF
    ).learnt_from()  # fmt: skip
    assert (whole, half) == (3 * 4 * 8, 3 * 2 * 8)
    least = Tryout(samples=few, fold_of=fold_of, threads=1, seed=0, share=0.01)
    assert least.learnt_from() == 3 * 8
