"""A gain and an offset for each scene, such that scenes agree where they overlap.

Solved for all scenes together: one after the other, errors would add up along the way. Haze is
additive, the sun's height and what is left of the view multiply; a gain alone cannot tell both
apart in visible bands. As Brown & Lowe 2007 (doi:10.1007/s11263-006-0002-3) solve the gains of
panoramas, with offsets beside them, quantiles of the common pixels in place of their mean, and one
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
_QUANTILES = np.linspace(0.05, 0.95, 19)
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
    """The same quantiles of both over the pixels that both show."""
    weight: float
    """Of its pixels, fewer for scenes farther apart in time."""


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
    """Of two pictures (y, x) of a band on one grid; None where they share too few pixels.

    `valid` (y, x): clear in both; `days` lie between them.
    """
    count = int(np.count_nonzero(valid))
    if count < FEWEST:
        return None
    one, two = (np.quantile(each[valid].astype(np.float64), _QUANTILES) for each in pictures)
    weight = min(count, _MOST) * float(np.exp(-abs(days) / _DAYS))
    return Overlap(one=places[0], two=places[1], values=(one, two), weight=weight)


def solve_tones(count: int, overlaps: Sequence[Overlap], *, with_offsets: bool = True) -> Tones:
    """Gains and offsets of so many scenes from their overlaps in one band.

    Without offsets only gains: near infrared is hardly brightened by haze. The sums are taken in
    the order of the overlaps, so that the same overlaps give the same bytes; memory grows with the
    number of scenes and overlaps, not with their product.
    """
    groups = _groups(count, overlaps)
    anchors = {_anchor(group, overlaps) for group in groups if len(group) > 1}
    system = _System.of(count, overlaps, anchors, with_offsets)
    found = system.solved()
    lone = tuple(group[0] for group in groups if len(group) == 1)
    return Tones(gains=1 + found[:, 0], offsets=found[:, 1], lone=lone)


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
        cls, count: int, overlaps: Sequence[Overlap], anchors: set[int], with_offsets: bool
    ) -> _System:
        """(1 + a)·x + o of one is to be (1 + b)·y + p of the other, for every quantile."""
        rows = np.array([each.values for each in overlaps]).reshape(-1, 2, len(_QUANTILES))
        weights = np.array([each.weight for each in overlaps]) / (len(_QUANTILES) * _NOISE**2)
        ones = np.ones_like(rows[:, 0])
        design = np.stack([rows[:, 0], ones, -rows[:, 1], -ones], axis=2)  # (overlap, row, 4)
        steps = rows[:, 1] - rows[:, 0]
        blocks = np.einsum("m,mri,mrj->mij", weights, design, design)
        right = np.einsum("m,mri,mr->mi", weights, design, steps)
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
