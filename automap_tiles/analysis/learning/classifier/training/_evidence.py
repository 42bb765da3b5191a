"""Cross-validated comparison of setups: whether one is better by more than chance.

The sampling unit is the polygon or block: its pixels are correlated, so they count as one when
errors are estimated. Confusion counts per polygon are kept for every setup, and polygons are
resampled with replacement within each class (cluster bootstrap; Field & Welsh 2007, Journal of the
Royal Statistical Society B 69: 369-390), with the same draws for both setups compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Measure = Callable[[Floats], Floats]
"""(...,) of confusion (..., given, predicted)."""

_DRAWS = 400


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """Confusion of held-out samples: (group, given class, predicted class), mean of repeats."""

    each: Floats

    @classmethod
    def of(
        cls, groups: NDArray[np.int64], given: NDArray[np.int64], predicted: NDArray[np.int64],
        shape: tuple[int, int],
    ) -> Counts:  # fmt: skip
        """Counts from labels and predictions; `shape` is (groups, classes)."""
        each = np.zeros((shape[0], shape[1], shape[1]))
        np.add.at(each, (groups, given, predicted), 1.0)
        return cls(each=each)

    @property
    def whole(self) -> Floats:
        """Sum over all groups: (given class, predicted class)."""
        found: Floats = self.each.sum(axis=0)
        return found

    def drawn(self, draws: Floats) -> Floats:
        """(draw, given class, predicted class) for group multiplicities (draw, group)."""
        found: Floats = np.tensordot(draws, self.each, axes=1)
        return found


def accuracy(matrices: Floats) -> Floats:
    """(...,) overall accuracy from (..., given, predicted)."""
    right = np.trace(matrices, axis1=-2, axis2=-1)
    found: Floats = right / np.maximum(matrices.sum(axis=(-2, -1)), 1e-12)
    return found


def macro_f1(matrices: Floats) -> Floats:
    """(...,) mean F1 of the classes that have reference samples, from (..., given, predicted)."""
    given, predicted = matrices.sum(axis=-1), matrices.sum(axis=-2)
    right = np.diagonal(matrices, axis1=-2, axis2=-1)
    f1 = 2 * right / np.maximum(given + predicted, 1e-12)
    asked = given > 0
    found: Floats = (f1 * asked).sum(axis=-1) / np.maximum(asked.sum(axis=-1), 1)
    return found


def merit(matrices: Floats) -> Floats:
    """The criterion for comparisons: the mean of accuracy and macro-F1."""
    return (accuracy(matrices) + macro_f1(matrices)) / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """Improvement of one setup over another on the same folds."""

    mean: float
    error: float
    """Standard error, from the cluster bootstrap."""

    @property
    def least(self) -> float:
        """Threshold for a significant gain: two standard errors, and at least `_LEAST_GAIN`.

        One standard error (Breiman et al. 1984) would be exceeded by one in six answers that are no
        better, and most questions have several answers.
        """
        return max(_ERRORS * self.error, _LEAST_GAIN)

    @property
    def is_real(self) -> bool:
        return self.mean > self.least

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return {"gain": self.mean, "standard_error": self.error}


_ERRORS = 2.0

# A smaller gain does not justify another feature or classifier, however significant it is.
_LEAST_GAIN = 0.002


def draws_of(classes: NDArray[np.int64], seed: int, number: int = _DRAWS) -> Floats:
    """(draw, group) bootstrap multiplicity of each group, drawn per class; `classes` (group,)."""
    random = np.random.default_rng(seed)
    found = np.zeros((number, len(classes)))
    for value in np.unique(classes):
        members = np.flatnonzero(classes == value)
        shares = np.full(len(members), 1 / len(members))
        found[:, members] = random.multinomial(len(members), shares, number)
    return found


def gain(new: Counts, old: Counts, draws: Floats) -> Gain:
    """Gain of `new` over `old`, with the same bootstrap draws for both."""
    differences = merit(new.drawn(draws)) - merit(old.drawn(draws))
    mean = float(merit(new.whole) - merit(old.whole))
    return Gain(mean=mean, error=float(differences.std(ddof=1)))
