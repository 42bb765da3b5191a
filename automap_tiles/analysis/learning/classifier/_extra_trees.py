"""Extremely randomised trees: thresholds are drawn at random (Geurts, Ernst & Wehenkel 2006).

An optimised threshold lies next to a training sample; a random one lies anywhere between two
classes, so that the mean of many trees lies in the middle between them. With few training polygons
this separates the pixels of other polygons best (Machine Learning 63: 3-42).

All trees grow simultaneously, level by level, so that numpy works on long arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._boosting import Rows

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

# Samples of all trees that are grown together: about 100 MB of memory.
_AT_ONCE = 500_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Tree:
    """Nodes in arrays, the root first; children follow their parents, siblings are adjacent."""

    left: NDArray[np.int32]
    """(node,) child for values below the threshold, -1 in leaves."""
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    gain: Floats
    """(node,) decrease of the weighted Gini impurity of the samples."""
    weight: Floats
    """(node,) sum of the weights of its samples."""
    shares: Floats
    """(node, class) class proportions."""


@dataclass(frozen=True, eq=False)
class _Level:
    """Nodes of several trees that are to be split, with their samples in contiguous entries."""

    sample: Ints
    """(entry,) row of the sample."""
    start: Ints
    """(node,) index of its first entry."""
    node: Ints
    """(node,) number of the node."""

    @property
    def owner(self) -> Ints:
        """(entry,) index of the node that it belongs to."""
        return np.repeat(np.arange(len(self.start)), self.sizes)

    @property
    def sizes(self) -> Ints:
        return np.diff(self.start, append=len(self.sample))

    def take(self, kept: NDArray[np.bool_]) -> _Level:
        """The selected nodes (node,)."""
        sizes = self.sizes
        ends = np.cumsum(sizes[kept])
        return _Level(self.sample[np.repeat(kept, sizes)], ends - sizes[kept], self.node[kept])


@dataclass(frozen=True, eq=False)
class _Cuts:
    """A candidate split of each node (node,)."""

    feature: Ints
    threshold: Floats
    gain: NDArray[np.float64]
    """0 where the feature is constant."""
    below: NDArray[np.float64]
    """(node, class) weights of the samples that go left."""


def grow(rows: Rows, trees: int, seed: int) -> tuple[Tree, ...]:
    """Trees of all samples, grown until leaves are pure or their features constant."""
    several = max(1, _AT_ONCE // max(1, len(rows.labels)))
    found: list[Tree] = []
    for first in range(0, trees, several):
        random = np.random.default_rng([seed, first])
        found.extend(_grow_some(rows, min(several, trees - first), random))
    return tuple(found)


def _grow_some(rows: Rows, trees: int, random: np.random.Generator) -> list[Tree]:
    count = len(rows.labels)
    level = _Level(np.tile(np.arange(count), trees), np.arange(trees) * count, np.arange(trees))
    totals = _totals(level, rows)
    tree = np.arange(trees)
    nodes = _Nodes(rows.classes)
    nodes.add(tree, totals)
    while len(level.node):
        cuts = _best(level, rows, totals, random)
        real = cuts.gain > 0
        level, cuts, totals = level.take(real), _of(cuts, real), totals[real]
        tree = tree[real]
        if not len(level.node):
            break
        children = nodes.split(level.node, cuts, tree, totals)
        level = _divided(level, rows, cuts, children)
        totals, tree = np.stack([cuts.below, totals - cuts.below], axis=1), np.repeat(tree, 2)
        totals = np.maximum(totals.reshape(-1, rows.classes), 0)
        mixed = (_totals(level, rows, counts=True) > 0).sum(axis=1) > 1
        level, totals, tree = level.take(mixed), totals[mixed], tree[mixed]
    return nodes.trees(trees)


def _totals(level: _Level, rows: Rows, *, counts: bool = False) -> NDArray[np.float64]:
    """(node, class) summed weights of the samples, or their number."""
    keys = level.owner * rows.classes + rows.labels[level.sample]
    weights = None if counts else rows.weights[level.sample]
    sums = np.bincount(keys, weights, len(level.start) * rows.classes)
    return sums.reshape(-1, rows.classes).astype(np.float64)


def _best(
    level: _Level, rows: Rows, totals: NDArray[np.float64], random: np.random.Generator
) -> _Cuts:
    """The best of √n candidate splits per node, on randomly chosen features that vary in it."""
    features = rows.values.shape[1]
    tried = max(1, math.isqrt(features))
    order = random.random((len(level.node), features), dtype=np.float32).argsort(axis=1)
    best = _none(len(level.node), rows.classes)
    varied = np.zeros(len(level.node), dtype=np.int64)
    for place in range(features):
        wanting = varied < tried
        if not wanting.any():
            break
        some = level if wanting.all() else level.take(wanting)
        cuts = _cut(some, rows, totals[wanting], order[wanting, place], random)
        varied[wanting] += cuts.gain > 0
        better = np.flatnonzero(wanting)[cuts.gain > best.gain[wanting]]
        _put(best, better, _of(cuts, cuts.gain > best.gain[wanting]))
    return best


def _cut(
    level: _Level,
    rows: Rows,
    totals: NDArray[np.float64],
    feature: Ints,
    random: np.random.Generator,
) -> _Cuts:
    """A threshold drawn between the minimum and the maximum of one feature in each node."""
    owner = level.owner
    values = rows.values[level.sample, feature[owner]]
    low = np.minimum.reduceat(values, level.start)
    high = np.maximum.reduceat(values, level.start)
    threshold = low + random.random(len(low), dtype=np.float32) * (high - low)
    # rounding must not leave one side without samples
    threshold = np.where((threshold <= low) | (threshold > high), high, threshold)
    under = values < threshold[owner]
    keys = owner[under] * rows.classes + rows.labels[level.sample[under]]
    sums = np.bincount(keys, rows.weights[level.sample[under]], len(low) * rows.classes)
    below = sums.reshape(-1, rows.classes).astype(np.float64)
    gain = _purity(below) + _purity(totals - below) - _purity(totals)
    # a split without gain is still a split: only a constant feature gives none
    gain = np.where(high > low, np.maximum(gain, 1e-12), 0.0)
    return _Cuts(feature, threshold, gain, below)


def _purity(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(node,) sum of the squared class proportions times the weight: what a split maximises."""
    found: NDArray[np.float64] = (weights**2).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-12)
    return found


def _none(nodes: int, classes: int) -> _Cuts:
    return _Cuts(
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.float32),
        np.zeros(nodes),
        np.zeros((nodes, classes)),
    )


def _of(cuts: _Cuts, kept: NDArray[np.bool_]) -> _Cuts:
    return _Cuts(cuts.feature[kept], cuts.threshold[kept], cuts.gain[kept], cuts.below[kept])


def _put(target: _Cuts, places: Ints, cuts: _Cuts) -> None:
    target.feature[places], target.threshold[places] = cuts.feature, cuts.threshold
    target.gain[places], target.below[places] = cuts.gain, cuts.below


def _divided(level: _Level, rows: Rows, cuts: _Cuts, children: Ints) -> _Level:
    """The samples of each node, grouped by child; `children` (node, 2)."""
    owner = level.owner
    above = rows.values[level.sample, cuts.feature[owner]] >= cuts.threshold[owner]
    before: Ints = np.cumsum(~above) - ~above
    lefts = np.add.reduceat(~above, level.start, dtype=np.int64)
    within = np.arange(len(owner)) - level.start[owner]
    left_rank: Ints = before - before[level.start][owner]
    place = level.start[owner] + np.where(above, lefts[owner] + within - left_rank, left_rank)
    sample = np.empty_like(level.sample)
    sample[place] = level.sample
    starts = np.stack([level.start, level.start + lefts], axis=1).reshape(-1)
    return _Level(sample, starts, children.reshape(-1))


class _Nodes:
    """Nodes of several trees, in the order of their creation."""

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._count = 0
        self._tree: list[Ints] = []
        self._totals: list[NDArray[np.float64]] = []
        self._splits: list[tuple[Ints, _Cuts, Ints]] = []

    def add(self, tree: Ints, totals: NDArray[np.float64]) -> Ints:
        """Add nodes and return their numbers."""
        self._tree.append(tree)
        self._totals.append(totals)
        first, self._count = self._count, self._count + len(tree)
        return np.arange(first, self._count)

    def split(self, node: Ints, cuts: _Cuts, tree: Ints, totals: NDArray[np.float64]) -> Ints:
        """(node, 2) numbers of the new children."""
        sums = np.stack([cuts.below, np.maximum(totals - cuts.below, 0)], axis=1)
        children = self.add(np.repeat(tree, 2), sums.reshape(-1, self._classes)).reshape(-1, 2)
        self._splits.append((node, cuts, children))
        return children

    def trees(self, number: int) -> list[Tree]:
        """The trees, each with its own node numbers."""
        whole = self._whole()
        tree = np.concatenate(self._tree)
        order = np.argsort(tree, kind="stable")
        own = np.empty(len(order), dtype=np.int64)
        bounds = np.searchsorted(tree[order], np.arange(number + 1))
        own[order] = np.arange(len(order)) - bounds[tree[order]]
        inner = whole.left >= 0
        for side in (whole.left, whole.right):
            side[inner] = own[side[inner]]
        return list(self._each(whole, order, bounds))

    def _whole(self) -> Tree:
        sums = np.concatenate(self._totals)
        weight = sums.sum(axis=1)
        whole = Tree(
            left=np.full(self._count, -1, dtype=np.int32),
            right=np.full(self._count, -1, dtype=np.int32),
            feature=np.zeros(self._count, dtype=np.int32),
            threshold=np.zeros(self._count, dtype=np.float32),
            gain=np.zeros(self._count, dtype=np.float32),
            weight=weight.astype(np.float32),
            shares=(sums / weight[:, None]).astype(np.float32),
        )
        for node, cuts, children in self._splits:
            whole.left[node], whole.right[node] = children.T
            whole.feature[node], whole.threshold[node] = cuts.feature, cuts.threshold
            whole.gain[node] = cuts.gain
        return whole

    @staticmethod
    def _each(whole: Tree, order: Ints, bounds: Ints) -> Iterator[Tree]:
        for first, end in pairwise(bounds):
            at = order[first:end]
            yield Tree(
                left=whole.left[at],
                right=whole.right[at],
                feature=whole.feature[at],
                threshold=whole.threshold[at],
                gain=whole.gain[at],
                weight=whole.weight[at],
                shares=whole.shares[at],
            )
