"""The Morton (Z-order) curve over a tile matrix.

A tile's key interleaves the bits of its row and column, so the four children of a tile are adjacent
on the curve and a whole subtree is one range of keys: a quadtree descent yields it in order, and a
database fetches it as one range.
"""

from __future__ import annotations

_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def _spread(value: int) -> int:
    """Put a zero between the bits of a 32-bit number."""
    for shift, mask in _SPREAD:
        value = (value | (value << shift)) & mask
    return value


def _gather(value: int) -> int:
    """Undo `_spread`."""
    value &= 0x5555555555555555
    for (shift, _), mask in zip(
        reversed(_SPREAD),
        (
            0x3333333333333333,
            0x0F0F0F0F0F0F0F0F,
            0x00FF00FF00FF00FF,
            0x0000FFFF0000FFFF,
            0x00000000FFFFFFFF,
        ),
        strict=True,
    ):
        value = (value | (value >> shift)) & mask
    return value


def encode(row: int, col: int) -> int:
    """Position of a tile on the curve; rows and columns below 2**31, the key below 2**62."""
    return (_spread(row) << 1) | _spread(col)


def decode(value: int) -> tuple[int, int]:
    """Row and column of a position on the curve."""
    return _gather(value >> 1), _gather(value)
