"""Random samples of pixels: by fraction, number, block or grid; per class, with a seed.

The selection depends on the positions of the pixels and on the seed, not on their order nor on the
tiling: every pixel gets a pseudo-random number, its lot, and the lowest lots are selected. All
functions take flat arrays, one entry per pixel, and return a mask of the selected ones; the counts
are exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[Any]
Lots = NDArray[np.uint64]
Chosen = NDArray[np.bool_]

# Increment and multipliers of SplitMix64 (Steele, Lea & Flood, Fast Splittable Pseudorandom Number
# Generators, OOPSLA 2014).
_GOLDEN = 0x9E3779B97F4A7C15
_MULTIPLIERS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_ALL = (1 << 64) - 1


def lots(rows: Ints, cols: Ints, seed: int = 0) -> Lots:
    """A lot for each pixel, from its position on the whole grid (within ±2^31) and the seed.

    No two pixels have the same one.
    """
    place = (rows.astype(np.int64).astype(np.uint64) << np.uint64(32)) | (
        cols.astype(np.int64).astype(np.uint64) & np.uint64(0xFFFFFFFF)
    )
    # Both steps are permutations of the 64-bit numbers, so distinct positions stay distinct.
    return _mixed(place + np.uint64(int(_mixed(np.array([seed & _ALL], dtype=np.uint64))[0])))


def _mixed(values: Lots) -> Lots:
    mixed = values + np.uint64(_GOLDEN)
    for shift, factor in _MULTIPLIERS:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def by_number(labels: Ints, number: int | Mapping[int, int], lot: Lots) -> Chosen:
    """A number of pixels of each label, all if there are fewer.

    None of labels not in the mapping.
    """
    values, sizes = np.unique(labels, return_counts=True)
    limits = {value: _of(number, value, 0) for value in values.tolist()}
    if any(limit < 0 for limit in limits.values()):
        raise ValueError("a number of pixels cannot be negative")
    return _lowest(labels, limits, dict(zip(values.tolist(), sizes.tolist(), strict=True)), lot)


def by_fraction(labels: Ints, fraction: float | Mapping[int, float], lot: Lots) -> Chosen:
    """A fraction of each label, rounded to the nearest integer, halves up."""
    values, sizes = np.unique(labels, return_counts=True)
    shares = {value: _of(fraction, value, 0.0) for value in values.tolist()}
    if not all(0 <= share <= 1 for share in shares.values()):
        raise ValueError("a fraction lies between 0 and 1")
    counts = dict(zip(values.tolist(), sizes.tolist(), strict=True))
    limits = {value: math.floor(shares[value] * size + 0.5) for value, size in counts.items()}
    return _lowest(labels, limits, counts, lot)


def by_block(
    labels: Ints,
    rows: Ints,
    cols: Ints,
    *,
    size: int,
    number: int | Mapping[int, int],
    seed: int = 0,
) -> Chosen:
    """All pixels of a label in a number of the blocks that contain it, all if there are fewer.

    Blocks are squares of `size` pixels, counted from the first pixel of the whole grid.
    """
    if size < 1:
        raise ValueError("a block has at least one pixel along its edge")
    block_rows, block_cols = rows // size, cols // size
    held, inverse = np.unique(
        np.column_stack([labels, block_rows, block_cols]).astype(np.int64),
        axis=0,
        return_inverse=True,
    )
    chosen = by_number(held[:, 0], number, lots(held[:, 1], held[:, 2], seed))
    return chosen[inverse.reshape(-1)]


def on_grid(
    labels: Ints,
    rows: Ints,
    cols: Ints,
    *,
    stride: int | Mapping[int, int],
    offset: tuple[int, int] = (0, 0),
) -> Chosen:
    """Pixels on every n-th row and column of the whole grid, from `offset` (row, col)."""
    chosen = np.zeros(len(labels), dtype=bool)
    for value in np.unique(labels).tolist():
        step = _of(stride, value, 0)
        if step < 0 or (step == 0 and not isinstance(stride, Mapping)):
            raise ValueError("a stride is at least one pixel")
        if step:
            hit = ((rows - offset[0]) % step == 0) & ((cols - offset[1]) % step == 0)
            chosen |= hit & (labels == value)
    return chosen


def _of(wanted: Any, value: int, default: Any) -> Any:
    return wanted.get(value, default) if isinstance(wanted, Mapping) else wanted


def _lowest(labels: Ints, limits: Mapping[int, int], sizes: Mapping[int, int], lot: Lots) -> Chosen:
    """The lowest lots of each label, up to its limit."""
    order = np.lexsort((lot, labels))
    chosen = np.zeros(len(labels), dtype=bool)
    start = 0
    for value in sorted(sizes):
        chosen[order[start : start + min(limits[value], sizes[value])]] = True
        start += sizes[value]
    return chosen
