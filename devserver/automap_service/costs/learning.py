"""From what finished jobs took to the range in which another one will be.

The logarithm of what a job took is a sum over the logarithms of its sizes (area, days, scenes …),
so that rates and powers are straight lines. Its coefficients are found by ridge regression, whose
strength, and from where on sizes matter, are chosen by how well jobs are foretold that were left
out (Hoerl and Kennard 1970; Allen 1974). How far jobs were from the line gives the range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Features = Mapping[str, float]
Range = tuple[float, float, float]
"""Below it are 10, 50 and 90 per cent of such jobs."""
_Numbers = NDArray[np.float64]

FEWEST = 5
"""Jobs that something is learnt from."""
HELD = 0.8
"""Of jobs that the range shall hold …"""
_CERTAINTY = 0.9
"""… with this probability, for few jobs are a small sample."""
_ENOUGH = 18
"""Jobs whose nearest and farthest hold so many with that certainty (Wilks 1941)."""
_STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)
_ONSETS = (1.0, 0.01)
"""Sizes below this are much alike: what is always to be done takes longer then."""
_LEAST = math.log(1.1)
"""Half the width of the narrowest range: no machine is as regular as jobs that are all alike."""
_MOST = 25.0
"""Of a logarithm, so that nothing becomes infinite."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A finished job."""

    features: Features
    took: float
    """Of whatever is foretold, such as seconds."""


def foretold(features: Features, samples: Sequence[Sample]) -> Range | None:
    """What a job of these sizes will take; None where there are too few samples.

    A size that too few of the samples have is left out of account.
    """
    names, known = _in_common(features, samples)
    if len(known) < FEWEST:
        return None
    took = np.array([max(0.0, each.took) for each in known])
    if not took.any():
        return (0.0, 0.0, 0.0)
    least = float(np.median(took[took > 0])) * 1e-3
    logs = np.log(np.maximum(took, least))
    table = [[max(0.0, each.features[name]) for name in names] for each in known]
    sizes = np.array(table, dtype=float).reshape(len(known), len(names))
    asked = np.array([max(0.0, features[name]) for name in names], dtype=float)
    lines = [_line(np.log(sizes + onset), logs, np.log(asked + onset)) for onset in _ONSETS]
    best = min(lines, key=lambda line: line.error)
    middle, spread, residuals = best.middle, best.wider, best.distances
    low, high = _bounds(residuals)
    center = middle + float(np.median(residuals)) * spread
    ends = (
        min(middle + low * spread, center - _LEAST),
        center,
        max(middle + high * spread, center + _LEAST),
    )
    return tuple(math.exp(min(_MOST, end)) for end in ends)  # type: ignore[return-value]


def _in_common(
    features: Features, samples: Sequence[Sample]
) -> tuple[tuple[str, ...], list[Sample]]:
    """Sizes that this job and enough of the samples have, and those samples."""
    names = tuple(sorted(features))
    while True:
        known = [each for each in samples if all(name in each.features for name in names)]
        if len(known) >= min(FEWEST, len(samples)) or not names:
            return names, known
        counts = {name: sum(name in each.features for each in samples) for name in names}
        rarest = min(names, key=lambda name: counts[name])
        names = tuple(name for name in names if name != rarest)


@dataclass(frozen=True, kw_only=True)
class _Line:
    error: float
    """Mean square, of samples that are foretold by the others."""
    middle: float
    """At what is asked."""
    wider: float
    """How much farther than samples from the line what is asked may be."""
    distances: _Numbers
    """Of the samples, as wide as one sample is around the true line."""


def _line(sizes: _Numbers, logs: _Numbers, asked: _Numbers) -> _Line:
    count = len(logs)
    center, scale = sizes.mean(axis=0), sizes.std(axis=0)
    varied = scale > 1e-9
    plain = (sizes[:, varied] - center[varied]) / scale[varied]
    point = (asked[varied] - center[varied]) / scale[varied]
    mean = float(logs.mean())
    found = []
    for strength in _STRENGTHS if plain.shape[1] else (1.0,):
        inverse = np.linalg.inv(plain.T @ plain + strength * np.eye(plain.shape[1]))
        slopes = inverse @ plain.T @ (logs - mean)
        leverage = np.clip(1 / count + np.einsum("ij,jk,ik->i", plain, inverse, plain), 0, 0.95)
        distances = logs - mean - plain @ slopes
        error = float(np.mean((distances / (1 - leverage)) ** 2))
        found.append(
            _Line(
                error=error,
                middle=mean + float(point @ slopes),
                wider=math.sqrt(1 + 1 / count + float(point @ inverse @ point)),
                distances=distances / np.sqrt(1 - leverage),
            )
        )
    return min(found, key=lambda line: line.error)


def _bounds(residuals: _Numbers) -> tuple[float, float]:
    """The lowest and highest distance, as far out as their number asks for."""
    ordered, count = np.sort(residuals), len(residuals)
    rank = rank_of(count)
    wider = math.sqrt(max(1.0, _ENOUGH / count))
    return float(ordered[rank - 1]) * wider, float(ordered[count - rank]) * wider


@lru_cache(maxsize=256)
def rank_of(count: int) -> int:
    """Which of so many ordered samples bound the range, counted from both ends: 1 the outermost.

    A tolerance interval that depends on no distribution: the part of all jobs between the samples
    of rank r from both ends is beta distributed (Wilks 1941).
    """
    rank = 1
    while rank < count // 2 and _certainty(count, rank + 1) >= _CERTAINTY:
        rank += 1
    return rank


def _certainty(count: int, rank: int) -> float:
    """Probability that at least `HELD` of all jobs lie between the samples of a rank."""
    return sum(
        math.comb(count, found) * HELD**found * (1 - HELD) ** (count - found)
        for found in range(count - 2 * rank + 1)
    )
