"""Every polygon is judged by choices that it had no say in."""

from __future__ import annotations

import numpy as np
import pytest

from automap_tiles.analysis.learning.classifier._setups import Kind, Setup
from automap_tiles.analysis.learning.classifier.training._decide import Answer, Decision, best
from automap_tiles.analysis.learning.classifier.training._evidence import (
    Counts,
    accuracy,
    draws_of,
    gain,
)
from automap_tiles.analysis.learning.classifier.training._nested_validation import without_choosing
from automap_tiles.analysis.learning.classifier.training._tryout import Tried

SETUP = Setup(kinds=(Kind.PLAIN,))
LABELS = np.arange(20) % 2
DRAWS = draws_of(LABELS, 0)


def _counts(right: np.ndarray, pixels: np.ndarray | int = 10) -> Counts:
    """Polygons whose pixels are right by a share; wrong ones are of the other class."""
    each, places = np.zeros((20, 2, 2)), np.arange(20)
    each[places, LABELS, LABELS] = right * pixels
    each[places, LABELS, 1 - LABELS] = (1 - right) * pixels
    return Counts(each=each)


def _decision(present: Counts, *others: tuple[Counts, Counts]) -> Decision:
    """Answers, each with what was there on the same deals."""
    answers = [Answer(name="0", tried=Tried(setup=SETUP, counts=present), gain=None)]
    for place, (one, beside) in enumerate(others, 1):
        tried, found = Tried(setup=SETUP, counts=one), gain(one, beside, DRAWS)
        answers.append(Answer(name=str(place), tried=tried, gain=found, beside=beside))
    return Decision(question="which", answers=tuple(answers), taken=best(answers))


def _of(start: Counts, *decisions: Decision) -> float:
    return float(accuracy(without_choosing(start, decisions, DRAWS).whole))


def test_what_nobody_chose_stays() -> None:
    start = _counts(np.linspace(0.3, 0.9, 20))
    assert np.array_equal(without_choosing(start, [], DRAWS).each, start.each)


def test_a_gain_of_all_polygons_counts_whole_whatever_was_declined_before() -> None:
    """Draws that would have taken another turn before gain by what is asked for later, too."""
    start = _counts(np.full(20, 0.7))
    almost = np.full(20, 0.7) + np.where(np.arange(20) < 6, 0.1, -0.02)  # by chance: declined
    declined = _decision(start, (_counts(almost), start))
    assert declined.taken == 0
    sure = _decision(start, (_counts(np.full(20, 0.8)), start))
    assert sure.taken == 1
    alone = _of(start, declined)
    assert _of(start, sure) == pytest.approx(0.8)
    assert _of(start, declined, sure) == pytest.approx(alone + 0.1)


def test_a_gain_that_one_polygon_shows_is_not_believed() -> None:
    pixels = np.where(np.arange(20) == 3, 1000, 10)
    right = np.full(20, 0.7)
    start = _counts(right, pixels)
    lucky = _counts(np.where(np.arange(20) == 3, 1.0, right), pixels)
    told = Decision(
        question="which",
        answers=_decision(start, (lucky, start)).answers,
        taken=1,
    )
    assert accuracy(lucky.whole) > 0.9
    assert _of(start, told) == pytest.approx(0.7, abs=0.01)


def test_answers_are_compared_on_the_deals_that_they_were_tried_on() -> None:
    """An answer of the first deal only is not better because that deal was an easy one."""
    whole, first = _counts(np.full(20, 0.6)), _counts(np.full(20, 0.8))
    same = _decision(whole, (first, first))
    assert same.taken == 0
    assert _of(whole, same) == pytest.approx(0.6)
    told = same.to_dict()["answers"]
    assert [one["accuracy"] for one in told] == pytest.approx([0.6, 0.6])


def test_of_several_real_gains_the_largest_on_like_deals_is_taken() -> None:
    present, easy = _counts(np.full(20, 0.6)), _counts(np.full(20, 0.8))
    found = _decision(
        present, (_counts(np.full(20, 0.85)), easy), (_counts(np.full(20, 0.7)), present)
    )
    assert found.taken == 2
