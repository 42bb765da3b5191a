"""An accuracy that is true: corrected for the choices that were made by the same folds.

The best of several ways to train looks better on the folds that chose it than it is. So polygons
are drawn anew many times; the choices are made again by those drawn, and what they gain over the
fixed first way is measured on those not drawn (bootstrap bias correction: Tsamardinos, Greasidou &
Borboudakis 2018, Machine Learning 107: 1895-1922). The first way was chosen by nobody: its figure
on the folds is without bias.

The interval is one of prediction: it is to hold the accuracy that somebody finds on half as many
other polygons, as a usual test set has, so it knows both that few were seen and that those few
others differ, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.classifier.decide import Decision
from automap_tiles.analysis.classifier.evidence import (
    Counts,
    Floats,
    accuracy,
    macro_f1,
    merit,
)

SMALL = 30
"""Polygons held out below which the figures are called those of small numbers."""

_OTHERS = 0.5
"""Number of other polygons that the interval is for, beside that of those held out."""

Measure = Callable[[Floats], Floats]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """An estimate, and where the figure of half as many others would lie, 95 times in 100."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How well pixels of polygons that were not learnt from are classified."""

    accuracy: Figure
    macro_f1: Figure
    polygons: int
    """Polygons or blocks that were held out."""
    pixels: int
    """Of them."""
    left_out: tuple[int, ...]
    """Places of the classes that are not in it: they have too few polygons."""
    repeats: int

    @property
    def is_small(self) -> bool:
        return self.polygons < SMALL

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "accuracy": self.accuracy.to_dict(),
            "macro_f1": self.macro_f1.to_dict(),
            "polygons": self.polygons,
            "pixels": self.pixels,
            "left_out": list(self.left_out),
            "repeats": self.repeats,
            "small": self.is_small,
        }


def figure(
    measure: Measure,
    base: Counts,
    chosen: Counts,
    decisions: Sequence[Decision],
    draws: Floats,
    weights: Floats,
) -> Figure:
    """A measure of the chosen way, with what choosing made of it taken off.

    `weights` (group,): how much each polygon has to say in it, in any unit.
    """
    value = float(measure(base.whole) + _gained(measure, base, decisions, draws))
    spread = measure(chosen.drawn(draws))
    # the polygons seen are a sample, and so are those that somebody will look at: both are drawn
    away = spread - spread.mean()
    apart = away - np.roll(away, len(away) // 2) / np.sqrt(_OTHERS)
    low, high = np.percentile(apart, (2.5, 97.5)) * _widening(chosen)
    least = _least(value, weights)
    return Figure(
        value=float(np.clip(value, 0, 1)),
        low=float(np.clip(value + min(low, -least), 0, 1)),
        high=float(np.clip(value + max(high, least), 0, 1)),
    )


def _gained(measure: Measure, base: Counts, decisions: Sequence[Decision], draws: Floats) -> float:
    """Mean gain over the base, on polygons not drawn, of what those drawn would have chosen.

    A draw that takes another turn than was taken stays where it went: what lies behind was not
    tried.
    """
    unseen = (draws == 0).astype(np.float64)
    at_start = measure(base.drawn(unseen))
    chosen = at_start
    on_path = np.ones(len(draws), dtype=bool)
    for decision in decisions:
        picked = _picked(decision, draws)
        for place, answer in enumerate(decision.answers):
            here = on_path & (picked == place)
            if here.any():
                chosen = np.where(here, measure(answer.tried.counts.drawn(unseen)), chosen)
        on_path &= picked == decision.taken
    return float(np.mean(chosen - at_start))


def _picked(decision: Decision, draws: Floats) -> NDArray[np.int64]:
    """(draw,) place of the answer that each draw would take; the same rule as `decide.best`."""
    present = merit(decision.answers[0].tried.counts.drawn(draws))
    best, picked = present, np.zeros(len(draws), dtype=np.int64)
    for place, answer in enumerate(decision.answers):
        if answer.gain is not None:
            found = merit(answer.tried.counts.drawn(draws))
            better = (found - present > answer.gain.least) & (found > best)
            best, picked = np.where(better, found, best), np.where(better, place, picked)
    return picked


def _widening(counts: Counts) -> float:
    """Percentiles of a bootstrap are too narrow for few groups, by as much as t is wider than z."""
    groups = int((counts.each.sum(axis=(1, 2)) > 0).sum())
    freedom = max(1, groups - int((counts.whole.sum(axis=1) > 0).sum()))
    return float(np.sqrt(groups / max(1, groups - 1)) * _student(freedom) / 1.96)


def _student(freedom: int) -> float:
    """97.5 % quantile of Student's t (Cornish & Fisher's expansion; within 1 % from 3 on)."""
    z = 1.959964
    terms = (
        (z**3 + z) / (4 * freedom),
        (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2),
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3),
    )
    return z + sum(terms)


def _least(value: float, weights: Floats) -> float:
    """Half an interval that nothing but the number of groups allows to be narrower.

    Where all polygons are right the bootstrap sees no spread; of n that are right up to 3/n may
    yet be wrong (Hanley & Lippman-Hand 1983, JAMA 249: 1743-1745). Polygons of unlike `weights`
    (group,) tell as little as fewer of one weight would (Kish 1965, Survey Sampling, 11.7).
    """
    as_many = weights.sum() ** 2 / (weights**2).sum() if weights.any() else 1.0
    return float(min(3 / as_many, max(0.0, value)))


def left_out(counts: Counts) -> NDArray[np.int64]:
    """Places of the classes of which nothing was held out."""
    return np.flatnonzero(counts.whole.sum(axis=1) == 0)


def estimate(
    base: Counts,
    chosen: Counts,
    decisions: Sequence[Decision],
    draws: Floats,
    *,
    told: NDArray[np.bool_],
    pixels: int,
    repeats: int,
) -> Estimate:
    """Accuracy and macro-F1 of the chosen way, over the classes that are `told` (class,).

    The others have too few polygons for a figure; choices were made by them, too.
    """
    chosen = Counts(each=chosen.each * told[:, None])

    sizes = chosen.each.sum(axis=2)  # (group, class) pixels
    shares = sizes / np.maximum(sizes.sum(axis=0), 1)

    def over_told(measure: Measure, weights: Floats) -> Figure:
        def measured(matrices: Floats) -> Floats:
            return measure(matrices * told[:, None])

        return figure(measured, base, chosen, decisions, draws, weights)

    return Estimate(
        accuracy=over_told(accuracy, sizes.sum(axis=1)),
        macro_f1=over_told(macro_f1, shares.sum(axis=1)),
        polygons=int((chosen.each.sum(axis=(1, 2)) > 0).sum()),
        pixels=pixels,
        left_out=tuple(left_out(chosen).tolist()),
        repeats=repeats,
    )
