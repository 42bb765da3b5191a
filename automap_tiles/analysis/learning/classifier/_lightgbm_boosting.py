"""Gradient boosting by LightGBM, from the extra `lightgbm`: trees that grow leaf by leaf.

Ke et al. 2017, Advances in Neural Information Processing Systems 30.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.analysis.learning.classifier._boosting import Rows
from automap_tiles.analysis.learning.classifier._engine import (
    Engine,
    EngineRun,
    below,
    side_by_side,
)
from automap_tiles.analysis.learning.classifier._extra_trees import Tree
from automap_tiles.analysis.learning.classifier._xgboost_conversion import boosted_of
from automap_tiles.errors import MissingExtra
from automap_tiles.stopping import raise_if_stopped

if TYPE_CHECKING:
    from xgboost import Booster

_ROUNDS = 100
"""LightGBM's default, as are all other parameters except the next:"""
_LEAST_IN_A_LEAF = 5
"""Samples; with classes of some 50 pixels its default of 20 would leave two leaves."""


def _library() -> Any:
    try:
        return import_module("lightgbm")
    # it raises OSError if OpenMP is missing
    except (ImportError, OSError) as error:
        raise MissingExtra("lightgbm", "lightgbm") from error


def _fit(rows: Rows, how: EngineRun) -> Booster:
    library = _library()
    settings = {
        "objective": "multiclass",
        "num_class": rows.classes,
        "min_data_in_leaf": _LEAST_IN_A_LEAF,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": how.threads,
        "seed": how.seed,
        "verbosity": -1,
    }
    data = library.Dataset(rows.values, rows.labels, weight=rows.weights, free_raw_data=False)
    grown = library.train(settings, data, _ROUNDS, callbacks=[lambda _: raise_if_stopped()])
    found = (_tree(one["tree_structure"]) for one in grown.dump_model()["tree_info"])
    trees = [side_by_side(tree) for tree in found]
    return boosted_of(trees, rows.values.shape[1], rows.classes, how.threads)


def _tree(root: Mapping[str, Any]) -> Tree:
    """A tree of LightGBM; its leaves hold one value, that of the class it belongs to."""
    nodes = list(_nodes(root))
    place = {id(node): number for number, node in enumerate(nodes)}
    inner = np.array(["left_child" in node for node in nodes])

    def column(key: str, of_leaves: float = 0.0) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.array([float(node.get(key, of_leaves)) for node in nodes])

    def child(key: str) -> np.ndarray[Any, np.dtype[np.int32]]:
        return np.array([place[id(node[key])] if key in node else -1 for node in nodes], np.int32)

    counts = np.where(inner, column("internal_count"), column("leaf_count"))
    return Tree(
        left=child("left_child"),
        right=child("right_child"),
        feature=column("split_feature").astype(np.int32),
        threshold=np.where(inner, below(column("threshold")), 0).astype(np.float32),
        gain=column("split_gain").astype(np.float32),
        weight=counts.astype(np.float32),
        shares=column("leaf_value").astype(np.float32)[:, None],
    )


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All nodes, parents before their children."""
    left = [node]
    while left:
        one = left.pop()
        yield one
        left += [one[key] for key in ("right_child", "left_child") if key in one]


ENGINE = Engine(
    package="lightgbm",
    require=_library,
    fit=_fit,
    trees=lambda classes: _ROUNDS * classes,
    is_too_sure=True,
)
