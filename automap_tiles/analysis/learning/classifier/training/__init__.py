"""From a table of samples to a model: folds, questions, search, estimate, report."""

from __future__ import annotations

from automap_tiles.analysis.learning.classifier.training._cost import Cost
from automap_tiles.analysis.learning.classifier.training._decide import BASE
from automap_tiles.analysis.learning.classifier.training._fit import TrainingTask, train
from automap_tiles.analysis.learning.classifier.training._options import (
    Balance,
    Search,
    TrainOptions,
)
from automap_tiles.analysis.learning.classifier.training._scores import Scores
from automap_tiles.analysis.learning.classifier.training._search import Budget, Progress, Trial
from automap_tiles.analysis.learning.classifier.training._split import Split

__all__ = [
    "BASE",
    "Balance",
    "Budget",
    "Cost",
    "Progress",
    "Scores",
    "Search",
    "Split",
    "TrainOptions",
    "TrainingTask",
    "Trial",
    "train",
]
