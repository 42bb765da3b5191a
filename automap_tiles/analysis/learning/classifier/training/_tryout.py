"""Evaluation of setups on repeated folds of whole polygons or blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._boosting import Rows
from automap_tiles.analysis.learning.classifier._setups import (
    Kind,
    Setup,
    fit_kind,
    predict,
    voted,
    weights,
)
from automap_tiles.analysis.learning.classifier.training._evidence import Counts

Floats = NDArray[np.float32]

_MOST_LEARNT = 20_000
"""Training samples of all folds of all repeats together when setups are compared: more samples of
the same polygons take longer and do not change the ranking."""
_LEAST_LEARNT, _USUAL_LEARNT = 1000, 2000
"""Training samples per fold, if available."""


@dataclass(frozen=True, kw_only=True)
class Samples:
    """The samples available for training."""

    values: Floats
    """(sample, feature) with all optional features."""
    labels: NDArray[np.int64]
    """(sample,) 0 to `classes` - 1."""
    stands_for: Floats
    """(sample,) pixels of its polygon that it represents."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block, 0 to `group_count` - 1."""
    mixed: NDArray[np.bool_]
    """(sample,) whether it looks like a mixed pixel at the edge of its polygon."""
    columns: Mapping[str, tuple[int, ...]]
    """Name of an optional group of features -> its columns; the name "" stands for all others."""
    classes: int
    group_count: int

    def columns_of(self, setup: Setup) -> tuple[int, ...]:
        """Column indices of the features that a setup uses, ascending."""
        return tuple(
            sorted({place for name in ("", *setup.groups) for place in self.columns[name]})
        )

    def rows(self, setup: Setup, learnt: NDArray[np.bool_]) -> Rows:
        """The samples that a setup uses, of those that are allowed."""
        if setup.clean:
            learnt = learnt & ~self.mixed
        labels = self.labels[learnt]
        return Rows(
            values=np.ascontiguousarray(self.values[learnt][:, self.columns_of(setup)]),
            labels=labels,
            weights=weights(labels, self.classes, setup.power),
            classes=self.classes,
        )


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Result of evaluating a setup."""

    setup: Setup
    counts: Counts


@dataclass
class Tryout:
    """Evaluates setups on the same folds; what setups have in common is trained once."""

    samples: Samples
    fold_of: NDArray[np.int64]
    """(repeat, sample), -1 for a sample that is never held out."""
    threads: int
    seed: int
    share: float = 1.0
    """Fraction of the polygons of each class that a fold may train on; at least one polygon."""
    is_over: Callable[[], bool] = lambda: False
    """Whether the time is up: then nothing more is evaluated."""
    _known: dict[tuple[Kind, Setup, int], Floats] = field(default_factory=dict)

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """(sample,) whether it is held out in any fold."""
        found: NDArray[np.bool_] = self.fold_of[0] >= 0
        return found

    def __call__(self, setup: Setup) -> Tried:
        """Train and predict on all folds."""
        each = self.probabilities(setup)
        whole: Counts | None = None
        for repeat in each:
            counts = self._counts(repeat)
            whole = counts if whole is None else Counts(each=whole.each + counts.each)
        if whole is None:
            raise ValueError("there are no folds to try anything on")
        return Tried(setup=setup, counts=Counts(each=whole.each / len(each)))

    def at_first(self, setup: Setup) -> Tried:
        """On the first fold assignment alone."""
        counts = self._counts(self.probabilities(setup, 1)[0])
        return Tried(setup=setup, counts=counts)

    def probabilities(self, setup: Setup, repeats: int | None = None) -> Floats:
        """(repeat, sample, class) of held-out samples, 0 for those that never are."""
        wanted = self.fold_of[:repeats]
        members = [
            np.stack([self._of_kind(kind, setup, place) for place in range(len(wanted))])
            for kind in setup.kinds
        ]
        return voted(setup, members)

    def accuracies(self, setup: Setup) -> tuple[float, ...]:
        """Of each fold of each repeat."""
        found = []
        for repeat, folds in zip(self.probabilities(setup), self.fold_of, strict=True):
            right = (repeat.argmax(axis=1) == self.samples.labels) * self.samples.stands_for
            for fold in range(int(folds.max()) + 1):
                inside = folds == fold
                found.append(float(right[inside].sum() / self.samples.stands_for[inside].sum()))
        return tuple(found)

    def _counts(self, probabilities: Floats) -> Counts:
        samples, held = self.samples, self.held_out
        each = np.zeros((samples.group_count, samples.classes, samples.classes))
        places = samples.groups[held], samples.labels[held], probabilities[held].argmax(axis=1)
        np.add.at(each, places, samples.stands_for[held])
        return Counts(each=each)

    def _of_kind(self, kind: Kind, setup: Setup, repeat: int) -> Floats:
        """(sample, class) by a single classifier."""
        key = kind, setup.alone(kind), repeat
        if key not in self._known:
            self._known[key] = self._repeat(kind, setup, repeat)
        return self._known[key]

    def _repeat(self, kind: Kind, setup: Setup, repeat: int) -> Floats:
        samples, columns = self.samples, list(self.samples.columns_of(setup))
        folds = self.fold_of[repeat]
        found = np.zeros((len(folds), samples.classes), dtype=np.float32)
        for fold in range(int(folds.max()) + 1):
            inside = folds == fold
            rows = samples.rows(setup, self._learnt(self._allowed(repeat, fold), fold))
            fitted = fit_kind(kind, setup, rows, self.threads, self.seed, tried=True)
            values = np.ascontiguousarray(samples.values[inside][:, columns])
            found[inside] = predict(fitted, values)
        return found

    def learnt_from(self) -> float:
        """Mean number of training samples of the folds of the first assignment."""
        folds = range(int(self.fold_of[0].max()) + 1)
        return float(np.mean([self._allowed(0, fold).sum() for fold in folds]))

    def _allowed(self, repeat: int, fold: int) -> NDArray[np.bool_]:
        """The samples that the fold does not hold out, of a fraction of their polygons."""
        beside: NDArray[np.bool_] = self.fold_of[repeat] != fold
        if self.share == 1:
            return beside
        labels, groups = self.samples.labels, self.samples.groups
        random = np.random.default_rng([self.seed, repeat, fold])
        for label in range(self.samples.classes):
            members = beside & (labels == label)
            left = np.unique(groups[members])
            gone = random.permutation(left)[share_of(len(left), self.share) :]
            beside[members & np.isin(groups, gone)] = False
        return beside

    def _learnt(self, allowed: NDArray[np.bool_], fold: int) -> NDArray[np.bool_]:
        """Training samples, thinned evenly over the classes if there are many."""
        places = np.flatnonzero(allowed)
        fits = len(self.fold_of) * (int(self.fold_of.max(initial=0)) + 1)
        most = min(max(_MOST_LEARNT // fits, _LEAST_LEARNT), _USUAL_LEARNT)
        if len(places) <= most:
            return allowed
        random = np.random.default_rng([self.seed, fold])
        labels = self.samples.labels[places]
        share = most / len(places)
        kept = np.zeros(len(allowed), dtype=bool)
        for value in np.unique(labels):
            members = places[labels == value]
            count = min(len(members), max(50, round(share * len(members))))
            kept[random.permutation(members)[:count]] = True
        return kept


def share_of(polygons: int, share: float) -> int:
    """Number of polygons for a fraction of those of a class: at least one."""
    return max(1, int(polygons * share))
