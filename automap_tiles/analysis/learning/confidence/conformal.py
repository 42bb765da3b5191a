"""Conformal prediction sets: sets of classes that contain the true one with a given coverage.

A class is in the set of a pixel if its probability is at least 1 - q, where q is the quantile of
the scores 1 - p(true class) of calibration samples ("least ambiguous set": Sadinle, Lei & Wasserman
2019, Journal of the American Statistical Association 114: 223-234; Vovk, Gammerman & Shafer 2005).
What is guaranteed depends on how those samples were obtained, see `Ground`. The guarantee is
marginal: it holds on average over all pixels, never for a single place or pixel.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Ground(StrEnum):
    """The basis of a coverage."""

    SAMPLE = "probability sample of the map"
    """Points drawn at random over the whole map: valid for the map, however correlated its pixels
    are."""
    GROUPS = "polygons or blocks kept from the training"
    """Valid for pixels of other polygons obtained in the same way, with equal weight for each
    polygon."""
    FOLDS = "folds of the training"
    """No guarantee: the model was trained on the held-out samples. The coverage is only
    measured."""

    @property
    def is_promise(self) -> bool:
        """Whether the coverage is guaranteed rather than only measured."""
        return self is not Ground.FOLDS


def scores_of(probabilities: NDArray[Any], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """(sample,) nonconformity scores 1 - p(true class); probabilities are (class, sample)."""
    own = np.asarray(probabilities, dtype=np.float32)[labels, np.arange(len(labels))]
    found: NDArray[np.float32] = np.float32(1) - own
    return found


def quantile_of_points(
    scores: NDArray[Any], coverage: float, weights: NDArray[Any] | None = None
) -> float:
    """The score that a new point exceeds with a probability of at most 1 - `coverage`.

    `weights` (point,) are the numbers of pixels of the map that the points represent; the pixel to
    predict, which may be any, gets the largest of these weights (Tibshirani, Foygel Barber, Candes
    & Ramdas 2019, NeurIPS 32). Without weights it is the ceil((n + 1) coverage)-th smallest score.
    Infinite if there are too few points: then every class is in the set.
    """
    _check(coverage)
    given = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=np.float64)
    return _quantile(scores, given, float(given.max(initial=0.0)), coverage)


def quantile_of_groups(
    scores: NDArray[Any],
    groups: NDArray[np.int64],
    coverage: float,
    weights: NDArray[Any] | None = None,
) -> float:
    """The score that a pixel of a new group exceeds with a probability of at most 1 - `coverage`.

    Groups (sample,) are exchangeable, their pixels are not: each of n groups has the weight 1 / (n
    + 1), divided among its samples in proportion to their `weights`, and so has the new one
    (hierarchical conformal prediction: Lee, Foygel Barber & Willett 2023, arXiv:2306.06342; Dunn,
    Wasserman & Ramdas 2023, Journal of the American Statistical Association 118: 2491-2502).
    Infinite if there are fewer groups than coverage / (1 - coverage): then every class is in the
    set.
    """
    _check(coverage)
    given = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=np.float64)
    _, member = np.unique(groups, return_inverse=True)
    member = member.reshape(-1)
    shares = given / np.bincount(member, given)[member] if len(given) else given
    return _quantile(scores, shares, 1.0, coverage)


def sets_of(probabilities: NDArray[Any], quantiles: NDArray[Any] | float) -> NDArray[np.bool_]:
    """(class, ...) whether each class is in the set; `quantiles` (class,), or one for all.

    Compared as scores, with the same bits that `scores_of` gives.
    """
    scores = np.float32(1) - np.asarray(probabilities, dtype=np.float32)
    limits = np.broadcast_to(np.asarray(quantiles, dtype=np.float64), (len(scores),))
    found: NDArray[np.bool_] = scores <= limits.reshape(-1, *(1,) * (scores.ndim - 1))
    return found


def _quantile(scores: NDArray[Any], weights: Floats, beyond: float, coverage: float) -> float:
    """Weighted quantile of the scores and of an infinite one with the weight `beyond`."""
    order = np.argsort(scores, kind="stable")
    mass = np.cumsum(weights[order])
    whole = (float(mass[-1]) if len(mass) else 0.0) + beyond
    # rounding must not require one score more than necessary
    place = int(np.searchsorted(mass, coverage * whole * (1 - 1e-12), side="left"))
    return float(scores[order[place]]) if place < len(order) else float("inf")


def _check(coverage: float) -> None:
    if not 0 < coverage < 1:
        raise ValueError(f"a coverage is between 0 and 1, not {coverage:g}")


@dataclass(frozen=True, kw_only=True, eq=False)
class SetScores:
    """Scores of the calibration samples of prediction sets."""

    ground: Ground
    scores: NDArray[np.float32]
    """(sample,) nonconformity scores, see `scores_of`."""
    labels: NDArray[np.int64]
    """(sample,) indices of the true classes, 0 to 254."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block."""
    weights: NDArray[np.float32]
    """(sample,) number of pixels that it represents."""

    @property
    def polygons(self) -> int:
        """Number of polygons or blocks."""
        return len(np.unique(self.groups))

    def take(self, kept: NDArray[np.bool_]) -> SetScores:
        """The selected samples (sample,)."""
        return replace(
            self,
            scores=self.scores[kept],
            labels=self.labels[kept],
            groups=self.groups[kept],
            weights=self.weights[kept],
        )

    def quantile(self, coverage: float) -> float:
        """One quantile for all classes: marginal coverage."""
        return quantile_of_groups(self.scores, self.groups, coverage, self.weights)

    def quantiles(self, coverage: float, classes: int) -> Floats:
        """(class,) class-conditional quantiles; infinite for a class with too few polygons."""
        return np.array(
            [self.take(self.labels == label).quantile(coverage) for label in range(classes)]
        )

    def to_bytes(self) -> bytes:
        """The columns, concatenated; `from_bytes` restores an equal object."""
        columns = zip((self.scores, self.labels, self.groups, self.weights), _COLUMNS, strict=True)
        return b"".join(np.ascontiguousarray(one, dtype=kind).tobytes() for one, kind in columns)

    @classmethod
    def from_bytes(cls, data: bytes, ground: Ground) -> SetScores:
        """Restore what `to_bytes` returned; raises `ValueError` for anything else."""
        sizes = [np.dtype(kind).itemsize for kind in _COLUMNS]
        count, rest = divmod(len(data), sum(sizes))
        if rest:
            raise ValueError("scores that were cut off")
        ends = np.cumsum([0, *sizes]) * count
        scores, labels, groups, weights = (
            np.frombuffer(data[first:end], dtype=kind)
            for first, end, kind in zip(ends, ends[1:], _COLUMNS, strict=False)
        )
        return cls(
            ground=ground,
            scores=scores,
            labels=labels.astype(np.int64),
            groups=groups.astype(np.int64),
            weights=weights,
        )


_COLUMNS = ("<f4", "u1", "<i4", "<f4")


@dataclass(frozen=True, kw_only=True, slots=True)
class Covered:
    """Measured properties of prediction sets, on polygons that were not used to calibrate them."""

    asked: float
    quantile: float | None
    """None if there are too few polygons."""
    covered: float | None
    """Fraction of pixels, all polygons having equal weight, whose true class was in the set."""
    classes: float | None
    """Mean number of classes in a set."""
    empty: float | None
    """Fraction of empty sets."""

    def to_dict(self) -> dict[str, float | None]:
        """For JSON."""
        return asdict(self)


def covered(
    seen: SetScores, probabilities: NDArray[Any], folds: NDArray[np.int64], coverage: float
) -> Covered:
    """Cross-validated: each fold (sample,) of polygons uses the quantile of the others.

    Probabilities are (class, sample). The reported quantile is that of all samples.
    """
    whole = seen.quantile(coverage)
    if not np.isfinite(whole):
        return Covered(asked=coverage, quantile=None, covered=None, classes=None, empty=None)
    inside = np.empty(len(folds), dtype=np.float64)
    sizes = np.empty(len(folds), dtype=np.float64)
    for fold in np.unique(folds):
        own = folds == fold
        limit = seen.take(~own).quantile(coverage)
        inside[own] = seen.scores[own] <= limit
        sizes[own] = sets_of(probabilities[:, own], limit).sum(axis=0)
    _, member = np.unique(seen.groups, return_inverse=True)
    member = member.reshape(-1)
    mass = np.bincount(member, seen.weights)
    shares = seen.weights / mass[member] / len(mass)
    return Covered(
        asked=coverage,
        quantile=whole,
        covered=float((shares * inside).sum()),
        classes=float((shares * sizes).sum()),
        empty=float((shares * (sizes == 0)).sum()),
    )
