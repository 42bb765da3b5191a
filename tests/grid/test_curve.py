from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.grid import curve

numbers = st.integers(0, 2**31 - 1)


@given(row=numbers, col=numbers)
def test_bits_are_interleaved(row: int, col: int) -> None:
    wanted = 0
    for bit in range(31):
        wanted |= (row >> bit & 1) << (2 * bit + 1) | (col >> bit & 1) << (2 * bit)
    assert curve.key(row, col) == wanted
    assert curve.unkey(wanted) == (row, col)


@given(row=numbers, col=numbers, levels=st.integers(1, 10))
def test_a_subtree_is_one_range(row: int, col: int, levels: int) -> None:
    parent = curve.key(row >> levels, col >> levels)
    assert parent << 2 * levels <= curve.key(row, col) < parent + 1 << 2 * levels
