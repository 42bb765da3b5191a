"""An accuracy that is true: of the choices that were made, and of what the model learnt from.

The best of several ways to train looks better on the folds that chose it than it is (`nested` takes
that off), and a fold learns from fewer polygons than the model does (`growth` adds what can be
shown). What is left is what pixels of other polygons show.

The interval is one of prediction: it is to hold the accuracy that somebody finds on half as many
other polygons, as a usual test set has, so it knows both that few were seen and that those few
others differ, too. What growth adds only widens it upwards: its lower end is that of the folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier.training._decide import Decision
from automap_tiles.analysis.learning.classifier.training._evidence import (
    Counts,
    Floats,
    Measure,
    accuracy,
    macro_f1,
)
from automap_tiles.analysis.learning.classifier.training._learning_gain import growth
from automap_tiles.analysis.learning.classifier.training._nested_validation import without_choosing

SMALL = 30
"""Polygons held out, of one size, below which the figures are called those of small numbers."""

_OTHERS = 0.5
"""Number of other polygons that the interval is for, beside that of those held out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """An estimate, and where the figure of half as many others would lie, 95 times in 100."""

    value: float
    low: float
    high: float
    grown: float
    """Part of the value that the folds did not show, as they learn from fewer polygons than the
    model: extrapolated from what halving these costs."""

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class HeldOutEstimate:
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
    as_many: float
    """Polygons of one size that tell as much of the accuracy: few where one holds most pixels."""
    found: tuple[float | None, ...]
    """(class,) share of its pixels that was found; None for those left out. The accuracy is their
    mean at the samples' class shares: where other shares are looked at it is another."""

    @property
    def is_small(self) -> bool:
        return min(self.polygons, self.as_many) < SMALL

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
            "as_many": self.as_many,
            "found": list(self.found),
        }


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the folds showed."""

    start: Counts
    """Of the way that was there first."""
    taken: Counts
    decisions: Sequence[Decision]
    draws: Floats
    """(draw, group) polygons drawn anew."""
    grown: Counts | None = None
    """`taken` as it would be with as many polygons as the model learns from; None: not known."""


def figure(measure: Measure, seen: Seen, weights: Floats) -> Figure:
    """A measure of the taken way, neither flattered by the choices nor of a poorer model.

    `weights` (group,): how much each polygon has to say in it, in any unit.
    """
    judged = without_choosing(seen.start, seen.decisions, seen.draws)
    as_folds = float(measure(judged.whole))
    grown = 0.0 if seen.grown is None else growth(measure, seen.taken, seen.grown, seen.draws)
    spread = measure(seen.taken.drawn(seen.draws))
    # the polygons seen are a sample, and so are those that somebody will look at: both are drawn
    away = spread - spread.mean()
    apart = away - np.roll(away, len(away) // 2) / np.sqrt(_OTHERS)
    low, high = np.percentile(apart, (2.5, 97.5)) * _widening(seen.taken, weights)
    # what the polygons seen do not show may be wrong besides: one does not tell of the other
    least = _least(as_folds, weights)
    return Figure(
        value=float(np.clip(as_folds + grown, 0, 1)),
        low=float(np.clip(as_folds - np.hypot(low, least), 0, 1)),
        high=float(np.clip(as_folds + grown + np.hypot(high, least), 0, 1)),
        grown=grown,
    )


def _widening(counts: Counts, weights: Floats) -> float:
    """Percentiles of a bootstrap are too narrow for few groups, by as much as t is wider than z."""
    groups = _as_many(weights)
    freedom = max(1.0, groups - int((counts.whole.sum(axis=1) > 0).sum()))
    return float(np.sqrt(groups / max(1.0, groups - 1)) * _student(freedom) / 1.96)


def _as_many(weights: Floats) -> float:
    """Groups of one weight that tell as much as those of unlike `weights` (group,).

    Kish 1965, Survey Sampling, 11.7; for degrees of freedom Carter, Schnepel & Steigerwald 2017,
    Review of Economics and Statistics 99: 698-709.
    """
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 1.0


def _student(freedom: float) -> float:
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
    yet be wrong (Hanley & Lippman-Hand 1983, JAMA 249: 1743-1745).
    """
    return float(min(3 / _as_many(weights), max(0.0, value)))


def left_out(counts: Counts) -> NDArray[np.int64]:
    """Places of the classes of which nothing was held out."""
    return np.flatnonzero(counts.whole.sum(axis=1) == 0)


def estimate(seen: Seen, *, told: NDArray[np.bool_], pixels: int, repeats: int) -> HeldOutEstimate:
    """Accuracy and macro-F1 of the taken way, over the classes that are `told` (class,).

    The others have too few polygons for a figure; choices were made by them, too.
    """
    taken = Counts(each=seen.taken.each * told[:, None])
    sizes = taken.each.sum(axis=2)  # (group, class) pixels
    shares = sizes / np.maximum(sizes.sum(axis=0), 1)

    def over_told(measure: Measure, weights: Floats) -> Figure:
        def measured(matrices: Floats) -> Floats:
            return measure(matrices * told[:, None])

        return figure(measured, replace(seen, taken=taken), weights)

    return HeldOutEstimate(
        accuracy=over_told(accuracy, sizes.sum(axis=1)),
        macro_f1=over_told(macro_f1, shares.sum(axis=1)),
        polygons=int((taken.each.sum(axis=(1, 2)) > 0).sum()),
        pixels=pixels,
        left_out=tuple(left_out(taken).tolist()),
        repeats=repeats,
        as_many=_as_many(sizes.sum(axis=1)),
        found=_found(taken.whole),
    )


def _found(whole: Floats) -> tuple[float | None, ...]:
    """(class,) share that is right of (given, predicted); None where nothing was given."""
    given, right = whole.sum(axis=1), np.diagonal(whole)
    return tuple(
        float(one / total) if total > 0 else None
        for one, total in zip(right.tolist(), given.tolist(), strict=True)
    )
