"""scikit-learn's random forest, from the extra `scikit-learn`: exact thresholds.

Breiman 2001, Machine Learning 45: 5-32. XGBoost's forest, in contrast, uses binned thresholds.
"""

from __future__ import annotations

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
from automap_tiles.analysis.learning.classifier._xgboost_conversion import booster_of
from automap_tiles.errors import MissingExtra
from automap_tiles.stopping import raise_if_stopped

if TYPE_CHECKING:
    from xgboost import Booster

_TREES = 300
_TRIED = 60
_AT_ONCE = 20
"""Trees grown between two checks for a stop."""


def _ensemble() -> Any:
    try:
        return import_module("sklearn.ensemble")
    except ImportError as error:
        raise MissingExtra("scikit-learn", "scikit-learn") from error


def _fit(rows: Rows, how: EngineRun) -> Booster:
    forest = _ensemble().RandomForestClassifier(
        _AT_ONCE, random_state=how.seed, n_jobs=how.threads, warm_start=True
    )
    wanted = _TRIED if how.tried else _TREES
    while True:
        raise_if_stopped()
        forest.fit(rows.values, rows.labels, rows.weights)
        if forest.n_estimators >= wanted:
            break
        forest.n_estimators = min(forest.n_estimators + _AT_ONCE, wanted)
    classes = np.asarray(forest.classes_, dtype=np.int64)
    grown = (_tree(one.tree_, classes, rows.classes) for one in forest.estimators_)
    trees = [side_by_side(tree) for tree in grown]
    return booster_of(trees, rows.values.shape[1], rows.classes, how.threads)


def _tree(grown: Any, classes: np.ndarray[Any, Any], count: int) -> Tree:
    """A tree of scikit-learn; a class without samples has a proportion of 0."""
    left, right = (np.asarray(one, dtype=np.int32) for one in (
        grown.children_left, grown.children_right))  # fmt: skip
    inner = left >= 0
    weight = np.asarray(grown.weighted_n_node_samples, dtype=np.float64)
    impurity = np.asarray(grown.impurity, dtype=np.float64) * weight
    gain = np.zeros(len(left))
    gain[inner] = impurity[inner] - impurity[left[inner]] - impurity[right[inner]]
    values = np.asarray(grown.value, dtype=np.float64)[:, 0]
    shares = np.zeros((len(left), count))
    shares[:, classes] = values / values.sum(axis=1, keepdims=True)
    return Tree(
        left=left,
        right=np.where(inner, right, -1).astype(np.int32),
        feature=np.where(inner, grown.feature, 0).astype(np.int32),
        threshold=np.where(inner, below(np.asarray(grown.threshold)), 0).astype(np.float32),
        gain=np.maximum(gain, 0).astype(np.float32),
        weight=weight.astype(np.float32),
        shares=shares.astype(np.float32),
    )


ENGINE = Engine(
    package="scikit-learn",
    require=_ensemble,
    fit=_fit,
    trees=lambda _: _TREES,
)
