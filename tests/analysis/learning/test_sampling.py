"""Choosing pixels: exact counts, and the same ones whatever the order and the cut."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.learning.sampling import by_block, by_fraction, by_number, lots, on_grid

SEEDS = st.integers(0, 2**32)


def picture(seed: int, size: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, rows and columns of a picture of four unequal classes."""
    labels = np.random.default_rng(seed).choice(
        [1, 2, 3, 7], (size, size), p=[0.6, 0.25, 0.14, 0.01]
    )
    rows, cols = np.indices(labels.shape)
    return labels.ravel(), rows.ravel(), cols.ravel()


@given(
    places=st.lists(
        st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1)), unique=True
    ),
    seed=SEEDS,
)
def test_no_two_pixels_have_the_same_lot(places: list[tuple[int, int]], seed: int) -> None:
    rows, cols = np.array(places, dtype=np.int64).reshape(-1, 2).T
    assert len(np.unique(lots(rows, cols, seed))) == len(places)


def test_lots_are_spread_evenly_and_seeds_are_independent() -> None:
    _, rows, cols = picture(0, 300)
    first, second = (lots(rows, cols, seed) / 2.0**64 for seed in (1, 2))
    for lot in (first, second):
        counts = np.histogram(lot, 20, (0, 1))[0]
        # chi-square of 19 degrees of freedom: 43.8 is exceeded once in a thousand
        assert ((counts - 4500) ** 2 / 4500).sum() < 43.8
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.01
    neighbours = np.corrcoef(first[:-1], first[1:])[0, 1]
    assert abs(neighbours) < 0.01


@given(seed=SEEDS, number=st.integers(0, 300))
def test_a_number_of_each_class_exactly(seed: int, number: int) -> None:
    labels, rows, cols = picture(seed)
    chosen = by_number(labels, number, lots(rows, cols, seed))
    sizes, found = Counter(labels.tolist()), Counter(labels[chosen].tolist())
    assert {value: found[value] for value in sizes} == {
        value: min(number, size) for value, size in sizes.items()
    }


@given(seed=SEEDS, fraction=st.floats(0, 1))
def test_a_fraction_of_each_class_exactly(seed: int, fraction: float) -> None:
    labels, rows, cols = picture(seed)
    chosen = by_fraction(labels, fraction, lots(rows, cols, seed))
    for value, size in Counter(labels.tolist()).items():
        assert (labels[chosen] == value).sum() == math.floor(fraction * size + 0.5)


def test_numbers_and_fractions_by_class() -> None:
    labels, rows, cols = picture(3)
    lot = lots(rows, cols)
    assert Counter(labels[by_number(labels, {1: 5, 3: 2}, lot)].tolist()) == {1: 5, 3: 2}
    halves = labels[by_fraction(labels, {2: 0.5}, lot)]
    assert set(halves) == {2}
    assert len(halves) == math.floor((labels == 2).sum() / 2 + 0.5)


@given(seed=SEEDS)
def test_the_order_of_the_pixels_does_not_matter(seed: int) -> None:
    labels, rows, cols = picture(seed)
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    one = by_number(labels, 20, lots(rows, cols, seed))
    other = by_number(labels[shuffled], 20, lots(rows[shuffled], cols[shuffled], seed))
    np.testing.assert_array_equal(one[shuffled], other)


@given(seed=SEEDS, cut=st.integers(1, 39))
def test_choosing_in_parts_first_gives_the_same(seed: int, cut: int) -> None:
    labels, rows, cols = picture(seed)
    lot = lots(rows, cols, seed)
    whole = by_number(labels, 15, lot)
    parts = np.zeros_like(whole)
    for part in (rows < cut, rows >= cut):
        parts[part] = by_number(labels[part], 15, lot[part])
    parts[parts] = by_number(labels[parts], 15, lot[parts])
    np.testing.assert_array_equal(whole, parts)


@given(seed=SEEDS, size=st.integers(1, 15), number=st.integers(0, 6))
def test_blocks_come_whole_and_exactly_so_many(seed: int, size: int, number: int) -> None:
    labels, rows, cols = picture(seed)
    chosen = by_block(labels, rows, cols, size=size, number=number, seed=seed)
    blocks = list(
        zip(labels.tolist(), (rows // size).tolist(), (cols // size).tolist(), strict=True)
    )
    taken = {block for block, is_chosen in zip(blocks, chosen, strict=True) if is_chosen}
    # every pixel of a chosen block and class is chosen
    assert [block in taken for block in blocks] == chosen.tolist()
    for value in set(labels.tolist()):
        there = {block for block in blocks if block[0] == value}
        assert len([block for block in taken if block[0] == value]) == min(number, len(there))


@given(seed=SEEDS, stride=st.integers(1, 9), row=st.integers(0, 5), col=st.integers(0, 5))
def test_a_grid_is_every_so_many_rows_and_columns(
    seed: int, stride: int, row: int, col: int
) -> None:
    labels, rows, cols = picture(seed)
    expected = np.zeros((40, 40), dtype=bool)
    expected[row % stride :: stride, col % stride :: stride] = True
    chosen = on_grid(labels, rows, cols, stride=stride, offset=(row, col))
    np.testing.assert_array_equal(chosen.reshape(40, 40), expected)
    only = on_grid(labels, rows, cols, stride={2: stride}, offset=(row, col))
    np.testing.assert_array_equal(only, expected.ravel() & (labels == 2))


def test_what_cannot_be_is_refused() -> None:
    labels, rows, cols = picture(0)
    lot = lots(rows, cols)
    with pytest.raises(ValueError, match="negative"):
        by_number(labels, -1, lot)
    with pytest.raises(ValueError, match="between 0 and 1"):
        by_fraction(labels, 1.5, lot)
    with pytest.raises(ValueError, match="at least one pixel"):
        by_block(labels, rows, cols, size=0, number=1)
    with pytest.raises(ValueError, match="stride"):
        on_grid(labels, rows, cols, stride=0)
