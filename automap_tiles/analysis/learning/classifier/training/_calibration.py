"""Calibration of the model's probabilities, fitted to predictions for held-out polygons.

The reported figures are cross-validated: each fold is calibrated with what was fitted to the other
folds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._setups import Setup
from automap_tiles.analysis.learning.classifier.training._evidence import Floats, Gain
from automap_tiles.analysis.learning.classifier.training._tryout import Tryout
from automap_tiles.analysis.learning.confidence.calibration import (
    ENOUGH,
    LEAST,
    Calibration,
    Isotonic,
    Temperature,
    fit_isotonic,
    fit_temperature,
    held_back,
)
from automap_tiles.analysis.learning.confidence.reliability import (
    Reliability,
    reliability,
    spread_of_error,
)

Shares = NDArray[np.float32]

_USUAL = float(np.log(2))
"""Prior standard deviation of the logarithm of the temperature: for a vote of several classifiers
it is seldom off by more than a factor of two."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """Predictions for held-out samples; each sample occurs once per repeat."""

    probabilities: Shares
    """(class, sample)."""
    labels: NDArray[np.int64]
    """(sample,) indices of the true classes."""
    weights: Shares
    """(sample,) number of pixels that it represents."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block."""
    folds: NDArray[np.int64]
    """(sample,) fold in which it was held out, numbered separately in each repeat."""
    repeats: NDArray[np.int64]
    """(sample,) repeat that it belongs to."""

    @classmethod
    def of(cls, tryout: Tryout, setup: Setup) -> Held:
        """All repeats, concatenated."""
        held, samples = tryout.held_out, tryout.samples
        found = tryout.probabilities(setup)[:, held]
        folds = tryout.fold_of[:, held]
        repeats = np.arange(len(found))
        of_repeat = (folds.max() + 1) * repeats[:, None]
        return cls(
            probabilities=np.ascontiguousarray(found.reshape(-1, samples.classes).T),
            labels=np.tile(samples.labels[held], len(found)),
            weights=np.tile(samples.stands_for[held], len(found)),
            groups=np.tile(samples.groups[held], len(found)),
            folds=(folds + of_repeat).reshape(-1),
            repeats=np.repeat(repeats, int(held.sum())),
        )

    def take(self, kept: NDArray[np.bool_]) -> Held:
        """The selected samples (sample,)."""
        return Held(
            probabilities=np.ascontiguousarray(self.probabilities[:, kept]),
            labels=self.labels[kept],
            weights=self.weights[kept],
            groups=self.groups[kept],
            folds=self.folds[kept],
            repeats=self.repeats[kept],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibrated:
    """Calibrations fitted to the folds, and how good they are."""

    probabilities: Shares
    """(class, sample) of held-out samples, each fold with the temperature of the other folds."""
    temperature: Temperature
    """1 where `gain` is not significant: a correction without demonstrated benefit may do harm."""
    found: Temperature
    """The temperature fitted to the held-out samples, whether it helps or not."""
    gain: Gain
    """Decrease of the log loss when each fold uses the temperature of the other folds."""
    isotonic: Isotonic | None
    """None where a class has too few samples."""
    plain: Reliability
    """Of the uncalibrated probabilities."""
    after: Reliability
    """After temperature scaling."""
    after_isotonic: Reliability | None
    spread: tuple[float, float]
    """95 % interval of the calibration error after temperature scaling."""
    least: int
    """Number of held-out samples of the class that has the fewest."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON, without the isotonic curves."""
        curves = self.after_isotonic
        return {
            "temperature": self.temperature.value,
            "found": self.found.value,
            "gain": self.gain.to_dict(),
            "before": self.plain.to_dict(),
            "after": {**self.after.to_dict(), "interval": list(self.spread)},
            "isotonic": None if curves is None else curves.to_dict(),
            "isotonic_wants": ENOUGH,
            "least_samples": self.least,
        }


def calibrate(held: Held, draws: Floats) -> Calibrated:
    """Fit both calibrations and evaluate them.

    `draws` (draw, group) are bootstrap draws of polygons.

    A temperature is only used if it significantly improves the folds that it was not fitted to: the
    fold models, trained on fewer polygons, are less accurate than the final one and often call for
    too much correction.
    """
    once = held.take(held.repeats == 0)
    # no curve can be fitted for a class that was never held out
    least = int(np.bincount(once.labels, minlength=len(held.probabilities)).min())
    found, nested = _temperature(held), _others(held, _temperature)
    gained = _gain(held, nested, draws)
    taken = found if gained.is_real else Temperature(value=1.0)
    after = nested if gained.is_real else held.probabilities
    return Calibrated(
        probabilities=after,
        temperature=taken,
        found=found,
        gain=gained,
        isotonic=_isotonic(once) if least >= ENOUGH else None,
        plain=_judged(held, held.probabilities),
        after=_judged(held, after),
        after_isotonic=_judged(once, _others(once, _isotonic)) if least >= ENOUGH else None,
        spread=spread_of_error(after, held.labels, held.weights, held.groups, draws),
        least=least,
    )


def _gain(held: Held, calibrated: Shares, draws: Floats) -> Gain:
    """Gain of probabilities (class, sample) over the uncalibrated ones.

    Polygons weigh by their size.
    """
    less = held.weights * (_losses(held.probabilities, held) - _losses(calibrated, held))
    size = draws.shape[1]
    of_group = np.bincount(held.groups, less, size)
    mass = np.bincount(held.groups, held.weights, size)
    drawn = (draws @ of_group) / np.maximum(draws @ mass, 1e-300)
    return Gain(mean=float(of_group.sum() / mass.sum()), error=float(drawn.std(ddof=1)))


def _losses(probabilities: Shares, held: Held) -> Floats:
    own = probabilities[held.labels, np.arange(len(held.labels))]
    found: Floats = -np.log(np.maximum(own, LEAST, dtype=np.float64))
    return found


def _temperature(held: Held) -> Temperature:
    # pixels of a polygon are correlated: together they carry the information of one average-sized
    # polygon
    of_polygon = float(held.weights.sum()) / len(np.unique(held.groups))
    caution = of_polygon / _USUAL**2
    seen = held.probabilities, held.labels, held.weights
    return held_back(fit_temperature(*seen, caution=caution), *seen, held.groups)


def _isotonic(held: Held) -> Isotonic:
    return fit_isotonic(held.probabilities, held.labels, held.weights)


def _others(held: Held, fit: Callable[[Held], Calibration]) -> Shares:
    """(class, sample) calibrated with what was fitted to the other folds of the same repeat."""
    found = np.empty_like(held.probabilities)
    for fold in np.unique(held.folds):
        inside = held.folds == fold
        beside = (held.repeats == held.repeats[inside][0]) & ~inside
        given = fit(held.take(beside)) if beside.any() else Temperature(value=1.0)
        found[:, inside] = given.apply(held.probabilities[:, inside])
    return found


def _judged(held: Held, probabilities: Shares) -> Reliability:
    return reliability(probabilities, held.labels, held.weights)
