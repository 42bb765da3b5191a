"""The table of samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from automap_tiles.analysis.learning.sample_table import Loss, Reason, SampleTable, added, joined


def _table(rows: int = 6, first: int = 0) -> SampleTable:
    number = np.arange(first, first + rows)
    return SampleTable(
        values=np.stack([number, -number], axis=1).astype(np.float32),
        classes=(number % 3 + 1).astype(np.uint8),
        groups=number // 2,
        x=(number * 7 % 5).astype(np.float64),
        y=(number * 3 % 4).astype(np.float64),
        crs="EPSG:32633",
        features=("red", "nir"),
        names={1: "water"},
        losses=(Loss(value=1, reason=Reason.NODATA, count=rows),),
    )


def test_counts() -> None:
    assert _table().counts == {1: 2, 2: 2, 3: 2}
    assert len(_table()) == 6


def test_the_order_of_parts_leaves_no_trace() -> None:
    a, b = _table(5), _table(4, first=5)
    one, other = joined([a, b]), joined([b, a])
    assert one.fingerprint == other.fingerprint
    assert one.counts == {1: 3, 2: 3, 3: 3}
    assert one.losses == (Loss(value=1, reason=Reason.NODATA, count=9),)
    assert np.all(np.diff(one.y) <= 0)


@pytest.mark.parametrize("column", ["values", "classes", "groups", "x", "y"])
def test_the_fingerprint_is_of_all_columns(column: str) -> None:
    table = _table()
    changed = getattr(table, column).copy()
    changed.flat[0] = 9
    assert replace(table, **{column: changed}).fingerprint != table.fingerprint


def test_the_fingerprint_is_of_the_names_of_features_and_of_the_crs() -> None:
    table = _table()
    for other in (replace(table, features=("red", "swir1")), replace(table, crs="EPSG:32634")):
        assert other.fingerprint != table.fingerprint


def test_rows_are_taken_from_all_columns() -> None:
    part = _table().take(np.array([4, 1]))
    assert part.values.tolist() == [[4, -4], [1, -1]]
    assert part.classes.tolist() == [2, 2]
    assert part.x.tolist() == [3, 2]


def test_what_does_not_fit() -> None:
    table = _table()
    with pytest.raises(ValueError, match="do not fit"):
        replace(table, features=("red",))
    with pytest.raises(ValueError, match="as long as classes"):
        replace(table, x=table.x[1:])
    with pytest.raises(ValueError, match="class 0 means no data"):
        replace(table, classes=np.zeros(6, np.uint8))
    with pytest.raises(ValueError, match="different features"):
        joined([table, replace(table, crs="EPSG:4326")])
    with pytest.raises(ValueError, match="no samples"):
        joined([])


def test_losses_are_added_by_class_and_reason() -> None:
    losses = [
        Loss(value=2, reason=Reason.MIXED, count=1),
        Loss(value=1, reason=Reason.MIXED, count=0),
        Loss(value=2, reason=Reason.MIXED, count=3),
        Loss(value=1, reason=Reason.CAPPED, count=5),
    ]
    assert added(losses) == (
        Loss(value=1, reason=Reason.CAPPED, count=5),
        Loss(value=2, reason=Reason.MIXED, count=4),
    )
