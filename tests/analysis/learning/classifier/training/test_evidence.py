"""Gains beyond chance, choices by them, and the estimate that is corrected for the choices."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.classifier._setups import Kind, Setup
from automap_tiles.analysis.learning.classifier.training._decide import Answer, Decision, best
from automap_tiles.analysis.learning.classifier.training._estimate import Seen, estimate
from automap_tiles.analysis.learning.classifier.training._evidence import (
    Counts,
    accuracy,
    draws_of,
    gain,
    macro_f1,
)
from automap_tiles.analysis.learning.classifier.training._tryout import Tried

SETUP = Setup(kinds=(Kind.PLAIN,))
BOTH = np.array([True, True])


def _counts(right: np.ndarray, labels: np.ndarray, pixels: int = 10) -> Counts:
    """Polygons whose pixels are right by a share; wrong ones are of the next class."""
    each = np.zeros((len(labels), 2, 2))
    places = np.arange(len(labels))
    each[places, labels, labels] = right * pixels
    each[places, labels, 1 - labels] = (1 - right) * pixels
    return Counts(each=each)


def _unchosen(counts: Counts, draws: np.ndarray) -> Seen:
    return Seen(start=counts, taken=counts, decisions=[], draws=draws)


def test_scores_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    given, predicted = random.integers(0, 4, 200), random.integers(0, 4, 200)
    counts = Counts.of(np.arange(200) // 10, given, predicted, (20, 4))
    assert accuracy(counts.whole) == pytest.approx(metrics.accuracy_score(given, predicted))
    assert macro_f1(counts.whole) == pytest.approx(
        metrics.f1_score(given, predicted, average="macro")
    )


def test_a_class_that_nobody_asked_for_is_not_in_the_mean() -> None:
    assert macro_f1(np.array([[3.0, 0, 1], [0, 4, 0], [0, 0, 0]])) == pytest.approx((6 / 7 + 1) / 2)


def test_a_gain_of_all_polygons_is_real_and_one_that_others_pay_for_is_not() -> None:
    labels = np.arange(20) % 2
    draws = draws_of(labels, 0)
    old = _counts(np.full(20, 0.7), labels)
    assert gain(_counts(np.full(20, 0.75), labels), old, draws).is_real
    lucky = np.full(20, 0.7)
    lucky[3], lucky[5:8] = 1.0, 0.65
    single = gain(_counts(lucky, labels), old, draws)
    assert single.mean > 0
    assert not single.is_real
    assert not gain(old, old, draws).is_real


def test_the_best_of_many_equals_is_not_believed() -> None:
    """Answers that differ by chance alone: what the best of them gains is taken off again."""
    stated, chosen, truth = [], [], 0.7
    for seed in range(30):
        random = np.random.default_rng(seed)
        labels = np.arange(24) % 2
        draws = draws_of(labels, seed)
        several = [_counts(np.clip(random.normal(truth, 0.25, 24), 0, 1), labels) for _ in range(8)]
        answers = [Answer(name="0", tried=Tried(setup=SETUP, counts=several[0]), gain=None)]
        answers += [
            Answer(
                name=str(place),
                tried=Tried(setup=SETUP, counts=one),
                gain=gain(one, several[0], draws),
                beside=several[0],
            )
            for place, one in enumerate(several[1:], 1)
        ]
        decision = Decision(question="which", answers=tuple(answers), taken=best(answers))
        taken = answers[decision.taken].tried.counts
        seen = Seen(start=several[0], taken=taken, decisions=[decision], draws=draws)
        found = estimate(seen, told=BOTH, pixels=240, repeats=1)
        stated.append(found.accuracy.value)
        chosen.append(float(accuracy(taken.whole)))
    mean = np.mean([np.clip(np.random.default_rng(9).normal(truth, 0.25, 10**5), 0, 1).mean()])
    assert np.mean(chosen) > mean + 0.015
    assert abs(np.mean(stated) - mean) < np.mean(chosen) - mean
    assert abs(np.mean(stated) - mean) < 0.015


def test_the_interval_holds_what_other_polygons_show() -> None:
    held = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        labels = np.arange(20) % 2
        seen = _counts(random.beta(4, 1, 20), labels)
        other = _counts(random.beta(4, 1, 10), labels[:10])
        found = estimate(
            _unchosen(seen, draws_of(labels, seed)), told=BOTH, pixels=200, repeats=1
        ).accuracy
        held += bool(found.low <= accuracy(other.whole) <= found.high)
    assert 88 <= held <= 100


def test_polygons_of_unlike_size_that_are_right_or_wrong_as_a_whole() -> None:
    """The hardest case: the few that are wrong may be among those seen, or not at all."""
    held = {"accuracy": 0, "macro_f1": 0}
    for seed in range(200):
        random = np.random.default_rng(seed)
        labels = np.arange(24) % 2
        each = np.zeros((24, 2, 2))
        sizes = np.exp(random.normal(3, 1, 24)).round() + 1
        wrong = random.random(24) < 0.1
        each[np.arange(24), labels, np.where(wrong, 1 - labels, labels)] = sizes
        seen, others = Counts(each=each[:16]), each[16:].sum(axis=0)
        found = estimate(
            _unchosen(seen, draws_of(labels[:16], seed)), told=BOTH, pixels=200, repeats=1
        )
        for name, measure in (("accuracy", accuracy), ("macro_f1", macro_f1)):
            figure = getattr(found, name)
            held[name] += bool(figure.low <= measure(others) <= figure.high)
    assert held["accuracy"] >= 0.9 * 200
    assert held["macro_f1"] >= 0.9 * 200


def test_all_right_is_not_sure() -> None:
    labels = np.arange(10) % 2
    perfect = _counts(np.ones(10), labels)
    seen = _unchosen(perfect, draws_of(labels, 0))
    found = estimate(seen, told=BOTH, pixels=100, repeats=1)
    assert found.accuracy.value == found.accuracy.high == 1
    assert found.accuracy.low == pytest.approx(1 - 3 / 10)
    assert found.is_small


def test_classes_that_are_not_told_decide_and_are_not_in_the_figures() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1])
    counts = _counts(np.array([0.9, 0.7, 0.9, 0.7, 0.0, 0.0]), labels)
    draws = draws_of(labels, 0)
    told = np.array([True, False])
    found = estimate(_unchosen(counts, draws), told=told, pixels=40, repeats=1)
    assert found.accuracy.value == pytest.approx(0.8)
    assert (found.polygons, found.left_out) == (4, (1,))
    better = _counts(np.array([0.9, 0.7, 0.9, 0.7, 1.0, 0.8]), labels)
    assert gain(better, counts, draws).is_real


def test_many_polygons_of_which_one_holds_most_are_few() -> None:
    labels = np.arange(40) % 2
    alike, unlike = np.zeros((40, 2, 2)), np.zeros((40, 2, 2))
    alike[np.arange(40), labels, labels] = 10
    unlike[np.arange(40), labels, labels] = 10
    unlike[0, 0, 0] = 5000
    unlike[1, 1, 0] = 30  # of class 1 some are not found
    draws = draws_of(labels, 0)
    found = [
        estimate(_unchosen(Counts(each=each), draws), told=BOTH, pixels=1, repeats=1)
        for each in (alike, unlike)
    ]
    assert found[0].as_many == pytest.approx(40)
    assert not found[0].is_small
    assert found[1].as_many < 1.5
    assert found[1].is_small
    assert found[0].found == (1, 1)
    assert found[1].found[0] == 1
    assert found[1].found[1] == pytest.approx(200 / 230)
    some = estimate(
        _unchosen(Counts(each=unlike), draws), told=np.array([True, False]), pixels=1, repeats=1
    )
    assert some.found == (1, None)
    assert some.to_dict()["found"] == [1, None]
