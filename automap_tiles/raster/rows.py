"""Arrays a few rows at a time, so that several operations find them in the CPU cache."""

from __future__ import annotations

from collections.abc import Iterator

_BYTES = 2**17
"""Bytes of one operand; several fit into the L2 cache of a core, 512 KB to 2 MB."""


def row_blocks(shape: tuple[int, ...], itemsize: int) -> Iterator[slice]:
    """Slices of the rows of an array (y, x)."""
    height, width = shape
    step = max(1, _BYTES // max(1, width * itemsize))
    return (slice(start, start + step) for start in range(0, height, step))
