"""How sure a model may be, learnt from what its folds said of polygons that they held out.

The figures that are told are those of other polygons than the calibration was learnt from: each
fold is judged by what the other folds give.
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
"""Standard deviation of the logarithm of temperatures before anything is seen: votes of several
classifiers are off by more than half or double only now and then."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """What folds said of samples that they held out; a sample stands in every repeat."""

    probabilities: Shares
    """(class, sample)."""
    labels: NDArray[np.int64]
    """(sample,) places of the true classes."""
    weights: Shares
    """(sample,) pixels that it stands for."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block."""
    folds: NDArray[np.int64]
    """(sample,) that held it out, each repeat with numbers of its own."""
    repeats: NDArray[np.int64]
    """(sample,) repeat that it is of."""

    @classmethod
    def of(cls, tryout: Tryout, setup: Setup) -> Held:
        """All repeats behind each other."""
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
        """Some of the samples (sample,)."""
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
    """What the folds give."""

    probabilities: Shares
    """(class, sample) of what was held out, each fold by the temperature that the others give."""
    temperature: Temperature
    """1 where `gain` is not real: what is not shown to help may as well do harm."""
    found: Temperature
    """What the samples held out ask for, whether it helps or not."""
    gain: Gain
    """By how much log loss falls where each fold has the temperature that the others give."""
    isotonic: Isotonic | None
    """None where a class has too few samples."""
    plain: Reliability
    """Of the probabilities as they are."""
    after: Reliability
    """With the temperature."""
    after_isotonic: Reliability | None
    spread: tuple[float, float]
    """Of the calibration error with the temperature, 95 times in 100."""
    least: int
    """Samples held out of the class that has the fewest."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON, without the curves."""
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
    """Learn both ways, and judge them; `draws` (draw, group) are polygons drawn anew.

    A temperature that does not help the folds it was not learnt from, by more than chance, is not
    taken: these are less right than the model, of fewer polygons, and often ask for too much.
    """
    once = held.take(held.repeats == 0)
    # of a class that was never held out no curve can be learnt
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
    """Of probabilities (class, sample) over those that are there; polygons as they are large."""
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
    # pixels of a polygon are alike: all of them together tell as much as one of its own
    of_polygon = float(held.weights.sum()) / len(np.unique(held.groups))
    caution = of_polygon / _USUAL**2
    seen = held.probabilities, held.labels, held.weights
    return held_back(fit_temperature(*seen, caution=caution), *seen, held.groups)


def _isotonic(held: Held) -> Isotonic:
    return fit_isotonic(held.probabilities, held.labels, held.weights)


def _others(held: Held, fit: Callable[[Held], Calibration]) -> Shares:
    """(class, sample) calibrated by what the other folds of the same repeat give."""
    found = np.empty_like(held.probabilities)
    for fold in np.unique(held.folds):
        inside = held.folds == fold
        beside = (held.repeats == held.repeats[inside][0]) & ~inside
        given = fit(held.take(beside)) if beside.any() else Temperature(value=1.0)
        found[:, inside] = given.apply(held.probabilities[:, inside])
    return found


def _judged(held: Held, probabilities: Shares) -> Reliability:
    return reliability(probabilities, held.labels, held.weights)
