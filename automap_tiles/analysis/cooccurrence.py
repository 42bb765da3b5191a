"""Grey levels side by side: what the textures of Haralick need to know about the pairs of a window.

The matrix of co-occurrence of a window is never made. Its moments are sums over the pairs of the
window, and its entropies are known from how often each pair, sum, difference and level occurs in
it. All of them are sums of whole numbers (of c ln c in steps of 2**-40), so they are exact, and
NumPy and the compiled kernels give the same bits, in whatever order they add.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from automap_tiles.analysis.blocks import Scratch
from automap_tiles.analysis.samples import Array, Bools
from automap_tiles.analysis.windows import window_sums

_LOG_UNIT = 2.0**40
_INVERSE_UNIT = 2.0**20
"""Of 1 / (1 + d²), so that the sums of the largest window stay in 32 bits."""
_NONE = -1


@dataclass(frozen=True, kw_only=True)
class Grey:
    """Part of a picture in grey levels, with the margin of its windows."""

    grey: Array
    """(y, x) int32, 0 to levels - 1."""
    valid: Bools | None
    """(y, x) pixels that count; None where all do."""
    levels: int
    size: int
    """Width of the window."""
    fast: bool
    scratch: Scratch

    def directions(self, distance: int) -> Iterator[Pairs]:
        """Pairs at 0, 45, 90 and 135 degrees."""
        for down, right in ((0, 1), (-1, 1), (1, 0), (1, 1)):
            yield Pairs(self, down * distance, right * distance)


class Pairs:
    """Pairs of pixels `down` and `right` of each other, counted both ways round."""

    def __init__(self, part: Grey, down: int, right: int) -> None:
        self._part = part
        self._first, self._second = _apart(part.grey, down, right)
        self._counts: Bools | None = None
        if part.valid is not None:
            one, other = _apart(part.valid, down, right)
            self._counts = one & other
        self._size = part.size - abs(down), part.size - right
        self._most = self._size[0] * self._size[1]

    def _sums(self, values: Array, largest: int, name: str) -> Array:
        """Window sums of whole numbers up to `largest`, as float64 and therefore exact."""
        dtype = np.uint16 if largest * self._most < 2**16 else np.int32
        values = values.astype(dtype)
        if self._counts is not None:
            values *= self._counts
        summed: Array = window_sums(values, self._size, self._part.scratch, name)
        exact: Array = summed.astype(np.float64)
        return exact

    @cached_property
    def number(self) -> Array:
        """Pairs in each window, 1 where there are none."""
        counts = np.ones(self._first.shape, dtype=bool) if self._counts is None else self._counts
        found: Array = np.maximum(self._sums(counts, 1, "number"), 1)
        return found

    @cached_property
    def some(self) -> Bools | None:
        """Windows with a pair; None where all have."""
        if self._counts is None:
            return None
        some: Bools = self._sums(self._counts, 1, "number") > 0
        return None if some.all() else some

    @cached_property
    def _added(self) -> Array:
        return self._first + self._second

    @cached_property
    def _apart(self) -> Array:
        apart: Array = np.abs(self._first - self._second)
        return apart

    @cached_property
    def sums(self) -> Array:
        """Sum of i + j, levels from 0."""
        return self._sums(self._added, 2 * self._part.levels, "sums")

    @cached_property
    def square_sums(self) -> Array:
        """Sum of (i + j)²."""
        return self._sums(self._added**2, 4 * self._part.levels**2, "squares")

    @cached_property
    def differences(self) -> Array:
        """Sum of |i - j|."""
        return self._sums(self._apart, self._part.levels, "differences")

    @cached_property
    def square_differences(self) -> Array:
        """Sum of (i - j)²."""
        return self._sums(self._apart**2, self._part.levels**2, "squares")

    @cached_property
    def inverse_differences(self) -> Array:
        """Sum of 1 / (1 + (i - j)²)."""
        steps = np.arange(self._part.levels)
        table = np.rint(_INVERSE_UNIT / (1 + steps**2)).astype(np.int32)
        sums = self._sums(table[self._apart], int(_INVERSE_UNIT), "inverse")
        return sums / _INVERSE_UNIT

    @cached_property
    def joint(self) -> tuple[Array, Array]:
        """Σ m ln m and Σ m² over the entries m of the symmetric matrix, which add up to 2 N."""
        low, high = np.minimum(self._first, self._second), np.maximum(self._first, self._second)
        levels = self._part.levels
        code = np.where(low == high, low, high * (high - 1) // 2 + low + levels)
        logs, squares = self._occurrences((code,), levels * (levels + 1) // 2, levels)
        return logs / _LOG_UNIT, squares.astype(np.float64)

    @cached_property
    def entropy(self) -> Array:
        """-Σ p ln p of the matrix; exactly 0 for a single level, as the three that follow."""
        return self._entropy(2, self.joint[0])

    @cached_property
    def marginal_entropy(self) -> Array:
        levels = self._part.levels
        logs, _ = self._occurrences((self._first, self._second), levels, 0)
        return self._entropy(2, logs / _LOG_UNIT)

    @cached_property
    def sum_entropy(self) -> Array:
        logs, _ = self._occurrences((self._added,), 2 * self._part.levels - 1, 0)
        return self._entropy(1, logs / _LOG_UNIT)

    @cached_property
    def difference_entropy(self) -> Array:
        logs, _ = self._occurrences((self._apart,), self._part.levels, 0)
        return self._entropy(1, logs / _LOG_UNIT)

    def _entropy(self, times: int, logs: Array) -> Array:
        """Of counts that add up to `times` the pairs, from their Σ c ln c."""
        total = times * self.number
        whole = _log_table(2 * self._most)[total.astype(np.int64)] / _LOG_UNIT
        found: Array = (whole - logs) / total
        return found

    def _occurrences(self, codes: tuple[Array, ...], bins: int, split: int) -> tuple[Array, Array]:
        """Sums over the bins of each window, int64: of c ln c in steps, and of c².

        Codes below `split` stand for one entry of twice their count, others for two of their count;
        without a split each is one of its own.
        """
        logs, squares = _tables(self._most * len(codes), split > 0)
        if self._counts is not None:
            codes = tuple(np.where(self._counts, code, _NONE) for code in codes)
        if self._part.fast:
            from automap_tiles.analysis import window_kernels

            return window_kernels.occurrences(codes, bins, split, self._size, logs, squares)
        return self._by_bin(codes, split, logs, squares)

    def _by_bin(
        self, codes: tuple[Array, ...], split: int, logs: Array, squares: Array
    ) -> tuple[Array, Array]:
        """As the kernel, one bin after the other, of those that occur."""
        small = np.uint8 if self._most * len(codes) < 2**8 else np.uint16
        shape = self.number.shape
        found = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        present = np.bincount(np.concatenate([code.reshape(-1) for code in codes]) + 1)[1:]
        for code in np.flatnonzero(present):
            here = (codes[0] == code).astype(small)
            for other in codes[1:]:
                here += other == code
            counts = window_sums(here, self._size, self._part.scratch, "bin").reshape(-1)
            places = np.flatnonzero(counts)
            kind = int(code >= split)
            taken = counts[places]
            found[0].reshape(-1)[places] += logs[kind][taken]
            found[1].reshape(-1)[places] += squares[kind][taken]
        return found


def _apart(values: Array, down: int, right: int) -> tuple[Array, Array]:
    """Each pixel and that which is `down` and `right` of it, where both are there."""
    height, width = values.shape
    upper, lower = max(-down, 0), max(down, 0)
    first = values[upper : height - lower, : width - right]
    second = values[lower : height - upper, right:]
    return first, second


@cache
def _log_table(most: int) -> Array:
    """Logarithms c ln c for c = 0 to `most` in steps of 2**-40, int64."""
    counts = np.arange(most + 1)
    table: Array = np.rint(counts * np.log(np.maximum(counts, 1)) * _LOG_UNIT).astype(np.int64)
    return table


@cache
def _tables(most: int, is_matrix: bool) -> tuple[Array, Array]:
    """What a bin adds, c ln c and c², by its count: (kind, count) int64."""
    logs = _log_table(2 * most)
    counts = np.arange(most + 1, dtype=np.int64)
    if not is_matrix:
        return _rows(logs[: most + 1], logs[: most + 1]), _rows(counts**2, counts**2)
    return _rows(logs[2 * counts], 2 * logs[: most + 1]), _rows(4 * counts**2, 2 * counts**2)


def _rows(one: Array, other: Array) -> Any:
    return np.ascontiguousarray(np.stack((one, other)))
