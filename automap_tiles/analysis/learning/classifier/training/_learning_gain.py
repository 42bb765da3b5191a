"""What a model gains over those of the folds, as it learns from all polygons and they do not.

A fold holds out one of the three polygons of a class, say, and learns from two. The error of a
classifier falls with 1/m, m being what it learns from, to what cannot be told apart (Fukunaga &
Hayes 1989, IEEE Transactions on Pattern Analysis and Machine Intelligence 11: 873-885, who
extrapolate from smaller m as well). So the same folds are learnt from half of their polygons, and
what that costs each polygon held out is continued: from 1 to 2 polygons as much is gained as from
2 to all that there will ever be, a third of it from 2 to 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier.training._evidence import Counts, Floats, Measure
from automap_tiles.analysis.learning.classifier.training._tryout import share_of

HALF = 0.5
"""Share of their polygons that the folds are learnt from once more."""


def reach(
    labels: NDArray[np.int64], groups: NDArray[np.int64], fold_of: NDArray[np.int64]
) -> Floats:
    """(group, class) how far all polygons of a class lie beyond those that its fold learns from.

    In units of what halving these costs; mean of the repeats, of samples (sample,) in folds
    (repeat, sample). 0 where nothing can be halved.
    """
    found = np.zeros((int(groups.max()) + 1, int(labels.max()) + 1))
    for folds in fold_of:
        for label in range(found.shape[1]):
            members, first = np.unique(groups[labels == label], return_index=True)
            held_by = folds[labels == label][first]
            for group, fold in zip(members, held_by, strict=True):
                if fold >= 0:
                    learnt = int((held_by != fold).sum())
                    found[group, label] += _reach(learnt, len(members))
    return found / len(fold_of)


def _reach(learnt: int, every: int) -> float:
    fewer = share_of(learnt, HALF)
    if fewer == learnt:
        return 0.0
    return (1 / learnt - 1 / every) / (1 / fewer - 1 / learnt)


def continued(taken: Counts, of_half: Counts, far: Floats) -> Counts:
    """Counts with as many polygons as the model learns from, `far` (group, class) beyond.

    Single cells may fall below 0: only sums of polygons mean something.
    """
    return Counts(each=taken.each + far[..., None] * (taken.each - of_half.each))


def growth(measure: Measure, taken: Counts, grown: Counts, draws: Floats) -> float:
    """By how much a measure is better when grown, shrunk by its own error; never below 0.

    The error is that of polygons drawn anew. What exceeds it little may be chance, and counts for
    little (the share of its square that is not noise: positive-part James & Stein 1961).
    """

    def of(counts: Floats) -> Floats:
        return measure(np.maximum(counts, 0.0))

    found = float(of(grown.whole) - of(taken.whole))
    error = float((of(grown.drawn(draws)) - of(taken.drawn(draws))).std(ddof=1))
    return 0.0 if found <= error else found * (1 - (error / found) ** 2)
