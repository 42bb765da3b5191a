"""Polygons or blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from automap_tiles.analysis.classifier.division import Split, divide
from automap_tiles.analysis.folds import FoldError
from tests.analysis.classifier.conftest import MakeTable


def test_polygons_are_held_out_whole(make_table: MakeTable) -> None:
    table = make_table()
    division = divide(table, folds=4)
    assert division.split is Split.POLYGONS
    assert division.folds == 4
    assert np.array_equal(division.groups, table.groups)


def test_there_are_fewer_folds_where_a_class_has_fewer_polygons(make_table: MakeTable) -> None:
    assert divide(make_table(polygons=3), folds=5).folds == 3


def test_points_are_held_out_by_blocks(make_table: MakeTable) -> None:
    table = make_table(polygons=20, pixels=3)
    points = replace(table, groups=np.arange(len(table), dtype=np.int64))
    division = divide(points, folds=3)
    assert division.split is Split.BLOCKS
    assert division.block_size is not None
    for fold in range(division.folds):
        assert len(np.unique(points.classes[division.fold_of == fold])) == 3
    for block in np.unique(division.groups):
        inside = division.groups == block
        assert len(np.unique(division.fold_of[inside])) == 1
        assert np.ptp(points.x[inside]) <= division.block_size


def test_blocks_of_a_given_size(make_table: MakeTable) -> None:
    division = divide(make_table(), folds=2, block_size=1000.0)
    assert division.block_size == 1000.0
    assert len(np.unique(division.groups)) == 25 - 1


def test_what_cannot_be_divided(make_table: MakeTable) -> None:
    table = make_table(polygons=1)
    with pytest.raises(FoldError, match="class 2 comes from one polygon"):
        divide(table)
    with pytest.raises(FoldError, match="not by polygons"):
        divide(make_table(), split=Split.POLYGONS, block_size=10.0)
    spot = replace(table, x=np.zeros(len(table)), y=np.zeros(len(table)))
    with pytest.raises(FoldError, match="on one spot"):
        divide(spot, split=Split.BLOCKS)
    x, y = table.x.copy(), table.y.copy()
    x[table.classes == 2], y[table.classes == 2] = 1.0, 1.0
    with pytest.raises(FoldError, match=r"class 2 comes from one .*; give a block size"):
        divide(replace(table, x=x, y=y), split=Split.BLOCKS)
