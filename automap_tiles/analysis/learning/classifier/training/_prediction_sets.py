"""Prediction sets of a model, calibrated on reserved polygons or else on held-out ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier.training._calibration import Calibrated, Held
from automap_tiles.analysis.learning.confidence.conformal import (
    Covered,
    Ground,
    SetScores,
    covered,
    scores_of,
)

LEVELS = (0.8, 0.9, 0.95)
"""Coverages in the report; a map may request any."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sets:
    """Calibration scores, and the measured properties of the sets."""

    scores: SetScores
    levels: tuple[Covered, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON, without the scores."""
        return {
            "ground": self.scores.ground.value,
            "promise": self.scores.ground.is_promise,
            "polygons": self.scores.polygons,
            "levels": [one.to_dict() for one in self.levels],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Apart:
    """Polygons or blocks excluded from the training, as predicted by the model."""

    probabilities: NDArray[np.float32]
    """(class, sample), uncalibrated."""
    labels: NDArray[np.int64]
    """(sample,) indices of the true classes."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block."""
    weights: NDArray[np.float32]
    """(sample,) number of pixels that it represents."""


def sets(calibrated: Calibrated, held: Held, apart: Apart | None) -> Sets:
    """From polygons excluded from the training, else from the first repeat of the folds.

    Only the former give a guarantee: the folds are not predicted by the final model.
    """
    if apart is None:
        once = held.repeats == 0
        return _sets(
            Ground.FOLDS, calibrated.probabilities[:, once], held.take(once), held.folds[once]
        )
    probabilities = calibrated.temperature.apply(apart.probabilities)
    return _sets(Ground.GROUPS, probabilities, apart, apart.groups)


def _sets(
    ground: Ground,
    probabilities: NDArray[np.float32],
    samples: Apart | Held,
    folds: NDArray[np.int64],
) -> Sets:
    scores = SetScores(
        ground=ground,
        scores=scores_of(probabilities, samples.labels),
        labels=samples.labels,
        groups=samples.groups,
        weights=samples.weights,
    )
    levels = tuple(covered(scores, probabilities, folds, level) for level in LEVELS)
    return Sets(scores=scores, levels=levels)
