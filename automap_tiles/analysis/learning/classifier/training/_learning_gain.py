"""Gain of the final model over the fold models, which are trained on fewer polygons.

If, for example, a fold holds out one of the three polygons of a class, it trains on two. The error
of a classifier decreases as 1/m with the training-set size m, towards the Bayes error (Fukunaga &
Hayes 1989, IEEE Transactions on Pattern Analysis and Machine Intelligence 11: 873-885, who also
extrapolate from smaller m). Therefore the same folds are trained again with half of their polygons,
and the loss of accuracy on each held-out polygon is extrapolated: the gain from 1 to 2 polygons
equals that from 2 to infinity, and a third of it is reached from 2 to 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier.training._evidence import Counts, Floats, Measure
from automap_tiles.analysis.learning.classifier.training._tryout import share_of

HALF = 0.5
"""Fraction of the polygons used in the second training of the folds."""


def reach(
    labels: NDArray[np.int64], groups: NDArray[np.int64], fold_of: NDArray[np.int64]
) -> Floats:
    """(group, class) extrapolation factor from the training polygons of a fold to all of a class.

    In units of the loss caused by halving them; mean over the repeats, from samples (sample,) in
    folds (repeat, sample). 0 where the polygons cannot be halved.
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
    """Counts extrapolated to the full training set by the factors `far` (group, class).

    Single cells may become negative: only sums over polygons are meaningful.
    """
    return Counts(each=taken.each + far[..., None] * (taken.each - of_half.each))


def growth(measure: Measure, taken: Counts, grown: Counts, draws: Floats) -> float:
    """Extrapolated gain of a measure, shrunk according to its standard error; never below 0.

    The standard error is that of the cluster bootstrap. A gain that hardly exceeds it may be due to
    chance and is shrunk most (the fraction of its square that is not noise: positive-part James &
    Stein 1961).
    """

    def of(counts: Floats) -> Floats:
        return measure(np.maximum(counts, 0.0))

    found = float(of(grown.whole) - of(taken.whole))
    error = float((of(grown.drawn(draws)) - of(taken.drawn(draws))).std(ddof=1))
    return 0.0 if found <= error else found * (1 - (error / found) ** 2)
