"""Model selection: the current setup is kept unless the folds show a significantly better one.

Each choice that may reduce the accuracy is a question; questions are asked in sequence. The current
answer is kept unless another one is better by twice the standard error on the same polygons (see
`evidence`). XGBoost with its defaults and a random forest, both on the requested features alone,
are always among the answers to the first question.
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
"""The default where nothing is shown to be better: a vote of these three classifiers."""

_OTHERS: tuple[tuple[Kind, ...], ...] = (
    (Kind.PLAIN,),
    (Kind.FOREST,),
    (Kind.EXTRA,),
    (Kind.LINEAR,),
    (Kind.BOOSTED, Kind.FOREST),
)

Answers = Callable[[Setup], Sequence[tuple[str, Setup]]]
"""Names and setups of the alternatives to the current setup."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One setup that was evaluated."""

    name: str
    tried: Tried
    gain: Gain | None
    """Over the current answer; None for the current answer itself."""
    beside: Counts | None = None
    """Counts of the current answer, on the same fold assignments; None for the current answer
    itself."""

    def gained(self, measure: Measure, draws: Floats) -> Floats:
        """(draw,) improvement of a measure over the current answer."""
        if self.beside is None:
            return np.zeros(len(draws))
        return measure(self.tried.counts.drawn(draws)) - measure(self.beside.drawn(draws))

    def to_dict(self, present: Answer) -> dict[str, Any]:
        """For JSON: the figures of the current answer plus the gain over it.

        Not all answers are evaluated on all fold assignments, and figures of different assignments
        are not comparable.
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
    """A question and its answers, the current one first."""

    question: str
    answers: tuple[Answer, ...]
    taken: int
    """Index of the selected answer."""

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
    """Answer the questions (question, name of the current answer, alternatives) in sequence."""
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
    """Evaluate on the first fold assignment.

    What may be selected is then evaluated on all of them.
    """
    tried, before = tryout.at_first(setup), tryout.at_first(present.setup).counts
    return Answer(name=name, tried=tried, gain=gain(tried.counts, before, draws), beside=before)


def _best_of_all_deals(answers: list[Answer], present: Tried, tryout: Tryout, draws: Floats) -> int:
    """Index of the answer to select.

    The best on the first assignment must also win on all of them.
    """
    asked: set[int] = set()
    while (taken := best(answers)) not in {0, *asked}:
        tried = tryout(answers[taken].tried.setup)
        found = gain(tried.counts, present.counts, draws)
        answers[taken] = replace(answers[taken], tried=tried, gain=found, beside=present.counts)
        asked.add(taken)
    return taken


def best(answers: Sequence[Answer]) -> int:
    """Index of the answer to select: the significantly better one with the largest gain."""
    gains = {place: one.gain for place, one in enumerate(answers) if one.gain is not None}
    real = {place: one.mean for place, one in gains.items() if one.is_real}
    return max(real, key=real.__getitem__, default=0)


def kinds(also: Sequence[Kind] = ()) -> Answers:
    """Alternatives to the current classifier; `also` those of extras, alone and in the vote.

    In the vote such an engine replaces the most similar one: a forest replaces extra trees, a
    boosting engine replaces boosting.
    """
    others = [*_OTHERS, *((kind,) for kind in also), *(_in_the_vote(kind) for kind in also)]

    def answers(present: Setup) -> Sequence[tuple[str, Setup]]:
        every = [present.but(kinds=several) for several in (BASE, *others)]
        return [(setup.name, setup) for setup in every if setup.kinds != present.kinds]

    return answers


def _in_the_vote(kind: Kind) -> tuple[Kind, ...]:
    boosts = ENGINES[kind].is_too_sure
    return (kind, Kind.EXTRA, Kind.LINEAR) if boosts else (Kind.BOOSTED, kind, Kind.LINEAR)
