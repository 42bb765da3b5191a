"""Prediction sets: the rule by hand, and coverage where it is promised, over many divisions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.learning.confidence.conformal import (
    Ground,
    SetScores,
    covered,
    quantile_of_groups,
    quantile_of_points,
    scores_of,
    sets_of,
)

coverages = st.sampled_from([0.5, 0.8, 0.9, 0.95])


@given(st.lists(st.floats(0, 1, width=32), max_size=60), coverages)
def test_of_points_it_is_the_smallest_but_so_many(scores: list[float], coverage: float) -> None:
    place = math.ceil((len(scores) + 1) * coverage - 1e-9)
    wanted = sorted(scores)[place - 1] if place <= len(scores) else math.inf
    assert quantile_of_points(np.array(scores), coverage) == wanted


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40), coverages, st.integers(2, 5))
def test_pixels_that_repeat_each_other_say_no_more(
    scores: list[float], coverage: float, times: int
) -> None:
    once = quantile_of_points(np.array(scores), coverage)
    groups = np.arange(len(scores))
    assert quantile_of_groups(np.array(scores), groups, coverage) == once
    repeated = quantile_of_groups(np.array(scores).repeat(times), groups.repeat(times), coverage)
    assert repeated == once
    weights = np.full(len(scores), 3.0)
    assert quantile_of_points(np.array(scores), coverage, weights) == once
    assert quantile_of_groups(np.array(scores), groups, coverage, weights) == once


@pytest.mark.parametrize(("coverage", "least"), [(0.9, 9), (0.95, 19)])
def test_too_few_say_nothing(coverage: float, least: int) -> None:
    scores = np.linspace(0, 1, least)
    assert quantile_of_points(scores, coverage) == 1
    assert quantile_of_points(scores[1:], coverage) == math.inf
    assert quantile_of_groups(scores, np.arange(least), coverage) == 1
    assert quantile_of_groups(scores.repeat(50), np.zeros(50 * least, int), coverage) == math.inf
    assert quantile_of_points(scores[:0], coverage) == math.inf
    assert quantile_of_groups(scores[:0], np.zeros(0, int), coverage) == math.inf
    for wrong in (0.0, 1.0, -2.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            quantile_of_points(scores, wrong)
        with pytest.raises(ValueError, match="between 0 and 1"):
            quantile_of_groups(scores, np.arange(least), wrong)


def test_the_sets_are_of_the_classes_that_are_probable_enough() -> None:
    probabilities = np.array([[0.7, 0.4, 0.34], [0.2, 0.4, 0.33], [0.1, 0.2, 0.33]], np.float32)
    one = sets_of(probabilities, 0.65)
    np.testing.assert_array_equal(one, [[1, 1, 0], [0, 1, 0], [0, 0, 0]])
    each = sets_of(probabilities, np.array([0.1, np.inf, 0.81]))
    np.testing.assert_array_equal(each, [[0, 0, 0], [1, 1, 1], [0, 1, 1]])
    labels = np.array([1, 2, 0])
    assert sets_of(probabilities, scores_of(probabilities, labels).max())[
        labels, np.arange(3)
    ].all()


def vague(random: np.random.Generator, classes: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Probabilities (class, sample) of a classifier that is too sure and often wrong."""
    seen = np.eye(3)[classes].T * 1.5 + random.normal(0, 0.6, (3, len(classes))) + shift
    odds = np.exp(2 * seen)
    found: np.ndarray = (odds / odds.sum(axis=0)).astype(np.float32)
    return found


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_a_probability_sample_covers_the_map(coverage: float) -> None:
    """Though its pixels are alike in patches, and some strata are drawn more often than others."""
    random = np.random.default_rng(0)
    patches = random.integers(0, 3, 900)
    classes = patches.repeat(40)
    shift = random.normal(0, 1.0, (3, 900)).repeat(40, axis=1)
    probabilities = vague(random, classes, shift)
    mapped = probabilities.argmax(axis=0)
    sizes = np.bincount(mapped)
    shares = []
    for _ in range(400):
        drawn = [random.choice(np.flatnonzero(mapped == k), 40 * (k + 1)) for k in range(3)]
        points = np.concatenate(drawn)
        weights = np.concatenate([np.full(len(one), sizes[k] / len(one))
                                  for k, one in enumerate(drawn)])  # fmt: skip
        scores = scores_of(probabilities[:, points], classes[points])
        found = quantile_of_points(scores, coverage, weights)
        shares.append(sets_of(probabilities, found)[classes, np.arange(len(classes))].mean())
    assert np.mean(shares) == pytest.approx(coverage, abs=0.02)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_polygons_cover_other_polygons(coverage: float) -> None:
    """Of unlike sizes, whose pixels are alike: counted one by one they would promise too much."""
    fair, naive = [], []
    for seed in range(300):
        random = np.random.default_rng(seed)
        sizes = random.integers(1, 40, 120)
        groups = np.arange(120).repeat(sizes)
        classes = random.integers(0, 3, 120)[groups]
        probabilities = vague(random, classes, random.normal(0, 1.0, (3, 120))[:, groups])
        seen = groups < 60
        scores = scores_of(probabilities, classes)
        found = quantile_of_groups(scores[seen], groups[seen], coverage)
        right = scores[~seen] <= found
        members = groups[~seen] - 60
        fair.append((np.bincount(members, right) / np.bincount(members)).mean())
        one = quantile_of_points(scores[seen][:30], coverage)  # a polygon or two, pixel by pixel
        naive.append((np.bincount(members, scores[~seen] <= one) / np.bincount(members)).mean())
    assert np.mean(fair) == pytest.approx(coverage, abs=0.02)
    assert np.mean(naive) < coverage - 0.03


def test_class_by_class_each_class_is_covered() -> None:
    """Also one that the classifier seldom finds."""
    each = np.zeros(3)
    for seed in range(200):
        random = np.random.default_rng(seed)
        classes = random.integers(0, 3, 600)
        probabilities = vague(random, classes, np.array([[1.0], [0.0], [-1.0]]))
        scores, seen = scores_of(probabilities, classes), np.arange(600) < 300
        limits = [quantile_of_points(scores[seen & (classes == k)], 0.9) for k in range(3)]
        inside = sets_of(probabilities, np.array(limits))[classes, np.arange(600)]
        each += [inside[~seen & (classes == k)].mean() for k in range(3)]
    np.testing.assert_allclose(each / 200, 0.9, atol=0.02)


def some_scores(count: int = 40, seed: int = 0) -> tuple[SetScores, np.ndarray, np.ndarray]:
    """With their probabilities, and five folds of whole groups."""
    random = np.random.default_rng(seed)
    groups = np.arange(count).repeat(6) + 1000
    labels = (groups % 3).astype(np.int64)
    probabilities = vague(random, labels, random.normal(0, 1, (3, count)).repeat(6, axis=1))
    scores = SetScores(
        ground=Ground.FOLDS,
        scores=scores_of(probabilities, labels),
        labels=labels,
        groups=groups,
        weights=random.uniform(1, 9, len(groups)).astype(np.float32),
    )
    return scores, probabilities, groups % 5


def test_what_sets_are_worth_is_measured_on_others() -> None:
    seen, probabilities, folds = some_scores()
    found = covered(seen, probabilities, folds, 0.8)
    inside, sizes, shares = [], [], []
    for fold in range(5):
        own = folds == fold
        limit = quantile_of_groups(seen.scores[~own], seen.groups[~own], 0.8, seen.weights[~own])
        for group in np.unique(seen.groups[own]):
            members = seen.groups == group
            weights = seen.weights[members]
            several = sets_of(probabilities[:, members], limit).sum(axis=0)
            inside.append(np.average(seen.scores[members] <= limit, weights=weights))
            sizes.append(np.average(several, weights=weights))
            shares.append(np.average(several == 0, weights=weights))
    assert found.covered == pytest.approx(np.mean(inside))
    assert found.classes == pytest.approx(np.mean(sizes))
    assert found.empty == pytest.approx(np.mean(shares))
    assert found.quantile == seen.quantile(0.8)
    assert seen.polygons == 40
    assert covered(seen, probabilities, folds, 0.99).quantile is None


def test_scores_go_through_a_file() -> None:
    seen, *_ = some_scores()
    again = SetScores.from_bytes(seen.to_bytes(), seen.ground)
    for name in ("scores", "labels", "groups", "weights"):
        np.testing.assert_array_equal(getattr(again, name), getattr(seen, name))
    np.testing.assert_array_equal(again.quantiles(0.8, 3), seen.quantiles(0.8, 3))
    assert np.isinf(seen.quantiles(0.95, 3)).all()  # 13 polygons of a class, 19 are wanted
    with pytest.raises(ValueError, match="cut off"):
        SetScores.from_bytes(seen.to_bytes()[:-1], seen.ground)


def test_only_what_was_kept_apart_is_a_promise() -> None:
    assert [one for one in Ground if one.is_promise] == [Ground.SAMPLE, Ground.GROUPS]
