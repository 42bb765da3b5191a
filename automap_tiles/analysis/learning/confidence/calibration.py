"""Calibrated probabilities: of pixels with a probability of 80 %, 80 % are correct.

Temperature scaling (Guo, Pleiss, Sun & Weinberger 2017, ICML 34: 1321-1330) sharpens or flattens
the probabilities of all classes by one number and keeps the most probable class. Isotonic
regression (Zadrozny & Elkan 2002, KDD 8: 694-699), one curve per class against the others, follows
any monotonic shape, needs many samples and may change the most probable class. Both are fitted to
held-out samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST = 1e-6
"""Smaller probabilities count as this: some hundred trees cannot distinguish them from 0."""
ENOUGH = 1000
"""Samples of a class needed for isotonic regression (Niculescu-Mizil & Caruana 2005, ICML 22:
625-632)."""
_COLDEST, _HOTTEST = 0.05, 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Temperature:
    """Softmax of the logarithms of the probabilities divided by one number."""

    value: float
    """Above 1 flattens the probabilities, below 1 sharpens them."""

    moves_classes = False
    """Whether the most probable class may change."""

    def apply(self, probabilities: NDArray[Any]) -> NDArray[np.float32]:
        """(class, ...) to (class, ...), which sum to 1.

        Pixels are independent of each other, bit by bit.
        """
        found: Floats = np.log(np.maximum(probabilities, LEAST, dtype=np.float64))
        found /= self.value
        found -= found.max(axis=0)
        np.exp(found, out=found)
        found /= _sum(found)
        shares: NDArray[np.float32] = found.astype(np.float32)
        return shares

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` restores an equal object."""
        return {"temperature": self.value}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Temperature:
        """Restore what `to_dict` returned; raises `KeyError`, `TypeError` or `ValueError`."""
        value = float(content["temperature"])
        if not _COLDEST <= value <= _HOTTEST:
            raise ValueError(f"a temperature of {value:g}")
        return cls(value=value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Isotonic:
    """A non-decreasing curve per class."""

    curves: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
    """For each class the probabilities at the nodes of its curve, ascending, and the calibrated
    ones."""

    moves_classes = True
    """Whether the most probable class may change."""

    def apply(self, probabilities: NDArray[Any]) -> NDArray[np.float32]:
        """(class, ...) to (class, ...), which sum to 1.

        Pixels are independent of each other, bit by bit.

        Where the curves give 0 for all classes, the probabilities are left unchanged.
        """
        found = np.stack(
            [
                np.interp(plane, *curve)
                for plane, curve in zip(probabilities, self.curves, strict=True)
            ]
        )
        whole = _sum(found)
        found = np.where(whole > 0, found / np.where(whole > 0, whole, 1.0), probabilities)
        return found.astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` restores an equal object."""
        return {"curves": [[list(x), list(y)] for x, y in self.curves]}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Isotonic:
        """Restore what `to_dict` returned; raises `KeyError`, `TypeError` or `ValueError`."""
        curves = tuple((tuple(map(float, x)), tuple(map(float, y))) for x, y in content["curves"])
        if any(len(x) != len(y) or not x for x, y in curves):
            raise ValueError("curves whose corners do not fit together")
        return cls(curves=curves)


Calibration = Temperature | Isotonic


def fit_temperature(
    probabilities: NDArray[Any],
    labels: NDArray[np.int64],
    weights: NDArray[Any] | None = None,
    *,
    caution: float = 0.0,
) -> Temperature:
    """The temperature with the smallest penalised log loss.

    `probabilities` (class, sample), `labels` (sample,) the indices of the true classes. The penalty
    is `caution` times half the square of the temperature's logarithm, added to the sum of the
    losses: it limits the influence of a few samples that happen to be right or wrong. 1 if it
    cannot be determined.
    """
    logits = np.log(np.maximum(probabilities, LEAST, dtype=np.float64))
    given = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
    own = logits[labels, np.arange(len(labels))]
    # log loss is convex in the inverse of the temperature: Newton iterations, kept between bounds
    low, high, present = 1 / _HOTTEST, 1 / _COLDEST, 1.0
    for _ in range(60):
        slope, bend = _derivatives(logits, own, given, present)
        slope += caution * float(np.log(present)) / present
        bend += caution * (1 - float(np.log(present))) / present**2
        if abs(slope) <= 1e-12 * max(float(given.sum()), 1e-300):
            break
        low, high = (low, present) if slope > 0 else (present, high)
        step = present - slope / bend if bend > 0 else np.inf
        following = step if low < step < high else float(np.sqrt(low * high))
        if abs(following - present) <= 1e-10 * present:
            break
        present = following
    return Temperature(value=float(np.clip(1 / present, _COLDEST, _HOTTEST)))


def held_back(
    found: Temperature,
    probabilities: NDArray[Any],
    labels: NDArray[np.int64],
    weights: NDArray[Any],
    groups: NDArray[np.int64],
) -> Temperature:
    """A temperature of `fit_temperature`, shrunk towards 1 the less the groups (sample,) agree.

    Its logarithm is shrunk according to its standard error (positive-part James & Stein 1961), a
    cluster-robust one, as samples of a group are correlated (the sandwich estimator of Liang &
    Zeger 1986, Biometrika 73: 13-22). A logarithm no larger than its error is not significant: the
    temperature is 1.
    """
    logarithm = float(np.log(found.value))
    logits = np.log(np.maximum(probabilities, LEAST, dtype=np.float64))
    shares = np.exp((logits - logits.max(axis=0)) / found.value)
    shares /= shares.sum(axis=0)
    mean = (shares * logits).sum(axis=0)
    away = weights * (mean - logits[labels, np.arange(len(labels))]) / found.value
    bend = float((weights * (shares * (logits - mean) ** 2).sum(axis=0)).sum()) / found.value**2
    error = float(np.sqrt((np.bincount(groups, away) ** 2).sum()))
    if error >= abs(logarithm) * bend:
        return Temperature(value=1.0)
    share = 1 - (error / (logarithm * bend)) ** 2
    return Temperature(value=float(np.exp(logarithm * share)))


def _derivatives(
    logits: Floats, own: Floats, weights: Floats, inverse: float
) -> tuple[float, float]:
    """First and second derivative of the log loss with respect to the inverse temperature."""
    shares = np.exp(inverse * (logits - logits.max(axis=0)))
    shares /= shares.sum(axis=0)
    mean = (shares * logits).sum(axis=0)
    spread = (shares * (logits - mean) ** 2).sum(axis=0)
    return float((weights * (mean - own)).sum()), float((weights * spread).sum())


def fit_isotonic(
    probabilities: NDArray[Any], labels: NDArray[np.int64], weights: NDArray[Any] | None = None
) -> Isotonic:
    """Least-squares isotonic curves (pool adjacent violators), class by class.

    `probabilities` (class, sample), `labels` (sample,) the indices of the true classes.
    """
    given = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
    curves = []
    for place, plane in enumerate(probabilities):
        x, member = np.unique(plane.astype(np.float64), return_inverse=True)
        of_x = np.bincount(member.reshape(-1), given).astype(np.float64)
        right = np.bincount(member.reshape(-1), given * (labels == place)).astype(np.float64)
        curves.append(_rising(x, right, of_x))
    return Isotonic(curves=tuple(curves))


def _rising(
    x: Floats, right: Floats, weights: Floats
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Nodes of the curve; neighbours that would decrease are pooled; `x` is ascending."""
    pools: list[tuple[float, float, int, int]] = []
    for place, (share, weight) in enumerate(zip(right.tolist(), weights.tolist(), strict=True)):
        if weight <= 0:
            continue
        pool = share, weight, place, place
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = before[0] + pool[0], before[1] + pool[1], before[2], pool[3]
        pools.append(pool)
    corners: list[tuple[float, float]] = []
    for share, weight, first, last in pools:
        corners += [(float(x[place]), share / weight) for place in sorted({first, last})]
    return tuple(corner[0] for corner in corners), tuple(corner[1] for corner in corners)


def _sum(planes: Floats) -> Floats:
    """Sum over the first axis, plane by plane: independent of the number of pixels, bit by bit."""
    total: Floats = planes[0].copy()
    for plane in planes[1:]:
        total += plane
    return total
