"""Converts LightGBM trees to XGBoost, which is installed for classification anyway.

LightGBM's text models go left where `x <= threshold`, in double precision; XGBoost where `x <
threshold`, in single precision. For a single-precision `x` both agree if the threshold is rounded
down to single precision and then moved to the next larger single.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from automap_tiles.errors import InputError

_NO_PARENT = 2**31 - 1
_PLAIN_SPLIT = 2
"""`decision_type` of a numerical split without missing values."""


def xgboost_model(path: Path) -> bytes:
    """A binary classifier in LightGBM's text format as XGBoost JSON.

    Raises `InputError` if the file cannot be read, or holds another kind of model.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path) from error
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    about = dict(_pairs(head))
    if about.get("objective") != "binary sigmoid:1" or not blocks:
        raise InputError("not a binary classifier of LightGBM", path)
    features = int(about["max_feature_idx"]) + 1
    trees = [
        _tree(number, dict(_pairs(block)), features, path) for number, block in enumerate(blocks)
    ]
    return json.dumps(_model(trees, features)).encode()


def _pairs(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        key, _, value = line.partition("=")
        yield key, value


def _tree(number: int, said: Mapping[str, str], features: int, path: Path) -> dict[str, Any]:
    """A tree with breadth-first node numbers: a right child follows the left one."""
    if said.get("num_cat") != "0" or set(said["decision_type"].split()) != {str(_PLAIN_SPLIT)}:
        raise InputError("has splits other than plain numerical ones", path)
    left, right, split = (
        np.array(said[key].split(), dtype=np.int64)
        for key in ("left_child", "right_child", "split_feature")
    )
    thresholds, leaves = (
        np.array(said[key].split(), dtype=np.float64) for key in ("threshold", "leaf_value")
    )
    # LightGBM's number of a node, or the complement of a leaf's number
    nodes = [0]
    count = len(split) + len(leaves)
    lefts, rights = np.full(count, -1), np.full(count, -1)
    parents = np.full(count, _NO_PARENT)
    for place in range(count):
        node = nodes[place]
        if node < 0:
            continue
        lefts[place], rights[place] = len(nodes), len(nodes) + 1
        parents[[len(nodes), len(nodes) + 1]] = place
        nodes += [int(left[node]), int(right[node])]
    own = np.array(nodes)
    is_leaf = own < 0
    inner, leaf = np.where(is_leaf, 0, own), np.where(is_leaf, ~own, 0)
    conditions = np.where(is_leaf, leaves[leaf].astype(np.float32), above(thresholds)[inner])
    return {
        "id": number,
        "tree_param": {
            "num_nodes": str(count),
            "num_feature": str(features),
            "size_leaf_vector": "1",
            "num_deleted": "0",
        },
        "left_children": lefts.tolist(),
        "right_children": rights.tolist(),
        "parents": parents.tolist(),
        "split_indices": np.where(is_leaf, 0, split[inner]).tolist(),
        "split_conditions": conditions.astype(np.float64).tolist(),
        "split_type": [0] * count,
        "default_left": [0] * count,
        "loss_changes": [0.0] * count,
        "sum_hessian": [1.0] * count,
        "base_weights": [0.0] * count,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
    }


def above(thresholds: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """For every threshold, the smallest single above it: no single lies in between."""
    singles = thresholds.astype(np.float32)
    infinite = np.float32(np.inf)
    singles = np.where(singles > thresholds, np.nextafter(singles, -infinite), singles)
    return np.nextafter(singles, infinite)


def _model(trees: list[dict[str, Any]], features: int) -> dict[str, Any]:
    number = len(trees)
    return {
        "version": [3, 0, 0],
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {
                "name": "gbtree",
                "model": {
                    "gbtree_model_param": {"num_trees": str(number), "num_parallel_tree": "1"},
                    "trees": trees,
                    "tree_info": [0] * number,
                    "iteration_indptr": list(range(number + 1)),
                    "cats": {"enc": [], "feature_segments": [], "sorted_idx": []},
                },
            },
            "learner_model_param": {
                "base_score": "5E-1",  # a probability: nothing is added to the sum of the trees
                "boost_from_average": "1",
                "num_class": "0",
                "num_feature": str(features),
                "num_target": "1",
            },
            "objective": {
                "name": "binary:logistic",
                "reg_loss_param": {"scale_pos_weight": "1"},
            },
        },
    }
