"""Polygons or blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from automap_tiles.analysis.learning.classifier.training._split import Split, divide
from automap_tiles.analysis.learning.folds import FoldError
from tests.analysis.learning.classifier.conftest import MakeTable


def test_polygons_are_held_out_whole(make_table: MakeTable) -> None:
    table = make_table()
    division = divide(table, folds=4)
    assert division.split is Split.POLYGONS
    assert division.folds == 4
    assert np.array_equal(division.groups, table.groups)
    for folds in division.fold_of:
        for group in range(24):
            assert len(np.unique(folds[table.groups == group])) == 1


def test_few_polygons_are_dealt_out_more_often(make_table: MakeTable) -> None:
    repeats = [len(divide(make_table(polygons=n, pixels=3)).fold_of) for n in (8, 30, 80)]
    assert repeats == [2, 2, 1]
    assert [divide(make_table(polygons=n, pixels=3)).folds for n in (8, 30)] == [8, 5]
    deals = divide(make_table()).fold_of
    assert not np.array_equal(deals[0], deals[1])


def test_classes_are_held_out_together(make_table: MakeTable) -> None:
    """Else a class that alone lacks a polygon would lose to the others, unlike in the model."""
    table = make_table(classes=(1, 2, 3, 4), polygons=7)
    few = {(2, 3), (2, 4), (2, 5), (3, 5), (3, 6)}  # class and rank of the polygons left out
    rank = table.groups // 4
    pairs = zip(table.classes.tolist(), rank.tolist(), strict=True)
    table = table.take(np.array([pair not in few for pair in pairs]))
    division = divide(table)
    assert division.folds == 7
    for deal in division.fold_of:
        held = [
            {int(value) for value in table.classes[deal == fold]} for fold in range(division.folds)
        ]
        # 7, 4, 5 and 7 polygons
        assert sorted(len(one) for one in held) == [2, 2, 3, 4, 4, 4, 4]


@pytest.mark.parametrize("left", [1, 2])
def test_of_two_polygons_one_is_held_out_and_a_single_one_never(
    left: int, make_table: MakeTable
) -> None:
    table = make_table()
    rare = np.unique(table.groups[table.classes == 9])[left:]
    table = table.take(~np.isin(table.groups, rare))
    division = divide(table)
    rare_folds = division.fold_of[:, table.classes == 9]
    if left == 1:
        assert (rare_folds == -1).all()
    else:
        assert all(len(np.unique(deal)) == 2 for deal in rare_folds)
        assert (rare_folds >= 0).all()
    assert (division.fold_of[:, table.classes != 9] >= 0).all()


def test_every_class_can_be_learnt_in_every_fold(make_table: MakeTable) -> None:
    table = make_table(polygons=3)
    for folds in divide(table, folds=5).fold_of:
        for fold in np.unique(folds):
            assert set(table.classes[folds != fold].tolist()) == {2, 5, 9}


def test_where_no_class_has_enough_there_is_no_fold(make_table: MakeTable) -> None:
    division = divide(make_table(polygons=2))
    assert division.fold_of.shape == (0, 72)
    assert division.folds == 0


def test_points_are_held_out_by_blocks(make_table: MakeTable) -> None:
    table = make_table(polygons=20, pixels=3)
    points = replace(table, groups=np.arange(len(table), dtype=np.int64))
    division = divide(points, folds=3)
    assert division.split is Split.BLOCKS
    assert division.block_size is not None
    for block in np.unique(division.groups):
        inside = division.groups == block
        assert len(np.unique(division.fold_of[0][inside])) == 1
        assert np.ptp(points.x[inside]) <= division.block_size


def test_a_block_never_divides_a_polygon(make_table: MakeTable) -> None:
    """Polygons of 110 m; blocks of 20 m are asked for and wider ones taken, with a word."""
    table = make_table()
    division = divide(table, block_size=20.0, window=30.0)
    assert division.block_size == pytest.approx(140.0)
    assert [note.examples for note in division.notes] == [("140 for 20",)]
    for group in range(24):
        assert len(np.unique(division.groups[table.groups == group])) == 1


def test_blocks_of_a_given_size(make_table: MakeTable) -> None:
    division = divide(make_table(), folds=2, block_size=1000.0)
    assert division.block_size == 1000.0
    assert len(np.unique(division.groups)) == 25 - 1
    assert division.notes == ()


def test_what_cannot_be_divided(make_table: MakeTable) -> None:
    table = make_table()
    with pytest.raises(FoldError, match="not by polygons"):
        divide(table, split=Split.POLYGONS, block_size=10.0)
    with pytest.raises(FoldError, match="all are of class 2"):
        divide(table.take(table.classes == 2))
    with pytest.raises(FoldError, match="from more than one polygon or block"):
        divide(table, block_size=1e6)
    spot = replace(table, x=np.zeros(len(table)), y=np.zeros(len(table)))
    with pytest.raises(FoldError, match="on one spot"):
        divide(spot, split=Split.BLOCKS)
