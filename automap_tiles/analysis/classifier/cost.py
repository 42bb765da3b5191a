"""How long maps take with the trees of a trial."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.classifier.boosting import Rows
from automap_tiles.analysis.classifier.parameters import Strategy
from automap_tiles.analysis.classifier.search import Trial

if TYPE_CHECKING:
    from xgboost import Booster

# Pixels predicted to learn how long it takes, and how often: the quickest time counts.
_TIMED_PIXELS = 8192
_TIMED_RUNS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """How long a map takes with the best trees of one kind; differs from run to run."""

    strategy: Strategy
    rounds: int
    trees: int
    microseconds: float
    """CPU time per pixel of prediction, on one core."""

    def seconds_per_km2(self, pixel_area: float) -> float:
        """CPU seconds for a square kilometre of pixels of so many square metres."""
        return self.microseconds / pixel_area


def rounds_of(trial: Trial) -> int:
    """Of the final model: the median of the folds' best."""
    return max(1, round(float(np.median(trial.rounds))))


def trees_of(trial: Trial, classes: int) -> int:
    """Of the final model."""
    per_round = 1 if trial.parameters.strategy is Strategy.VECTOR_LEAF else classes
    return rounds_of(trial) * per_round


def measure(trial: Trial, trained: Booster, rows: Rows) -> Cost:
    """Time the prediction of some samples, repeated where there are few."""
    booster = trained.copy()
    booster.set_param({"nthread": 1})
    pixels = rows.values[np.arange(_TIMED_PIXELS) % len(rows.values)]
    seconds = min(_seconds(booster, pixels) for _ in range(_TIMED_RUNS))
    return Cost(
        strategy=trial.parameters.strategy,
        rounds=rounds_of(trial),
        trees=trees_of(trial, rows.classes),
        microseconds=seconds / _TIMED_PIXELS * 1e6,
    )


def _seconds(booster: Booster, pixels: NDArray[Any]) -> float:
    start = time.process_time()
    booster.inplace_predict(pixels)
    return time.process_time() - start
