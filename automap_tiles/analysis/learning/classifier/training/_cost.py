"""Prediction time of models."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._linear import Linear
from automap_tiles.analysis.learning.classifier._setups import Fitted, predict
from automap_tiles.analysis.learning.classifier.training._search import Trial

# Pixels predicted for a measurement, and repetitions: the shortest time counts.
_TIMED_PIXELS = 8192
_TIMED_RUNS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Measured prediction time; varies between runs."""

    name: str
    """Names of the voting classifiers."""
    trees: int
    microseconds: float
    """CPU time per pixel of prediction, on one core."""
    is_taken: bool
    """Whether it is the selected setup, or one for comparison."""

    def seconds_per_km2(self, pixel_area: float) -> float:
        """CPU seconds for a square kilometre of pixels of this area (m²)."""
        return self.microseconds / pixel_area


def rounds_of(trial: Trial) -> int:
    """Rounds of a model with the parameters of a trial: the median of the folds' best."""
    return max(1, round(float(np.median(trial.rounds))))


def measure(
    name: str,
    several: Sequence[tuple[Fitted, NDArray[np.float32]]],
    trees: int,
    *,
    is_taken: bool,
) -> Cost:
    """Time the prediction of samples (sample, feature), repeated if there are few."""
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
