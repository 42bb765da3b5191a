"""Convert our own decision trees to XGBoost's format, for its speed and its model files.

The form is that of the "model schema" of XGBoost's documentation, with one row of leaf values per
leaf; everything beside the trees is taken from a tree that the installed version grew itself.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._extra_trees import Tree
from automap_tiles.analysis.learning.classifier._library import xgboost

if TYPE_CHECKING:
    from xgboost import Booster

_LENGTH = struct.Struct(">q")
_NUMBERS = {"f": (b"d", ">f4"), "i": (b"l", ">i4"), "u": (b"U", "u1"), "q": (b"L", ">i8")}
"""Type letter of numpy -> marker of UBJSON (ubjson.org, draft 12) and the form of its numbers."""


_NO_CATEGORIES = {
    "categories": np.empty(0, dtype=np.int32),
    "categories_nodes": np.empty(0, dtype=np.int32),
    "categories_segments": np.empty(0, dtype=np.int64),
    "categories_sizes": np.empty(0, dtype=np.int64),
}


def booster_of(trees: Sequence[Tree], features: int, classes: int, threads: int) -> Booster:
    """A forest whose prediction is the mean of the shares (sample, class) of its trees' leaves."""
    content = json.loads(_template(features, classes))
    model = content["learner"]["gradient_booster"]["model"]
    count = len(trees)
    model["gbtree_model_param"] = {"num_parallel_tree": str(count), "num_trees": str(count)}
    model["iteration_indptr"] = [0, count]
    model["tree_info"] = [0] * count
    model["trees"] = [_tree(tree, place, features, count) for place, tree in enumerate(trees)]
    booster: Booster = xgboost().Booster()
    booster.load_model(bytearray(ubjson(content)))
    booster.set_param({"nthread": threads})
    return booster


def boosted_of(trees: Sequence[Tree], features: int, classes: int, threads: int) -> Booster:
    """Boosting whose prediction is the softmax of sums of leaves, of whom each has one value.

    The first tree is for the first class, the next for the second, and so round after round.
    """
    content = json.loads(_boosted_template(features, classes))
    model = content["learner"]["gradient_booster"]["model"]
    count = len(trees)
    model["gbtree_model_param"] = {"num_parallel_tree": "1", "num_trees": str(count)}
    model["iteration_indptr"] = list(range(0, count + 1, classes))
    model["tree_info"] = [place % classes for place in range(count)]
    model["trees"] = [_single(tree, place, features) for place, tree in enumerate(trees)]
    booster: Booster = xgboost().Booster()
    booster.load_model(bytearray(ubjson(content)))
    booster.set_param({"nthread": threads})
    return booster


@lru_cache
def _boosted_template(features: int, classes: int) -> bytes:
    """JSON of boosting of one round on a sample of each class."""
    settings = {
        "objective": "multi:softprob",
        "num_class": classes,
        "tree_method": "hist",
        "base_score": 0.0,
        "nthread": 1,
    }
    values = np.zeros((classes, features), dtype=np.float32)
    data = xgboost().QuantileDMatrix(values, np.arange(classes), nthread=1)
    return bytes(xgboost().train(settings, data, 1, verbose_eval=False).save_raw("json"))


def _single(tree: Tree, place: int, features: int) -> dict[str, Any]:
    """A tree of which each leaf has one value, where inner nodes have their threshold."""
    nodes, leaf = len(tree.left), tree.left < 0
    whole = _tree(tree, place, features, 1)
    del whole["leaf_weights"]
    return {
        **whole,
        "base_weights": np.where(leaf, tree.shares[:, 0], 0).astype(np.float32),
        "right_children": tree.right,
        "split_conditions": np.where(leaf, tree.shares[:, 0], tree.threshold).astype(np.float32),
        "tree_param": _sizes(features, nodes, 1),
    }


@lru_cache
def _template(features: int, classes: int) -> bytes:
    """JSON of a forest of one tree on two samples."""
    settings = {
        "objective": "reg:squarederror",
        "multi_strategy": "multi_output_tree",
        "tree_method": "hist",
        "base_score": 0.0,
        "nthread": 1,
    }
    values = np.zeros((2, features), dtype=np.float32)
    data = xgboost().QuantileDMatrix(values, np.eye(2, classes, dtype=np.float32), nthread=1)
    return bytes(xgboost().train(settings, data, 1, verbose_eval=False).save_raw("json"))


def _tree(tree: Tree, place: int, features: int, trees: int) -> dict[str, Any]:
    nodes, classes = tree.shares.shape
    leaf = tree.left < 0
    # a leaf keeps the row of its values where an inner node keeps its right child
    right = tree.right.copy()
    right[leaf] = np.arange(int(leaf.sum()))
    parents = np.full(nodes, -1, dtype=np.int32)
    inner = np.flatnonzero(~leaf).astype(np.int32)
    parents[tree.left[inner]] = parents[tree.right[inner]] = inner
    none = np.zeros(nodes, dtype=np.uint8)
    return {
        "base_weights": np.zeros(nodes * classes, dtype=np.float32),
        **_NO_CATEGORIES,
        "default_left": none,
        "id": place,
        "leaf_weights": (tree.shares[leaf] / np.float32(trees)).reshape(-1),
        "left_children": tree.left,
        "loss_changes": tree.gain,
        "parents": parents,
        "right_children": right,
        "split_conditions": tree.threshold,
        "split_indices": tree.feature,
        "split_type": none,
        "sum_hessian": tree.weight,
        "tree_param": _sizes(features, nodes, classes),
    }


def _sizes(features: int, nodes: int, classes: int) -> dict[str, str]:
    return {
        "num_deleted": "0",
        "num_feature": str(features),
        "num_nodes": str(nodes),
        "size_leaf_vector": str(classes),
    }


def ubjson(value: Any) -> bytes:
    """Of mappings, sequences, texts, whole numbers and arrays, as XGBoost reads it."""
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


def _write(value: Any, parts: list[bytes]) -> None:
    if isinstance(value, str):
        parts += [b"S", _counted(value)]
    elif isinstance(value, np.ndarray):
        parts.append(_numbers(value))
    elif isinstance(value, Mapping):
        parts.append(b"{")
        for key, one in value.items():
            parts.append(_counted(key))
            _write(one, parts)
        parts.append(b"}")
    elif isinstance(value, int):
        parts += [b"L", _LENGTH.pack(value)]
    else:
        parts += [b"[#L", _LENGTH.pack(len(value))]
        for one in value:
            _write(one, parts)


def _counted(text: str) -> bytes:
    data = text.encode()
    return b"L" + _LENGTH.pack(len(data)) + data


def _numbers(values: NDArray[Any]) -> bytes:
    letter = "q" if values.dtype == np.int64 else values.dtype.kind
    marker, form = _NUMBERS[letter]
    return b"[$" + marker + b"#L" + _LENGTH.pack(len(values)) + values.astype(form).tobytes()
