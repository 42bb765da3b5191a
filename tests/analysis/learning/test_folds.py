"""Folds of whole groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.learning.folds import (
    FoldError,
    blocked_folds,
    groups_per_class,
    random_folds,
    repeated_folds,
    spatial_blocks,
)


@given(
    st.lists(st.integers(1, 30), min_size=4, max_size=40),
    st.integers(2, 4),
    st.integers(0, 1000),
)
def test_every_fold_holds_every_class_and_no_group_is_divided(
    sizes: list[int], n: int, seed: int
) -> None:
    """Polygons of one class each."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    classes = groups % 2 + 1
    if min(groups_per_class(classes, groups).values()) < n:
        with pytest.raises(FoldError, match="polygon"):
            blocked_folds(classes, groups, n, seed)
        return
    folds = blocked_folds(classes, groups, n, seed)
    assert set(folds.tolist()) == set(range(n))
    for group in range(len(sizes)):
        assert len(np.unique(folds[groups == group])) == 1
    for fold in range(n):
        assert set(classes[folds == fold].tolist()) == {1, 2}
    assert np.array_equal(folds, blocked_folds(classes, groups, n, seed))


def test_folds_are_of_similar_size() -> None:
    random = np.random.default_rng(1)
    groups = np.repeat(np.arange(200), random.integers(1, 50, 200))
    classes = groups % 4 + 1
    folds = blocked_folds(classes, groups, 5, 0)
    for value in range(1, 5):
        counts = np.bincount(folds[classes == value], minlength=5)
        assert counts.max() < 1.3 * counts.min()


def test_other_seeds_give_other_folds() -> None:
    groups = np.repeat(np.arange(40), 3)
    classes = groups % 2 + 1
    kinds = {blocked_folds(classes, groups, 4, seed).tobytes() for seed in range(10)}
    assert len(kinds) == 10


def test_blocks_of_several_classes() -> None:
    """Classes overlap: 1 is everywhere, 2 in half of the blocks."""
    groups = np.repeat(np.arange(12), 10)
    classes = np.where((groups % 2 == 0) & (np.arange(120) % 2 == 0), 2, 1)
    folds = blocked_folds(classes, groups, 3, 0)
    for fold in range(3):
        assert set(classes[folds == fold].tolist()) == {1, 2}


@pytest.mark.parametrize(
    ("classes", "groups", "message"),
    [
        ([], [], "no samples"),
        ([3, 3, 3], [0, 1, 2], "all are of class 3"),
        ([1, 1, 1, 4, 4], [0, 1, 2, 3, 3], "class 4 comes from one polygon or block,"),
        # both classes in the same two blocks, but one more of class 1: two folds, one class 2 each
        ([1, 2, 1, 2, 1], [0, 0, 1, 1, 2], "and 3 folds need 3"),
    ],
)
def test_what_cannot_be_divided(classes: list[int], groups: list[int], message: str) -> None:
    with pytest.raises(FoldError, match=message):
        blocked_folds(np.array(classes), np.array(groups), 3 if len(classes) == 5 else 2, 0)


def test_a_class_missing_however_groups_are_dealt() -> None:
    """Every group holds what another one lacks: three groups, three classes in a ring."""
    classes = np.array([1, 2, 2, 3, 3, 1])
    groups = np.array([0, 0, 1, 1, 2, 2])
    with pytest.raises(FoldError, match=r"class \d is missing from fold \d of 2"):
        blocked_folds(classes, groups, 2, 0)


def test_one_fold_is_none() -> None:
    with pytest.raises(ValueError, match="2 folds or more"):
        blocked_folds(np.array([1, 2]), np.array([0, 1]), 1, 0)


@given(st.floats(0.5, 1e4), st.integers(0, 100))
def test_blocks_are_squares_on_multiples_of_their_size(size: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.uniform(-1e5, 1e5, (2, 50))
    blocks = spatial_blocks(x, y, size)
    cells = list(zip(np.floor(x / size), np.floor(y / size), strict=True))
    for first in range(50):
        same = blocks == blocks[first]
        assert [cells[one] == cells[first] for one in range(50)] == same.tolist()
    # a part of the samples is divided in the same way
    part = spatial_blocks(x[:20], y[:20], size)
    assert np.array_equal(part[:, None] == part, blocks[:20, None] == blocks[:20])


def test_blocks_need_a_size() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        spatial_blocks(np.zeros(1), np.zeros(1), 0)


def test_random_folds_divide_every_class() -> None:
    classes = np.repeat([1, 2, 3], [50, 20, 7])
    folds = random_folds(classes, 5, 0)
    for value, count in ((1, 50), (2, 20), (3, 7)):
        counts = np.bincount(folds[classes == value], minlength=5)
        assert counts.sum() == count
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("seed", range(40))
def test_no_fold_is_empty(seed: int) -> None:
    """Blocks of several classes: what is held out for one of them may be all of another's."""
    random = np.random.default_rng(seed)
    groups = random.integers(0, 9, 60)
    classes = random.integers(1, 4, 60)
    classes[(classes == 3) & (groups > 3)] = 1
    for folds in repeated_folds(classes, groups, 10, 2, 1):
        held = folds[folds >= 0]
        assert set(held.tolist()) == set(range(held.max() + 1))


@pytest.mark.parametrize("seed", range(10))
def test_few_samples_are_in_fewer_folds_by_chance(seed: int) -> None:
    folds = random_folds(np.array([1, 1, 1, 2]), 5, seed)
    assert 3 <= len(set(folds.tolist())) == folds.max() + 1
