"""How long maps take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._linear import Linear
from automap_tiles.analysis.learning.classifier._setups import Fitted, predict
from automap_tiles.analysis.learning.classifier.training._search import Trial

# Pixels predicted to learn how long it takes, and how often: the quickest time counts.
_TIMED_PIXELS = 8192
_TIMED_RUNS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """How long a map takes; differs from run to run."""

    name: str
    """Of the classifiers that vote."""
    trees: int
    microseconds: float
    """CPU time per pixel of prediction, on one core."""
    is_taken: bool
    """Or only shown to compare with."""

    def seconds_per_km2(self, pixel_area: float) -> float:
        """CPU seconds for a square kilometre of pixels of so many square metres."""
        return self.microseconds / pixel_area


def rounds_of(trial: Trial) -> int:
    """Of a model with the parameters of a trial: the median of the folds' best."""
    return max(1, round(float(np.median(trial.rounds))))


def measure(
    name: str,
    several: Sequence[tuple[Fitted, NDArray[np.float32]]],
    trees: int,
    *,
    is_taken: bool,
) -> Cost:
    """Time the prediction of some samples (sample, feature), repeated where there are few."""
    microseconds = 0.0
    for fitted, values in several:
        one = _on_one_core(fitted)
        pixels = values[np.arange(_TIMED_PIXELS) % len(values)]
        seconds = min(_seconds(one, pixels) for _ in range(_TIMED_RUNS))
        microseconds += seconds / _TIMED_PIXELS * 1e6
    return Cost(name=name, trees=trees, microseconds=microseconds, is_taken=is_taken)


def _on_one_core(fitted: Fitted) -> Fitted:
    if isinstance(fitted, Linear):
        return fitted
    booster = fitted.copy()
    booster.set_param({"nthread": 1})
    return booster


def _seconds(fitted: Fitted, pixels: NDArray[np.float32]) -> float:
    start = time.process_time()
    predict(fitted, pixels)
    return time.process_time() - start
