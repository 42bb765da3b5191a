"""Choices by evidence: the simple way stays unless the folds show a better one.

Everything that costs when it is wrong is a question, asked one after the other. The answer that
is there stays unless another one is better by twice its own error on the same polygons (see
`evidence`). XGBoost with its defaults and a random forest, both on what was asked for alone, are
always among the answers of the first question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from automap_tiles.analysis.learning.classifier._setups import ENGINES, Kind, Setup
from automap_tiles.analysis.learning.classifier.training._evidence import (
    Counts,
    Floats,
    Gain,
    Measure,
    accuracy,
    gain,
    macro_f1,
)
from automap_tiles.analysis.learning.classifier.training._tryout import Tried, Tryout

BASE = (Kind.BOOSTED, Kind.EXTRA, Kind.LINEAR)
"""What is taken where nothing is shown to be better: a vote of the three."""

_OTHERS: tuple[tuple[Kind, ...], ...] = (
    (Kind.PLAIN,),
    (Kind.FOREST,),
    (Kind.EXTRA,),
    (Kind.LINEAR,),
    (Kind.BOOSTED, Kind.FOREST),
)

Answers = Callable[[Setup], Sequence[tuple[str, Setup]]]
"""Names and setups that are tried beside the present one."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One way that was tried."""

    name: str
    tried: Tried
    gain: Gain | None
    """Over the answer that was there; None for that one itself."""
    beside: Counts | None = None
    """Of the answer that was there, on the same deals of the folds; None for that one itself."""

    def gained(self, measure: Measure, draws: Floats) -> Floats:
        """(draw,) by how much a measure is better than that of the answer that was there."""
        if self.beside is None:
            return np.zeros(len(draws))
        return measure(self.tried.counts.drawn(draws)) - measure(self.beside.drawn(draws))

    def to_dict(self, present: Answer) -> dict[str, Any]:
        """For JSON; figures are those of the answer that was there and what is gained on them.

        Not all answers are tried on all deals, and figures of unlike deals cannot be compared.
        """
        found = {"accuracy": accuracy, "macro_f1": macro_f1}
        return {
            "name": self.name,
            **{name: self._level(measure, present) for name, measure in found.items()},
            **({} if self.gain is None else self.gain.to_dict()),
        }

    def _level(self, measure: Measure, present: Answer) -> float:
        once = np.ones((1, len(present.tried.counts.each)))
        value = measure(present.tried.counts.whole) + self.gained(measure, once)[0]
        return float(np.clip(value, 0, 1))


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A question and its answers, the one that was there first."""

    question: str
    answers: tuple[Answer, ...]
    taken: int
    """Place of the answer that was taken."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "question": self.question,
            "taken": self.answers[self.taken].name,
            "answers": [answer.to_dict(self.answers[0]) for answer in self.answers],
        }


def decide(
    start: Tried, questions: Sequence[tuple[str, str, Answers]], tryout: Tryout, draws: Floats
) -> Iterator[Decision]:
    """Ask (question, name of the present answer, other answers) in turn."""
    present = start
    for question, name, others in questions:
        answers = [Answer(name=name, tried=present, gain=None)]
        for other, setup in others(present.setup):
            if tryout.is_over():
                break
            answers.append(_answer(other, setup, present, tryout, draws))
        if len(answers) > 1:
            taken = _best_of_all_deals(answers, present, tryout, draws)
            yield Decision(question=question, answers=tuple(answers), taken=taken)
            present = answers[taken].tried


def _answer(name: str, setup: Setup, present: Tried, tryout: Tryout, draws: Floats) -> Answer:
    """By the first deal of the folds; what is to be taken is tried on all of them."""
    tried, before = tryout.at_first(setup), tryout.at_first(present.setup).counts
    return Answer(name=name, tried=tried, gain=gain(tried.counts, before, draws), beside=before)


def _best_of_all_deals(answers: list[Answer], present: Tried, tryout: Tryout, draws: Floats) -> int:
    """Place of the answer to take; what looked best on the first deal must on all of them."""
    asked: set[int] = set()
    while (taken := best(answers)) not in {0, *asked}:
        tried = tryout(answers[taken].tried.setup)
        found = gain(tried.counts, present.counts, draws)
        answers[taken] = replace(answers[taken], tried=tried, gain=found, beside=present.counts)
        asked.add(taken)
    return taken


def best(answers: Sequence[Answer]) -> int:
    """Place of the answer to take: of those that are really better the one that is most so."""
    gains = {place: one.gain for place, one in enumerate(answers) if one.gain is not None}
    real = {place: one.mean for place, one in gains.items() if one.is_real}
    return max(real, key=real.__getitem__, default=0)


def kinds(also: Sequence[Kind] = ()) -> Answers:
    """Other classifiers than the present one; `also` those of extras, alone and in the vote.

    In the vote such an engine has the place of its like: a forest that of extra trees, boosting
    that of boosting.
    """
    others = [*_OTHERS, *((kind,) for kind in also), *(_in_the_vote(kind) for kind in also)]

    def answers(present: Setup) -> Sequence[tuple[str, Setup]]:
        every = [present.but(kinds=several) for several in (BASE, *others)]
        return [(setup.name, setup) for setup in every if setup.kinds != present.kinds]

    return answers


def _in_the_vote(kind: Kind) -> tuple[Kind, ...]:
    boosts = ENGINES[kind].is_too_sure
    return (kind, Kind.EXTRA, Kind.LINEAR) if boosts else (Kind.BOOSTED, kind, Kind.LINEAR)
