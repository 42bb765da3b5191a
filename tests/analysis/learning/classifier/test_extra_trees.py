"""Extremely randomised trees, and XGBoost's form of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.classifier._boosting import Rows, importances, probabilities
from automap_tiles.analysis.learning.classifier._extra_trees import Tree, grow
from automap_tiles.analysis.learning.classifier._xgboost_conversion import booster_of
from automap_tiles.analysis.learning.sample_table import SampleTable
from tests.analysis.learning.classifier.conftest import BANDS, MakeTable


def _rows(table: SampleTable) -> Rows:
    values, labels = np.unique(table.classes, return_inverse=True)
    return Rows(
        values=table.values,
        labels=labels.astype(np.int64),
        weights=np.ones(len(labels), np.float32),
        classes=len(values),
    )


def _few(values: list[list[float]], labels: list[int], classes: int = 2) -> Rows:
    return Rows(
        values=np.array(values, dtype=np.float32),
        labels=np.array(labels),
        weights=np.ones(len(labels), np.float32),
        classes=classes,
    )


def _walked(trees: tuple[Tree, ...], values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean of the shares of the leaves, one sample after the other."""
    found = np.zeros((len(values), trees[0].shares.shape[1]))
    for place, sample in enumerate(values):
        for tree in trees:
            node = 0
            while tree.left[node] >= 0:
                below = sample[tree.feature[node]] < tree.threshold[node]
                node = (tree.left if below else tree.right)[node]
            found[place] += tree.shares[node]
    return found / len(trees)


def test_they_are_as_good_as_scikit_learns_on_other_polygons(make_table: MakeTable) -> None:
    ours, theirs, nodes = [], [], []
    for seed in range(6):
        learnt = _rows(make_table(polygons=12, seed=seed))
        asked = _rows(make_table(polygons=30, seed=100 + seed))
        trees = grow(learnt, 100, seed)
        found = probabilities(booster_of(trees, 4, 3, 1), asked.values)
        ours.append(np.mean(found.argmax(axis=1) == asked.labels))
        other = ExtraTreesClassifier(100, random_state=seed).fit(learnt.values, learnt.labels)
        theirs.append(other.score(asked.values, asked.labels))
        wanted = np.mean([one.tree_.node_count for one in other.estimators_])
        nodes.append(np.mean([len(tree.left) for tree in trees]) / wanted)
    assert abs(np.mean(ours) - np.mean(theirs)) < 0.01
    assert np.corrcoef(ours, theirs)[0, 1] > 0.7
    assert np.mean(nodes) == pytest.approx(1, abs=0.05)


def test_xgboost_predicts_what_the_trees_say(make_table: MakeTable) -> None:
    rows = _rows(make_table(classes=(1, 2, 3, 4, 5)))
    trees = grow(rows, 20, 0)
    asked = _rows(make_table(classes=(1, 2, 3, 4, 5), seed=1)).values
    booster = booster_of(trees, 4, 5, 1)
    found = probabilities(booster, asked)
    np.testing.assert_allclose(found, _walked(trees, asked), atol=1e-6)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    each = [probabilities(booster, np.ascontiguousarray(asked[at : at + 1])) for at in range(50)]
    np.testing.assert_array_equal(np.concatenate(each), found[:50])
    assert next(iter(importances(booster, BANDS))) == "red"


def test_all_samples_are_learnt_where_features_tell_them(make_table: MakeTable) -> None:
    rows = _rows(make_table())
    for tree in grow(rows, 10, 0):
        leaf = tree.left < 0
        assert (tree.shares[leaf].max(axis=1) == 1).all()
        assert tree.weight[leaf].sum() == len(rows.labels)
        assert tree.weight[0] == len(rows.labels)
        inner = np.flatnonzero(~leaf)
        assert (tree.gain[inner] > 0).all()
        below, above = tree.weight[tree.left[inner]], tree.weight[tree.right[inner]]
        np.testing.assert_array_equal(tree.weight[inner], below + above)
        assert min(below.min(), above.min()) >= 1


def test_samples_that_are_all_alike_share_a_leaf() -> None:
    rows = _few([[1, 5], [1, 5], [1, 5], [2, 5]], [0, 0, 1, 1])
    for tree in grow(rows, 5, 0):
        assert len(tree.left) == 3
        assert tree.feature[0] == 0
        np.testing.assert_allclose(tree.shares[tree.left[0]], [2 / 3, 1 / 3])
        np.testing.assert_allclose(tree.shares[tree.right[0]], [0, 1])


def test_thresholds_lie_anywhere_between_the_classes() -> None:
    """Half way between two samples half of the trees say one, and half the other."""
    trees = grow(_few([[-1.0], [3.0]], [0, 1]), 4000, 0)
    found = probabilities(
        booster_of(trees, 1, 2, 1), np.array([[-1], [0], [1], [2], [3]], np.float32)
    )
    np.testing.assert_allclose(found[:, 1], [0, 0.25, 0.5, 0.75, 1], atol=0.03)


def test_values_next_to_each_other_are_told_apart() -> None:
    """No number lies between the two: the threshold is the larger one."""
    one = np.float32(1e8)
    rows = _few([[float(one)], [float(np.nextafter(one, np.float32(np.inf)))]], [0, 1])
    for tree in grow(rows, 50, 0):
        np.testing.assert_array_equal(tree.shares[1:], [[1, 0], [0, 1]])


def test_weights_count() -> None:
    """Where samples of two classes are alike the heavier ones are believed."""
    rows = _few([[0], [0], [1]], [0, 1, 2], 3)
    heavy = replace(rows, weights=np.array([1, 3, 1], np.float32))
    for tree in grow(heavy, 5, 0):
        np.testing.assert_allclose(tree.shares[tree.left[0]], [0.25, 0.75, 0])


def test_seeds_decide(make_table: MakeTable) -> None:
    rows = _rows(make_table())
    one, again, other = (bytes(_booster(rows, seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def _booster(rows: Rows, seed: int) -> bytearray:
    return booster_of(grow(rows, 5, seed), 4, 3, 1).save_raw("ubj")
