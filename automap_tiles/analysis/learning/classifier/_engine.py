"""Optional training engines: they only train, XGBoost predicts with their trees.

Therefore models are read and maps are made without them: their trees are stored in XGBoost's format
(`grafted`), which earlier versions can read, and predicted as fast, with the same bytes for any
tiling.

To add one: a module with an `Engine`, a `Kind`, and a line in `setups.ENGINES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._boosting import Rows
from automap_tiles.analysis.learning.classifier._extra_trees import Tree

if TYPE_CHECKING:
    from xgboost import Booster


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """A training engine that is neither XGBoost nor part of this package."""

    package: str
    """Name of the installed package, for the versions in a model."""
    require: Callable[[], object]
    """Raises `MissingExtra` if it is not installed."""
    fit: Callable[[Rows, EngineRun], Booster]
    trees: Callable[[int], int]
    """Number of trees in a model of so many classes."""
    is_too_sure: bool = False
    """Whether it votes with square roots of its probabilities; see `members.roots_of`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineRun:
    """How an engine should train."""

    threads: int
    seed: int
    tried: bool = False
    """Whether the result is only for comparisons, and may be trained faster."""


def below(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The smallest float32 values above `thresholds`, for strict comparisons.

    XGBoost tests for less than, other engines for at most: so the same samples go left.
    """
    single = thresholds.astype(np.float32)
    too_far = single.astype(np.float64) > thresholds
    single[too_far] = np.nextafter(single[too_far], np.float32(-np.inf))
    found: NDArray[np.float32] = np.nextafter(single, np.float32(np.inf))
    return found


def side_by_side(tree: Tree) -> Tree:
    """The same tree with siblings stored next to each other, as XGBoost requires."""
    order = [0]
    for node in order:
        if tree.left[node] >= 0:
            order += [int(tree.left[node]), int(tree.right[node])]
    taken = np.array(order)
    place = np.full(len(tree.left), -1, dtype=np.int32)
    place[taken] = np.arange(len(taken))
    inner = tree.left[taken] >= 0
    return Tree(
        left=np.where(inner, place[tree.left[taken]], -1).astype(np.int32),
        right=np.where(inner, place[tree.right[taken]], -1).astype(np.int32),
        feature=tree.feature[taken],
        threshold=tree.threshold[taken],
        gain=tree.gain[taken],
        weight=tree.weight[taken],
        shares=tree.shares[taken],
    )
