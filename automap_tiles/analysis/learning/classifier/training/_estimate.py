"""Accuracy expected on unseen polygons, corrected for model selection and for training-set size.

The best of several setups scores better on the folds that selected it than it will elsewhere
(nested validation, `nested`, removes that optimism), and a fold trains on fewer polygons than the
final model does (`growth` adds the part of that gain that can be demonstrated). What remains is the
expected accuracy on pixels of other polygons.

The interval is a prediction interval: it should contain the accuracy that a user measures on half
as many other polygons, the size of a typical test set. It therefore covers the sampling error both
of the polygons seen and of those in the test set. The gain added for training-set size only extends
the interval upwards: its lower end is that of the folds.
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
"""With fewer held-out polygons (effective number of equal size) than this, the figures are reported
as based on a small sample."""

_OTHERS = 0.5
"""Size of the test set that the interval is meant for, as a fraction of the held-out polygons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """An estimate and its 95 % prediction interval for a test set of half as many polygons."""

    value: float
    low: float
    high: float
    grown: float
    """Part of the value that was not measured on the folds, which train on fewer polygons than the
    model: extrapolated from the loss when the number of polygons is halved."""

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class HeldOutEstimate:
    """How accurately pixels of polygons outside the training set are classified."""

    accuracy: Figure
    macro_f1: Figure
    polygons: int
    """Number of held-out polygons or blocks."""
    pixels: int
    """Number of pixels in them."""
    left_out: tuple[int, ...]
    """Indices of the classes that are not included because they have too few polygons."""
    repeats: int
    as_many: float
    """Effective number of polygons, i.e. of equal size: small where one of them holds most
    pixels."""
    found: tuple[float | None, ...]
    """(class,) recall; None for classes left out. The accuracy is their mean weighted by the
    samples' class shares: with other class shares it differs."""

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
    """Confusion counts of the folds."""

    start: Counts
    """Of the initial setup."""
    taken: Counts
    decisions: Sequence[Decision]
    draws: Floats
    """(draw, group) bootstrap multiplicities of the polygons."""
    grown: Counts | None = None
    """`taken`, extrapolated to the number of polygons that the model is trained on; None:
    unknown."""


def figure(measure: Measure, seen: Seen, weights: Floats) -> Figure:
    """A measure of the selected setup, without selection optimism, for the full training set.

    `weights` (group,): weight of each polygon in the measure, in any unit.
    """
    judged = without_choosing(seen.start, seen.decisions, seen.draws)
    as_folds = float(measure(judged.whole))
    grown = 0.0 if seen.grown is None else growth(measure, seen.taken, seen.grown, seen.draws)
    spread = measure(seen.taken.drawn(seen.draws))
    # both the polygons seen and those of a future test set are random samples
    away = spread - spread.mean()
    apart = away - np.roll(away, len(away) // 2) / np.sqrt(_OTHERS)
    low, high = np.percentile(apart, (2.5, 97.5)) * _widening(seen.taken, weights)
    # an independent component: errors that did not occur among the polygons seen
    least = _least(as_folds, weights)
    return Figure(
        value=float(np.clip(as_folds + grown, 0, 1)),
        low=float(np.clip(as_folds - np.hypot(low, least), 0, 1)),
        high=float(np.clip(as_folds + grown + np.hypot(high, least), 0, 1)),
        grown=grown,
    )


def _widening(counts: Counts, weights: Floats) -> float:
    """Factor by which bootstrap percentiles of few groups are too narrow: quantile of t over z."""
    groups = _as_many(weights)
    freedom = max(1.0, groups - int((counts.whole.sum(axis=1) > 0).sum()))
    return float(np.sqrt(groups / max(1.0, groups - 1)) * _student(freedom) / 1.96)


def _as_many(weights: Floats) -> float:
    """Effective number of groups of equal weight for groups of unequal `weights` (group,).

    Kish 1965, Survey Sampling, 11.7; for degrees of freedom Carter, Schnepel & Steigerwald 2017,
    Review of Economics and Statistics 99: 698-709.
    """
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 1.0


def _student(freedom: float) -> float:
    """97.5 % quantile of Student's t (Cornish-Fisher expansion; within 1 % from 3 on)."""
    z = 1.959964
    terms = (
        (z**3 + z) / (4 * freedom),
        (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2),
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3),
    )
    return z + sum(terms)


def _least(value: float, weights: Floats) -> float:
    """Smallest half-width of an interval that the number of groups alone permits.

    If all polygons are classified correctly the bootstrap has no variance; yet with n correct ones
    the error rate may still be up to 3/n (Hanley & Lippman-Hand 1983, JAMA 249: 1743-1745).
    """
    return float(min(3 / _as_many(weights), max(0.0, value)))


def left_out(counts: Counts) -> NDArray[np.int64]:
    """Indices of the classes without held-out samples."""
    return np.flatnonzero(counts.whole.sum(axis=1) == 0)


def estimate(seen: Seen, *, told: NDArray[np.bool_], pixels: int, repeats: int) -> HeldOutEstimate:
    """Accuracy and macro-F1 of the selected setup, over the reported classes `told` (class,).

    The other classes have too few polygons for an estimate, although they also influenced the
    selection.
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
    """(class,) recall from (given, predicted); None for a class without samples."""
    given, right = whole.sum(axis=1), np.diagonal(whole)
    return tuple(
        float(one / total) if total > 0 else None
        for one, total in zip(right.tolist(), given.tolist(), strict=True)
    )
