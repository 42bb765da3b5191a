"""Sets of classes that hold the true one as often as is asked for.

A class is in the set of a pixel where its probability is at least 1 - q, q being the quantile of
the scores 1 - p(true class) of calibration samples ("least ambiguous set": Sadinle, Lei & Wasserman
2019, Journal of the American Statistical Association 114: 223-234; Vovk, Gammerman & Shafer 2005).
What is promised depends on how those samples came to be, which `Ground` names. It is never a
promise for a place or a pixel: it holds over all of them together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Ground(StrEnum):
    """What a coverage is promised by."""

    SAMPLE = "probability sample of the map"
    """Points drawn by chance over the whole map: holds for the map, however pixels are alike."""
    GROUPS = "polygons or blocks kept from the training"
    """Holds for pixels of others that came to be in the same way, each of which counts alike."""
    FOLDS = "folds of the training"
    """No promise: those held out were learnt from by the model. The coverage is measured only."""

    @property
    def is_promise(self) -> bool:
        """Whether the coverage is promised, not measured only."""
        return self is not Ground.FOLDS


def scores_of(probabilities: NDArray[Any], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """(sample,) how far each is from sure of the true class; probabilities are (class, sample)."""
    own = np.asarray(probabilities, dtype=np.float32)[labels, np.arange(len(labels))]
    found: NDArray[np.float32] = np.float32(1) - own
    return found


def quantile_of_points(
    scores: NDArray[Any], coverage: float, weights: NDArray[Any] | None = None
) -> float:
    """The score that a new point exceeds with a probability of at most 1 - `coverage`.

    `weights` (point,) say how many pixels of the map each point stands for; the pixel that is asked
    for, which could be any, weighs as much as the heaviest of them (Tibshirani, Foygel Barber,
    Candes & Ramdas 2019, NeurIPS 32). Without them it is the ceil((n + 1) coverage)-th smallest.
    Infinite where there are too few points to say it: every class is in the set then.
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

    Groups (sample,) are exchangeable, not their pixels: each of n groups weighs 1 / (n + 1), shared
    among its samples by their `weights`, and the new one the same (hierarchical conformal
    prediction: Lee, Foygel Barber & Willett 2023, arXiv:2306.06342; Dunn, Wasserman & Ramdas 2023,
    Journal of the American Statistical Association 118: 2491-2502). Infinite where there are fewer
    groups than coverage / (1 - coverage): every class is in the set then.
    """
    _check(coverage)
    given = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=np.float64)
    _, member = np.unique(groups, return_inverse=True)
    member = member.reshape(-1)
    shares = given / np.bincount(member, given)[member] if len(given) else given
    return _quantile(scores, shares, 1.0, coverage)


def sets_of(probabilities: NDArray[Any], quantiles: NDArray[Any] | float) -> NDArray[np.bool_]:
    """(class, ...) whether each class is in the set; `quantiles` (class,), or one for all.

    Compared as scores are: the same bits that `scores_of` gives.
    """
    scores = np.float32(1) - np.asarray(probabilities, dtype=np.float32)
    limits = np.broadcast_to(np.asarray(quantiles, dtype=np.float64), (len(scores),))
    found: NDArray[np.bool_] = scores <= limits.reshape(-1, *(1,) * (scores.ndim - 1))
    return found


def _quantile(scores: NDArray[Any], weights: Floats, beyond: float, coverage: float) -> float:
    """Of the scores and of one that is infinite and weighs `beyond`."""
    order = np.argsort(scores, kind="stable")
    mass = np.cumsum(weights[order])
    whole = (float(mass[-1]) if len(mass) else 0.0) + beyond
    # rounding must not ask for one more than there is to ask for
    place = int(np.searchsorted(mass, coverage * whole * (1 - 1e-12), side="left"))
    return float(scores[order[place]]) if place < len(order) else float("inf")


def _check(coverage: float) -> None:
    if not 0 < coverage < 1:
        raise ValueError(f"a coverage is between 0 and 1, not {coverage:g}")


@dataclass(frozen=True, kw_only=True, eq=False)
class SetScores:
    """Scores of samples that sets of classes are made by."""

    ground: Ground
    scores: NDArray[np.float32]
    """(sample,) see `scores_of`."""
    labels: NDArray[np.int64]
    """(sample,) places of the true classes, 0 to 254."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block."""
    weights: NDArray[np.float32]
    """(sample,) pixels that it stands for."""

    @property
    def polygons(self) -> int:
        """Polygons or blocks."""
        return len(np.unique(self.groups))

    def take(self, kept: NDArray[np.bool_]) -> SetScores:
        """Some of the samples (sample,)."""
        return replace(
            self,
            scores=self.scores[kept],
            labels=self.labels[kept],
            groups=self.groups[kept],
            weights=self.weights[kept],
        )

    def quantile(self, coverage: float) -> float:
        """One for all classes: it is the whole that is covered."""
        return quantile_of_groups(self.scores, self.groups, coverage, self.weights)

    def quantiles(self, coverage: float, classes: int) -> Floats:
        """(class,) so that each class is covered, infinite where it has too few polygons."""
        return np.array(
            [self.take(self.labels == label).quantile(coverage) for label in range(classes)]
        )

    def to_bytes(self) -> bytes:
        """Columns behind each other; `from_bytes` gives an equal one."""
        columns = zip((self.scores, self.labels, self.groups, self.weights), _COLUMNS, strict=True)
        return b"".join(np.ascontiguousarray(one, dtype=kind).tobytes() for one, kind in columns)

    @classmethod
    def from_bytes(cls, data: bytes, ground: Ground) -> SetScores:
        """From what `to_bytes` gave; raises `ValueError` for anything else."""
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
    """What sets of a coverage were worth on polygons that had no say in them."""

    asked: float
    quantile: float | None
    """None where there are too few polygons to say it."""
    covered: float | None
    """Share of the pixels, each polygon counting alike, whose true class was in the set."""
    classes: float | None
    """Mean number of classes in a set."""
    empty: float | None
    """Share of sets without any class."""

    def to_dict(self) -> dict[str, float | None]:
        """For JSON."""
        return asdict(self)


def covered(
    seen: SetScores, probabilities: NDArray[Any], folds: NDArray[np.int64], coverage: float
) -> Covered:
    """Each fold (sample,) of polygons is judged by the others; probabilities are (class, sample).

    The quantile is that of all.
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
