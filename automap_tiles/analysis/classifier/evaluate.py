"""What parameters achieve on samples held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.classifier.boosting import Rows, fit
from automap_tiles.analysis.classifier.classes import LandClass
from automap_tiles.analysis.classifier.division import Division
from automap_tiles.analysis.classifier.parameters import Parameters
from automap_tiles.analysis.classifier.report import CurvePoint, Doubtful, FoldScores
from automap_tiles.analysis.classifier.scores import scores
from automap_tiles.analysis.sample_table import SampleTable

# Of the polygons or blocks; the whole is the blocked folds themselves.
_CURVE_SHARES = (0.1, 0.25, 0.5)
_MOST_DOUBTFUL = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Everything a training needs beside the samples."""

    parameters: Parameters
    rounds: int
    threads: int
    seed: int


def held_out(
    rows: Rows,
    fold_of: NDArray[np.int64],
    setting: Setting,
    learnt: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """(sample, class) probabilities by a classifier that has not learnt from the sample's fold.

    Where `learnt` is given, it has learnt only from samples where that is true.
    """
    found = np.empty((len(rows.labels), rows.classes), dtype=np.float32)
    for fold in range(int(fold_of.max()) + 1):
        train = fold_of != fold
        if learnt is not None:
            train &= learnt
        booster = fit(
            rows.take(train), setting.parameters, setting.rounds, setting.threads, setting.seed
        )
        found[fold_of == fold] = booster.inplace_predict(rows.values[fold_of == fold])
    return found


def fold_scores(
    rows: Rows, fold_of: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> FoldScores:
    """Scores of samples held out, over all folds and fold by fold."""
    predicted = probabilities.argmax(axis=1)
    right = predicted == rows.labels
    return FoldScores(
        scores=scores(rows.labels, predicted, rows.classes),
        accuracies=tuple(
            float(right[fold_of == fold].mean()) for fold in range(int(fold_of.max()) + 1)
        ),
    )


def learning_curve(
    rows: Rows, division: Division, setting: Setting, whole: FoldScores
) -> tuple[CurvePoint, ...]:
    """Scores of the same folds with fewer polygons or blocks to learn from."""
    order = _order(rows.labels, division.groups, setting.seed)
    folds = division.folds
    points = []
    for share in _CURVE_SHARES:
        learnt = order < share
        if not _has_all_classes(rows, division.fold_of, learnt):
            continue
        found = held_out(rows, division.fold_of, setting, learnt)
        result = scores(rows.labels, found.argmax(axis=1), rows.classes)
        points.append(_point(share, int(learnt.sum()), folds, result.accuracy, result.macro_f1))
    whole_point = _point(1.0, len(rows.labels), folds, whole.scores.accuracy, whole.scores.macro_f1)
    return (*points, whole_point)


def doubtful(
    table: SampleTable,
    rows: Rows,
    classes: Sequence[LandClass],
    probabilities: NDArray[np.float32],
) -> tuple[Doubtful, ...]:
    """Polygons and points that are taken for another class, least probable first."""
    of_given = probabilities[np.arange(len(rows.labels)), rows.labels]
    # a polygon is of one class; where a group is of several, each part is looked at by itself
    keys = np.stack([table.groups, rows.labels], axis=1)
    parts, first, member, counts = np.unique(
        keys, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    sums = np.zeros((len(parts), rows.classes))
    np.add.at(sums, member.reshape(-1), probabilities)
    means = sums / counts[:, None]
    worst = np.lexsort((of_given, member.reshape(-1)))[np.cumsum(counts) - counts]
    predicted, labels = means.argmax(axis=1), rows.labels[first]
    found = [
        Doubtful(
            group=int(parts[part, 0]),
            samples=int(counts[part]),
            x=float(table.x[worst[part]]),
            y=float(table.y[worst[part]]),
            given=classes[labels[part]].value,
            predicted=classes[predicted[part]].value,
            probability=float(means[part, labels[part]]),
        )
        for part in np.flatnonzero(predicted != labels)
    ]
    return tuple(sorted(found, key=lambda one: (one.probability, one.group))[:_MOST_DOUBTFUL])


def _order(labels: NDArray[np.int64], groups: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """(sample,) place of its group among those of its class, by chance, from 0 to below 1."""
    random = np.random.default_rng(seed)
    order = np.empty(len(labels))
    for label in np.unique(labels):
        of_class = labels == label
        names, member = np.unique(groups[of_class], return_inverse=True)
        order[of_class] = (random.permutation(len(names)) / len(names))[member.reshape(-1)]
    return order


def _has_all_classes(rows: Rows, fold_of: NDArray[np.int64], learnt: NDArray[np.bool_]) -> bool:
    return all(
        len(np.unique(rows.labels[learnt & (fold_of != fold)])) == rows.classes
        for fold in range(int(fold_of.max()) + 1)
    )


def _point(share: float, samples: int, folds: int, accuracy: float, macro_f1: float) -> CurvePoint:
    learnt_from = round(samples * (folds - 1) / folds)
    return CurvePoint(share=share, samples=learnt_from, accuracy=accuracy, macro_f1=macro_f1)
