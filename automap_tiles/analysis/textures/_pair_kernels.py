"""Pair kernels compiled by numba, exact like their NumPy versions.

Imported only if `accelerate` says so. Integers may be added in any order, so these are running sums
and counts that slide along the rows.
"""

# ruff: noqa: C901, PLR0913, PLR0917 - a kernel is one loop

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from automap_tiles.accelerate import compile_kernel
from automap_tiles.analysis._dates import Array
from automap_tiles.analysis.textures._pairs import TALLIES, PairWork, Tally

_INT64 = np.dtype(np.int64)


def tallies(work: PairWork, names: Sequence[Tally], logs: Array) -> dict[str, Array]:
    """Tallies of each window by name, int64; `logs` is c ln c by c."""
    height, width = work.first.shape[0] - work.size[0] + 1, work.first.shape[1] - work.size[1] + 1
    out: dict[str, Array] = {
        name: work.scratch.one(name, _INT64, (height, width)) for name in names
    }
    nothing = np.empty((1, 1), dtype=np.int64)
    counts = np.ones((1, 1), dtype=bool) if work.counts is None else work.counts
    _slide(
        work.first.astype(np.uint16),  # an index of this type needs no bounds check
        work.second.astype(np.uint16),
        np.broadcast_to(counts, work.first.shape).astype(np.uint8),
        work.size,
        np.uint64(work.levels),
        np.diff(logs),
        np.diff(logs[::2]),
        tuple(name in names for name in TALLIES),
        tuple(out.get(name, nothing) for name in TALLIES),
    )
    return out


@compile_kernel
def _slide(first, second, counts, size, levels, more, twice, wanted, out):  # type: ignore[no-untyped-def]
    """Counts of a window and their tallies, updated along each row.

    `more` is the increase of c ln c per additional count, `twice` that for a double count; `wanted`
    and `out` are in the order of `TALLIES`.
    """
    high, wide = size
    height, width = first.shape
    bins = (
        np.zeros(levels * levels, dtype=np.uint32),  # of unordered pairs
        np.zeros(levels, dtype=np.uint32),
        np.zeros(2 * levels, dtype=np.uint32),
        np.zeros(levels, dtype=np.uint32),
    )
    joint, squares, marginal, sums, differences = wanted
    for row in range(height - high + 1):
        a, b, c = first[row : row + high], second[row : row + high], counts[row : row + high]
        total = (0, 0, 0, 0, 0)
        for column in range(width + wide):
            if column >= wide:
                total = _shift(a, b, c, column - wide, -1, levels, bins, more, twice, wanted, total)
            if column < width:
                total = _shift(a, b, c, column, 1, levels, bins, more, twice, wanted, total)
                place = column - wide + 1
                if place >= 0:
                    if joint:
                        out[0][row, place] = total[0]
                    if squares:
                        out[1][row, place] = total[1]
                    if marginal:
                        out[2][row, place] = total[2]
                    if sums:
                        out[3][row, place] = total[3]
                    if differences:
                        out[4][row, place] = total[4]


@partial(compile_kernel, inline="always")
def _shift(a, b, c, column, sign, levels, bins, more, twice, wanted, total):  # type: ignore[no-untyped-def]
    """Add a column (`sign` 1) or remove it (-1)."""
    pairs, singles, added, apart = bins
    joint, squares, marginal, sums, differences = wanted
    pair, square, level, together, difference = total
    for line in range(a.shape[0]):
        one, other = a[line, column], b[line, column]
        low, high = min(one, other), max(one, other)
        here = c[line, column]  # 0 or 1
        before = np.uint32(here if sign < 0 else 0)
        after = np.uint32(here if sign > 0 else 0)
        step = sign * np.int64(here)
        if joint or squares:
            code = low * levels + high
            count = pairs[code] - before
            pairs[code] = count + after
            if joint:
                pair += step * (twice[count] if low == high else 2 * more[count])
            if squares:
                square += step * (4 if low == high else 2) * (2 * np.int64(count) + 1)
        if marginal:
            count = singles[one] - before
            singles[one] = count + after
            level += step * more[count]
            count = singles[other] - before
            singles[other] = count + after
            level += step * more[count]
        if sums:
            count = added[one + other] - before
            added[one + other] = count + after
            together += step * more[count]
        if differences:
            count = apart[high - low] - before
            apart[high - low] = count + after
            difference += step * more[count]
    return pair, square, level, together, difference
