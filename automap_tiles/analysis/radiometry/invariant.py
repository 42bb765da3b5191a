"""Pixels that did not change between two dates (IR-MAD), and what brings one date to the other.

Iteratively reweighted multivariate alteration detection: Nielsen 2007
(doi:10.1109/TIP.2006.888195), Canty & Nielsen 2008 (doi:10.1016/j.rse.2007.07.013). It finds them
by itself where most of a picture stayed as it is; clouds and their shadows must be masked in both,
and dates of another season have too few of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST = 1000
"""Pixels, of all and of those that did not change, below which nothing is told."""
INVARIANT = 0.95
"""Probability of no change beyond which a pixel counts."""
_ROUNDS = 30
_SETTLED = 1e-3
"""Change of the canonical correlations at which it ends."""
_SAMPLE = 250_000
"""Pixels that it is found from; all of them get their probability."""
_BLOCK = 1 << 16
_LEAST_CORRELATION = 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class NoChange:
    """How surely each pixel stayed as it was."""

    probability: Floats
    """(y, x); 0 where it is not known."""
    correlations: Floats
    """Canonical ones (band), the largest first."""
    rounds: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Normalisation:
    """What brings a date to the reference: `gains · values + offsets`."""

    gains: Floats
    offsets: Floats
    """(band)."""
    pixels: int
    """That did not change."""


def no_change(
    reference: NDArray[np.floating], other: NDArray[np.floating], valid: Bools
) -> NoChange | None:
    """Of two pictures (band, y, x) on one grid; `valid` (y, x) is clear in both.

    A pixel that a band of either has masked, or not finite, is not valid whatever is said. Bands
    may be of any unit. None where fewer than `FEWEST` pixels are, or a band has but one value or is
    the sum of others.
    """
    places = np.flatnonzero(valid & _known(reference) & _known(other))
    if len(places) < FEWEST:
        return None
    sample = places[:: -(-len(places) // _SAMPLE)]
    count = len(reference)
    both = _taken(reference, other, sample)
    pairs, rounds = _CanonicalPairs.of(both, np.ones(len(sample))), 1
    before = np.full(count, np.inf)
    while pairs is not None and rounds < _ROUNDS:
        if np.abs(pairs.correlations - before).max() < _SETTLED:
            break
        before = pairs.correlations
        pairs, rounds = _CanonicalPairs.of(both, pairs.probability(both)), rounds + 1
    if pairs is None:
        return None
    found = np.zeros(valid.size)
    for start in range(0, len(places), _BLOCK):
        part = places[start : start + _BLOCK]
        found[part] = pairs.probability(_taken(reference, other, part))
    return NoChange(
        probability=found.reshape(valid.shape), correlations=pairs.correlations, rounds=rounds
    )


def normalisation(
    reference: NDArray[np.floating],
    other: NDArray[np.floating],
    unchanged: NoChange,
    least: float = INVARIANT,
) -> Normalisation | None:
    """Band by band the orthogonal regression of the pixels that did not change.

    None where these are fewer than `FEWEST`, or a band of them is not alike (r ≤ 0.8): one that is
    the reference's negative stayed as it is, and no gain makes it the same.
    """
    places = np.flatnonzero(unchanged.probability > least)
    if len(places) < FEWEST:
        return None
    both = _taken(reference, other, places)
    gains, offsets = [], []
    for one, two in zip(both[: len(reference)], both[len(reference) :], strict=True):
        (own, cross), (_, wide) = np.cov(two, one)
        if own <= 0 or wide <= 0 or cross <= _LEAST_CORRELATION * np.sqrt(own * wide):
            return None
        apart = wide - own
        gain = (apart + np.hypot(apart, 2 * cross)) / (2 * cross)
        gains.append(gain)
        offsets.append(one.mean() - gain * two.mean())
    return Normalisation(gains=np.array(gains), offsets=np.array(offsets), pixels=len(places))


@dataclass(frozen=True, kw_only=True, eq=False)
class _CanonicalPairs:
    """Combinations of the bands of each date that are alike most, in the order of how much."""

    means: Floats
    """(2 · band)."""
    firsts: Floats
    seconds: Floats
    """(band, pair), of variance 1."""
    correlations: Floats

    @classmethod
    def of(cls, both: Floats, weights: Floats) -> _CanonicalPairs | None:
        """None where a covariance is singular."""
        count = len(both) // 2
        total = weights.sum()
        if total <= 0:
            return None
        means = both @ weights / total
        centred = both - means[:, np.newaxis]
        covariance = (centred * weights) @ centred.T / total
        # bands of any unit: without it the smaller ones would count as combinations of the others
        spread = np.sqrt(np.diag(covariance))
        if not (spread > _CONSTANT * np.abs(means)).all():
            return None
        covariance /= np.outer(spread, spread)
        try:
            lower = np.linalg.cholesky(covariance[:count, :count])
            other = np.linalg.cholesky(covariance[count:, count:])
        except np.linalg.LinAlgError:
            return None
        if min(_least(lower), _least(other)) <= _SINGULAR:
            return None
        half = np.linalg.solve(lower, covariance[:count, count:])
        left, correlations, right = np.linalg.svd(np.linalg.solve(other, half.T).T)
        return cls(
            means=means,
            firsts=np.linalg.solve(lower.T, left) / spread[:count, np.newaxis],
            seconds=np.linalg.solve(other.T, right.T) / spread[count:, np.newaxis],
            correlations=np.clip(correlations, 0.0, 1.0),
        )

    def probability(self, both: Floats) -> Floats:
        """Of no change, for every pixel."""
        count = len(both) // 2
        centred = both - self.means[:, np.newaxis]
        apart = self.firsts.T @ centred[:count] - self.seconds.T @ centred[count:]
        spread = np.maximum(2 * (1 - self.correlations), _EXACT)
        return _beyond((apart**2 / spread[:, np.newaxis]).sum(axis=0), count)


_SINGULAR = 1e-6
_CONSTANT = 1e-9
"""Standard deviation beside the mean: what rounding leaves of one value."""
_EXACT = 1e-12
"""Variance of differences of dates that are one and the same."""


def _least(lower: Floats) -> float:
    """The smallest diagonal element of a Cholesky factor beside the largest."""
    diagonal = np.diag(lower)
    return float(diagonal.min() / diagonal.max())


_complement = np.frompyfunc(math.erfc, 1, 1)


def _beyond(values: Floats, freedom: int) -> Floats:
    """Probability of a larger chi-square (Abramowitz & Stegun 26.4.4 and 26.4.5)."""
    half = values / 2
    if freedom % 2:
        found = np.asarray(_complement(np.sqrt(half)), dtype=np.float64)
        term = np.sqrt(half) / math.gamma(1.5)
    else:
        found = np.zeros(values.shape)
        term = np.ones(values.shape)
    fall = np.exp(-half)
    first = 1.5 if freedom % 2 else 1.0
    for number in range(freedom // 2):
        found += term * fall
        term = term * half / (first + number)
    return np.asarray(found, dtype=np.float64)


def _known(picture: NDArray[np.floating]) -> Bools:
    """(y, x) where every band has a finite number that is not masked."""
    here = np.isfinite(np.ma.getdata(picture)) & ~np.ma.getmaskarray(picture)
    return np.asarray(np.logical_and.reduce(here))


def _taken(
    one: NDArray[np.floating], two: NDArray[np.floating], places: NDArray[np.intp]
) -> Floats:
    """(2 · band, pixel) in float64."""
    rows = [np.ma.getdata(each).reshape(len(each), -1)[:, places] for each in (one, two)]
    return np.concatenate(rows).astype(np.float64)
