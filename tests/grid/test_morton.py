from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.grid import morton

numbers = st.integers(0, 2**31 - 1)


@given(row=numbers, col=numbers)
def test_bits_are_interleaved(row: int, col: int) -> None:
    wanted = 0
    for bit in range(31):
        wanted |= (row >> bit & 1) << (2 * bit + 1) | (col >> bit & 1) << (2 * bit)
    assert morton.encode(row, col) == wanted
    assert morton.decode(wanted) == (row, col)


@given(row=numbers, col=numbers, levels=st.integers(1, 10))
def test_a_subtree_is_one_range(row: int, col: int, levels: int) -> None:
    parent = morton.encode(row >> levels, col >> levels)
    assert parent << 2 * levels <= morton.encode(row, col) < parent + 1 << 2 * levels
