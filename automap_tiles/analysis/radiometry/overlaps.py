"""A gain and an offset for each scene, such that scenes agree where they overlap.

Solved for all scenes together: one after the other, errors would add up along the way. Haze is
additive, the sun's height and what is left of the view multiply; a gain alone cannot tell both
apart in visible bands. As Brown & Lowe 2007 (doi:10.1007/s11263-006-0002-3) solve the gains of
panoramas, with offsets beside them, medians by steps of brightness in place of one mean, and one
scene of each group that hangs together left as it is, without which all would become darker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST = 500
"""Common pixels of an overlap that tells anything."""
_BINS = 20
"""Steps of brightness: rare bright ground counts beside much dark wood."""
_IN_BIN = 20
"""Pixels of a step that tells anything."""
_ALIKE = 0.7
"""Correlation below which two pictures show other things: clouds that no mask knows, floods."""
_TRIM = 3.0
"""Robust standard deviations from the common line beyond which a pixel changed or is cloudy."""
_MAD = 1.4826
"""Standard deviation of normal noise whose median absolute deviation is 1."""
_MOST = 100_000
"""Pixels beyond which an overlap does not weigh more."""
_DAYS = 30.0
"""Apart by so many days an overlap weighs 1/e: the ground changes."""
_GAIN = 0.05
"""Standard deviation of gains around 1, before anything is seen."""
_OFFSET = 0.005
"""Of offsets around 0, reflectance."""
_NOISE = 0.01
"""Of one pixel's reflectance beside that of another scene."""
_EXACT = 1e-12
_ROUNDS = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlap:
    """What two scenes show of the same ground, in one band."""

    one: int
    two: int
    """Places of the scenes."""
    values: tuple[Floats, Floats]
    """Medians of both, step by step of brightness, over the pixels that both show."""
    shares: Floats
    """What each step counts, all together 1: as the root of its pixels."""
    weight: float
    """Of all its pixels, fewer for scenes farther apart in time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tones:
    """What reflectance of each scene is to be multiplied by, and what is then added."""

    gains: Floats
    offsets: Floats
    lone: tuple[int, ...]
    """Places of scenes that overlap with none: they stay as they are."""


def overlap_of(
    places: tuple[int, int],
    pictures: tuple[NDArray[np.floating], NDArray[np.floating]],
    valid: Bools,
    days: float = 0.0,
) -> Overlap | None:
    """Of two pictures (y, x) of a band on one grid; None where they share too little.

    `valid` (y, x): clear in both; `days` lie between them.
    """
    if np.count_nonzero(valid) < FEWEST:
        return None
    one, two = _alike(*(each[valid].astype(np.float64) for each in pictures))
    if len(one) < FEWEST or not np.corrcoef(one, two)[0, 1] >= _ALIKE:
        return None
    values, counts = _steps(one, two)
    roots = np.sqrt(counts)
    weight = min(len(one), _MOST) * float(np.exp(-abs(days) / _DAYS))
    shares = roots / roots.sum()
    return Overlap(one=places[0], two=places[1], values=values, shares=shares, weight=weight)


def _alike(one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """The pixels near the common line of two pictures; none of pictures of one value."""
    (first, wide), (second, other) = _middle(one), _middle(two)
    if not wide or not other:
        return one[:0], two[:0]
    apart = (two - second) / other - (one - first) / wide
    kept = np.abs(apart - np.median(apart)) <= _TRIM * max(_middle(apart)[1], 1e-9)
    return one[kept], two[kept]


def _steps(one: Floats, two: Floats) -> tuple[tuple[Floats, Floats], Floats]:
    """Medians of both by steps of their common brightness, and the pixels of each step."""
    (first, wide), (second, other) = _middle(one), _middle(two)
    bright = (one - first) / (wide or 1.0) + (two - second) / (other or 1.0)
    low, high = np.quantile(bright, [0.002, 0.998])
    step = np.clip((bright - low) / max(high - low, 1e-12) * _BINS, 0, _BINS - 1).astype(np.intp)
    counts = np.bincount(step, minlength=_BINS)
    there = np.flatnonzero(counts >= min(_IN_BIN, counts.max()))
    found = [(np.median(one[step == each]), np.median(two[step == each])) for each in there]
    firsts, seconds = np.array(found).T
    return (firsts, seconds), counts[there].astype(np.float64)


def _middle(values: Floats) -> tuple[float, float]:
    """Median and robust standard deviation."""
    middle = float(np.median(values))
    return middle, _MAD * float(np.median(np.abs(values - middle)))


def solve_tones(
    count: int,
    overlaps: Sequence[Overlap],
    *,
    with_offsets: bool = True,
    anchors: frozenset[int] | None = None,
) -> Tones:
    """Gains and offsets of so many scenes from their overlaps in one band.

    Without offsets only gains: near infrared is hardly brightened by haze. The sums are taken in
    the order of the overlaps, so that the same overlaps give the same bytes; memory grows with the
    number of scenes and overlaps, not with their product. `anchors` stay as they are, one of each
    group; None: those of `anchors_of`.
    """
    groups = _groups(count, overlaps)
    kept = anchors_of(count, overlaps) if anchors is None else anchors
    found = _System.of(count, overlaps, kept, with_offsets).solved()
    lone = tuple(group[0] for group in groups if len(group) == 1)
    return Tones(gains=1 + found[:, 0], offsets=found[:, 1], lone=lone)


def anchors_of(count: int, overlaps: Sequence[Overlap]) -> frozenset[int]:
    """Of each group of scenes that hang together the one of middle brightness.

    All bands need the same ones, or the colours of all would change.
    """
    groups = _groups(count, overlaps)
    return frozenset(_anchor(group, overlaps) for group in groups if len(group) > 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class _System:
    """Normal equations of x = (gain − 1, offset) of each scene, kept overlap by overlap."""

    pairs: NDArray[np.intp]
    """(overlap, 2)."""
    blocks: Floats
    """(overlap, 4, 4)."""
    sides: Floats
    """(scene, 2): the right-hand side."""
    priors: Floats
    """(scene, 2): what the diagonal has beside the overlaps."""
    free: Floats
    """(scene, 2): 0 where an unknown stays as it is."""

    @classmethod
    def of(
        cls, count: int, overlaps: Sequence[Overlap], anchors: frozenset[int], with_offsets: bool
    ) -> _System:
        """(1 + a)·x + o of one is to be (1 + b)·y + p of the other, for every quantile."""
        parts = [_normal(each) for each in overlaps]
        blocks = np.array([block for block, _ in parts]).reshape(-1, 4, 4)
        right = np.array([side for _, side in parts]).reshape(-1, 4)
        pairs = np.array([(each.one, each.two) for each in overlaps], dtype=np.intp).reshape(-1, 2)
        free = np.ones((count, 2))
        free[sorted(anchors)] = 0
        free[:, 1] *= with_offsets
        return cls(
            pairs=pairs,
            blocks=blocks,
            sides=_gathered(pairs, right, count) * free,
            priors=np.tile([1 / _GAIN**2, 1 / _OFFSET**2], (count, 1)),
            free=free,
        )

    def times(self, values: Floats) -> Floats:
        both = values[self.pairs].reshape(-1, 4)
        found = _gathered(self.pairs, np.einsum("mij,mj->mi", self.blocks, both), len(values))
        return (found + self.priors * values) * self.free

    def solved(self) -> Floats:
        """By conjugate gradients (Hestenes & Stiefel 1952), each unknown scaled by its diagonal."""
        diagonal = np.einsum("mii->mi", self.blocks)
        scale = 1 / (_gathered(self.pairs, diagonal, len(self.free)) + self.priors)
        values = np.zeros_like(self.free)
        rest = self.sides.copy()
        scaled = scale * rest
        way, size = scaled.copy(), float(np.sum(rest * scaled))
        goal = size * _EXACT**2
        for _ in range(_ROUNDS):
            if size <= goal:
                break
            moved = self.times(way)
            step = size / float(np.sum(way * moved))
            values += step * way
            rest -= step * moved
            scaled = scale * rest
            before, size = size, float(np.sum(rest * scaled))
            way = scaled + size / before * way
        return values


def _normal(overlap: Overlap) -> tuple[Floats, Floats]:
    """(4, 4) and (4,) of one overlap: gain and offset of the one, and of the other."""
    one, two = overlap.values
    ones = np.ones_like(one)
    design = np.stack([one, ones, -two, -ones], axis=1)
    weighted = design * (overlap.weight / _NOISE**2 * overlap.shares)[:, np.newaxis]
    return weighted.T @ design, weighted.T @ (two - one)


def _gathered(pairs: NDArray[np.intp], parts: Any, count: int) -> Floats:
    """(overlap, 4) added up at the scenes of each overlap, (scene, 2)."""
    found = np.zeros((count, 2))
    for unknown in range(2):
        for side in range(2):
            column = parts[:, 2 * side + unknown]
            found[:, unknown] += np.bincount(pairs[:, side], weights=column, minlength=count)
    return found


def _groups(count: int, overlaps: Sequence[Overlap]) -> list[list[int]]:
    """Scenes that hang together by overlaps, each group in order."""
    above = list(range(count))

    def top(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    for each in overlaps:
        one, two = sorted((top(each.one), top(each.two)))
        above[two] = one
    groups: dict[int, list[int]] = {}
    for place in range(count):
        groups.setdefault(top(place), []).append(place)
    return list(groups.values())


def _anchor(group: Sequence[int], overlaps: Sequence[Overlap]) -> int:
    """The scene that is as bright beside its neighbours as half of all are; of equals the first."""
    steps = dict.fromkeys(group, 0.0)
    weights = dict.fromkeys(group, 0.0)
    for each in overlaps:
        if each.one in steps:
            apart = float(np.median(each.values[0]) - np.median(each.values[1])) * each.weight
            steps[each.one] += apart
            steps[each.two] -= apart
            weights[each.one] += each.weight
            weights[each.two] += each.weight
    order = sorted(group, key=lambda place: (steps[place] / weights[place], place))
    return order[(len(order) - 1) // 2]
