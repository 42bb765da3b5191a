"""What a report tells of samples held out, beside the estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from automap_tiles.analysis.learning.classifier._classes import LandClass
from automap_tiles.analysis.learning.classifier._setups import Setup
from automap_tiles.analysis.learning.classifier.training._evidence import accuracy, macro_f1
from automap_tiles.analysis.learning.classifier.training._report import (
    CurvePoint,
    Doubtful,
    FoldScores,
)
from automap_tiles.analysis.learning.classifier.training._scores import Scores
from automap_tiles.analysis.learning.classifier.training._tryout import Tryout
from automap_tiles.analysis.learning.sample_table import SampleTable

_MOST_DOUBTFUL = 50


def fold_scores(tryout: Tryout, setup: Setup) -> FoldScores:
    """Scores of samples held out, mean of the repeats, and fold by fold."""
    whole = tryout(setup).counts.whole
    return FoldScores(scores=Scores(matrix=whole), accuracies=tryout.accuracies(setup))


def learning_curve(tryout: Tryout, of_half: Tryout, setup: Setup) -> tuple[CurvePoint, ...]:
    """Scores of the same folds with fewer polygons or blocks to learn from."""
    quarter = replace(of_half, fold_of=of_half.fold_of[:1], share=of_half.share / 2, _known={})
    points: list[CurvePoint] = []
    for share, fewer in ((1.0, tryout), (0.5, of_half), (0.25, quarter)):
        samples = round(fewer.learnt_from())
        if points and samples == points[-1].samples:
            continue  # of one polygon no half is left
        whole = fewer(setup).counts.whole
        points.append(
            CurvePoint(
                share=share,
                samples=samples,
                accuracy=float(accuracy(whole)),
                macro_f1=float(macro_f1(whole)),
            )
        )
    return tuple(reversed(points))


def doubtful(
    table: SampleTable, tryout: Tryout, setup: Setup, classes: Sequence[LandClass]
) -> tuple[Doubtful, ...]:
    """Polygons and points that are taken for another class, least probable first.

    Of those that were held out; the others were learnt from.
    """
    held = tryout.held_out
    probabilities = tryout.probabilities(setup).mean(axis=0)[held]
    table, labels = table.take(held), tryout.samples.labels[held]
    of_given = probabilities[np.arange(len(labels)), labels]
    # a polygon is of one class; where a group is of several, each part is looked at by itself
    keys = np.stack([table.groups, labels], axis=1)
    parts, first, member, counts = np.unique(
        keys, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    sums = np.zeros((len(parts), tryout.samples.classes))
    np.add.at(sums, member.reshape(-1), probabilities)
    means = sums / counts[:, None]
    worst = np.lexsort((of_given, member.reshape(-1)))[np.cumsum(counts) - counts]
    predicted, given = means.argmax(axis=1), labels[first]
    found = [
        Doubtful(
            group=int(parts[part, 0]),
            samples=int(counts[part]),
            x=float(table.x[worst[part]]),
            y=float(table.y[worst[part]]),
            given=classes[given[part]].value,
            predicted=classes[predicted[part]].value,
            probability=float(means[part, given[part]]),
        )
        for part in np.flatnonzero(predicted != given)
    ]
    return tuple(sorted(found, key=lambda one: (one.probability, one.group))[:_MOST_DOUBTFUL])
