"""Sets of classes that a model may give: learnt from polygons that were kept, or else held out."""

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
"""Coverages that the report tells of; a map may ask for any."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sets:
    """What sets are made by, and what they were worth."""

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
    """Polygons or blocks that were kept from the training, as the model sees them."""

    probabilities: NDArray[np.float32]
    """(class, sample) as they are."""
    labels: NDArray[np.int64]
    """(sample,) places of the true classes."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block."""
    weights: NDArray[np.float32]
    """(sample,) pixels that it stands for."""


def sets(calibrated: Calibrated, held: Held, apart: Apart | None) -> Sets:
    """Of polygons kept from the training, else of the first repeat of the folds.

    Only the former promise something: no fold is judged by the model itself.
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
