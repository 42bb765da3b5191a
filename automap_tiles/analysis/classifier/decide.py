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

from automap_tiles.analysis.classifier.evidence import (
    Floats,
    Gain,
    accuracy,
    gain,
    macro_f1,
    merit,
)
from automap_tiles.analysis.classifier.setups import Kind, Setup
from automap_tiles.analysis.classifier.tryout import Tried, Tryout

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

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        whole = self.tried.counts.whole
        return {
            "name": self.name,
            "accuracy": float(accuracy(whole)),
            "macro_f1": float(macro_f1(whole)),
            **({} if self.gain is None else self.gain.to_dict()),
        }


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
            "answers": [answer.to_dict() for answer in self.answers],
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
    tried, before = tryout.at_first(setup), tryout.at_first(present.setup)
    return Answer(name=name, tried=tried, gain=gain(tried.counts, before.counts, draws))


def _best_of_all_deals(answers: list[Answer], present: Tried, tryout: Tryout, draws: Floats) -> int:
    """Place of the answer to take; what looked best on the first deal must on all of them."""
    asked: set[int] = set()
    while (taken := best(answers)) not in {0, *asked}:
        tried = tryout(answers[taken].tried.setup)
        found = gain(tried.counts, present.counts, draws)
        answers[taken] = replace(answers[taken], tried=tried, gain=found)
        asked.add(taken)
    return taken


def best(answers: Sequence[Answer]) -> int:
    """Place of the answer to take: of those that are really better the one that is most so."""
    real = [place for place, one in enumerate(answers) if one.gain and one.gain.is_real]
    return max(real, key=lambda place: _merit(answers[place]), default=0)


def _merit(answer: Answer) -> float:
    return float(merit(answer.tried.counts.whole))


def kinds(present: Setup) -> Sequence[tuple[str, Setup]]:
    """Other classifiers than the present one."""
    every = [present.but(kinds=several) for several in (BASE, *_OTHERS)]
    return [(setup.name, setup) for setup in every if setup.kinds != present.kinds]
