"""What a training found out: the part of a model that is for people.

Everything here is decided by samples, options and seed; how long things took is not part of it
(see `fit.Cost`), so that the same training gives the same file. `TrainingReport.to_dict` is what
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
    """A point of the learning curve: folds again, with fewer polygons or blocks to learn from."""

    share: float
    """Of the polygons or blocks, 0 to 1."""
    samples: int
    """Mean number learnt from."""
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubtful:
    """A polygon or point that the classifier, trained without it, takes for something else."""

    group: int
    """Its number."""
    samples: int
    """How many it gives."""
    x: float
    """Of its most doubtful sample."""
    y: float
    given: int
    """Number of the class that the samples say."""
    predicted: int
    """Number of the class of highest mean probability."""
    probability: float
    """Mean over its samples of that of the given class."""


@dataclass(frozen=True, kw_only=True)
class FoldScores:
    """Scores over all folds, and fold by fold."""

    scores: Scores
    accuracies: tuple[float, ...]
    """Of each fold."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        spread = float(np.std(self.accuracies))
        return {**self.scores.to_dict(), "folds": list(self.accuracies), "spread": spread}


@dataclass(frozen=True, kw_only=True)
class TrainingReport:
    """All of it."""

    table: SampleTable
    """Samples used, those held out for the final test included."""
    classes: Sequence[LandClass]
    options: Mapping[str, Any]
    """As they were asked for."""
    division: Division
    setup: Setup
    """What was taken."""
    decisions: Sequence[Decision]
    offered: Mapping[str, Any]
    """The recipe of all features that could be taken."""
    trials: Sequence[Trial]
    choice: Choice | None
    """Of the search for parameters; None where there was none."""
    trees: int
    """Of the final model."""
    estimate: HeldOutEstimate | None
    """None where no class has enough polygons or blocks to hold any out."""
    blocked: FoldScores | None
    """Folds of whole polygons or blocks, not corrected for the choices that they made."""
    shuffled: FoldScores
    """Folds by chance: the same, flattered by neighbours."""
    calibrated: Calibrated | None
    """How sure the model may be; None where nothing was held out."""
    sets: Sets | None
    """How often sets of classes hold the true one."""
    holdout: Scores | None
    """Polygons or blocks that neither training nor search has seen."""
    importances: Mapping[str, float]
    learning_curve: Sequence[CurvePoint]
    doubtful: Sequence[Doubtful]

    def to_dict(self) -> dict[str, Any]:
        """For JSON: plain numbers, texts, lists and mappings."""
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
