"""Engines that come as extras: they only train, XGBoost predicts what they have learnt.

So a model is read, and maps are made, without them: their trees stand in the file in XGBoost's own
form (`grafted`), in the format that earlier versions read, and are predicted as fast, with the same
bytes however a picture is cut.

To add one: a file with an `Engine`, a `Kind`, and a line of `setups.ENGINES`.
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
    """A way to train that is not XGBoost's nor of this package."""

    package: str
    """As it is installed, for the versions in a model."""
    require: Callable[[], object]
    """Raises `MissingExtra` where it is not installed."""
    fit: Callable[[Rows, EngineRun], Booster]
    trees: Callable[[int], int]
    """How many there are in a model of so many classes."""
    is_too_sure: bool = False
    """Whether the roots of its probabilities vote; see `members.roots_of`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineRun:
    """How an engine shall train."""

    threads: int
    seed: int
    tried: bool = False
    """Whether it is only for comparisons, and may be quicker."""


def below(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The float32 that values are below where they are at most `thresholds`.

    XGBoost asks for less, other engines for at most: so the same samples go left.
    """
    single = thresholds.astype(np.float32)
    too_far = single.astype(np.float64) > thresholds
    single[too_far] = np.nextafter(single[too_far], np.float32(-np.inf))
    found: NDArray[np.float32] = np.nextafter(single, np.float32(np.inf))
    return found


def side_by_side(tree: Tree) -> Tree:
    """The same tree with both children of a node one behind the other, as XGBoost takes them."""
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
