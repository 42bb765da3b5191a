"""The training report: the part of a model that is written for people.

Everything here is determined by samples, options and seed; measured times are not part of it (see
`fit.Cost`), so that the same training gives the same file. `TrainingReport.to_dict` is what
`Model.report` holds; lists about classes are in the order of the model's classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from automap_tiles.analysis.learning.classifier._classes import LandClass
from automap_tiles.analysis.learning.classifier._setups import Setup
from automap_tiles.analysis.learning.classifier.training._calibration import Calibrated
from automap_tiles.analysis.learning.classifier.training._choice import Choice
from automap_tiles.analysis.learning.classifier.training._decide import Decision
from automap_tiles.analysis.learning.classifier.training._estimate import HeldOutEstimate
from automap_tiles.analysis.learning.classifier.training._prediction_sets import Sets
from automap_tiles.analysis.learning.classifier.training._scores import Scores
from automap_tiles.analysis.learning.classifier.training._search import Trial
from automap_tiles.analysis.learning.classifier.training._split import Division
from automap_tiles.analysis.learning.sample_table import SampleTable


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePoint:
    """A point of the learning curve: the folds trained with fewer polygons or blocks."""

    share: float
    """Fraction of the polygons or blocks, 0 to 1."""
    samples: int
    """Mean number of training samples."""
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubtful:
    """A polygon or point that the classifier, trained without it, assigns to another class."""

    group: int
    """Its number."""
    samples: int
    """Number of its samples."""
    x: float
    """Of its least certain sample."""
    y: float
    given: int
    """Number of the class in the samples."""
    predicted: int
    """Number of the class with the highest mean probability."""
    probability: float
    """Mean probability of the given class over its samples."""


@dataclass(frozen=True, kw_only=True)
class FoldScores:
    """Scores over all folds, and per fold."""

    scores: Scores
    accuracies: tuple[float, ...]
    """Per fold."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        spread = float(np.std(self.accuracies))
        return {**self.scores.to_dict(), "folds": list(self.accuracies), "spread": spread}


@dataclass(frozen=True, kw_only=True)
class TrainingReport:
    """The complete report."""

    table: SampleTable
    """Samples used, including those reserved for the final test."""
    classes: Sequence[LandClass]
    options: Mapping[str, Any]
    """As requested."""
    division: Division
    setup: Setup
    """The selected setup."""
    decisions: Sequence[Decision]
    offered: Mapping[str, Any]
    """The recipe of all available features."""
    trials: Sequence[Trial]
    choice: Choice | None
    """Of the parameter search; None if there was none."""
    trees: int
    """Of the final model."""
    estimate: HeldOutEstimate | None
    """None if no class has enough polygons or blocks to hold any out."""
    blocked: FoldScores | None
    """Folds of whole polygons or blocks, with selection optimism."""
    shuffled: FoldScores
    """Random folds: the same, optimistic because of spatial autocorrelation."""
    calibrated: Calibrated | None
    """Calibration of the probabilities; None if nothing was held out."""
    sets: Sets | None
    """Coverage of prediction sets."""
    holdout: Scores | None
    """On polygons or blocks used neither in training nor in the search."""
    importances: Mapping[str, float]
    learning_curve: Sequence[CurvePoint]
    doubtful: Sequence[Doubtful]

    def to_dict(self) -> dict[str, Any]:
        """For JSON: plain numbers, strings, lists and mappings."""
        return {
            "samples": _samples(self.table, self.classes),
            "options": dict(self.options),
            "folds": {
                "split": self.division.split.value,
                "number": self.division.folds,
                "repeats": len(self.division.fold_of),
                "block_size": self.division.block_size,
            },
            "setup": self.setup.to_dict(),
            "decisions": [decision.to_dict() for decision in self.decisions],
            "offered": dict(self.offered),
            "parameters": self.setup.parameters.to_dict(),
            "rounds": self.setup.rounds,
            "trees": self.trees,
            "strategies": None if self.choice is None else self.choice.to_dict(),
            "search": [_trial(trial) for trial in self.trials],
            "curves": []
            if self.choice is None
            else [list(one) for one in self.choice.chosen.curves],
            "estimate": None if self.estimate is None else self.estimate.to_dict(),
            "blocked": None if self.blocked is None else self.blocked.to_dict(),
            "random": self.shuffled.to_dict(),
            "calibration": None if self.calibrated is None else self.calibrated.to_dict(),
            "sets": None if self.sets is None else self.sets.to_dict(),
            "holdout": None if self.holdout is None else self.holdout.to_dict(),
            "importances": dict(self.importances),
            "learning_curve": [asdict(point) for point in self.learning_curve],
            "doubtful": [asdict(one) for one in self.doubtful],
            "notes": [note.to_json() for note in self.division.notes],
        }


def _samples(table: SampleTable, classes: Sequence[LandClass]) -> dict[str, Any]:
    counts = table.counts
    of_class = {one.value: np.unique(table.groups[table.classes == one.value]) for one in classes}
    return {
        "total": len(table),
        "counts": [counts.get(one.value, 0) for one in classes],
        "polygons": [len(of_class[one.value]) for one in classes],
        "losses": [
            {"class": loss.value, "reason": loss.reason.value, "count": loss.count}
            for loss in table.losses
        ],
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "parameters": trial.parameters.to_dict(),
        "status": trial.status.value,
        "loss": trial.loss,
        "losses": list(trial.losses),
        "rounds": list(trial.rounds),
    }
