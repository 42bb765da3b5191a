"""Grey levels side by side: what the textures of Haralick need to know about the pairs of a window.

The matrix of co-occurrence of a window is never made. Its moments are sums over the pairs of the
window, and its entropies are known from how often each pair, sum, difference and level occurs in
it. All of them are sums of whole numbers (of c ln c in steps of 2**-40), so they are exact, and
NumPy and the compiled kernels give the same bits, in whatever order they add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, TypeAlias

import numpy as np

from automap_tiles.analysis._blocks import BlockMemory
from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.textures._pairs import TALLIES, PairWork, Tally
from automap_tiles.analysis.textures._windows import window_sums

Moment: TypeAlias = Literal[
    "sums", "square_sums", "differences", "square_differences", "inverse_differences"
]
MOMENTS: tuple[Moment, ...] = (
    "sums",
    "square_sums",
    "differences",
    "square_differences",
    "inverse_differences",
)
"""Sums over the pairs of a window: of i + j and its square, |i - j| and its square, and 1 / (1 + (i
- j)²), with levels from 0."""

_LOG_UNIT = 2.0**40
INVERSE_UNIT = 2.0**20
"""Unit of 1 / (1 + d²), chosen so that sums over the largest window fit in 32 bits."""


@dataclass(frozen=True, kw_only=True)
class Grey:
    """Part of a raster in grey levels, with the margin of its windows."""

    grey: Array
    """(y, x) int32, 0 to levels - 1."""
    valid: Bools | None
    """(y, x) valid pixels; None if all are."""
    levels: int
    size: int
    """Width of the window."""
    fast: bool
    scratch: BlockMemory

    def directions(self, distance: int, needs: Set[str]) -> Iterator[Pairs]:
        """Pairs at 0, 45, 90 and 135 degrees, with the moments and tallies of those names."""
        moments = tuple(name for name in MOMENTS if name in needs)
        tallies = tuple(name for name in TALLIES if name in needs)
        for down, right in ((0, 1), (-1, 1), (1, 0), (1, 1)):
            yield self._pairs(down * distance, right * distance, moments, tallies)

    def _pairs(
        self, down: int, right: int, moments: tuple[Moment, ...], tallies: tuple[Tally, ...]
    ) -> Pairs:
        first, second = _apart(self.grey, down, right)
        counts: Bools | None = None
        if self.valid is not None:
            one, other = _apart(self.valid, down, right)
            counts = one & other
        work = PairWork(
            first=first,
            second=second,
            counts=counts,
            levels=self.levels,
            size=(self.size - abs(down), self.size - right),
            scratch=self.scratch,
        )
        # a scalar gives the same bits as an array of it
        number = np.array(work.most)
        if counts is not None:
            number = work.sums(counts, 1, "number").astype(np.int64)
        found = _moments(work, moments) | _tallies(work, tallies, self.fast)
        return Pairs(number, found, work.most)


class Pairs:
    """Pair statistics of each window, as exact integers."""

    def __init__(self, number: Array, found: dict[str, Array], most: int) -> None:
        """`number` is the number of pairs, `most` its largest possible value."""
        self.some: Bools | None = None
        """Windows with a pair; None if all have one."""
        if not number.all():
            self.some = number > 0
            number = np.maximum(number, 1)
        self._pairs = number
        self._found = found
        self._most = most

    def __getitem__(self, name: str) -> Array:
        """A moment or the sum of squares, exact in float64."""
        exact: Array = self._found[name].astype(np.float64, copy=False)
        return exact

    @cached_property
    def number(self) -> Array:
        """Pairs in each window, 1 if there are none; float64."""
        number: Array = self._pairs.astype(np.float64)
        return number

    @cached_property
    def entropy(self) -> Array:
        """-Σ p ln p of the matrix; like the next three, exactly 0 for a single level."""
        return self._entropy(2 * self._pairs, "joint")

    @cached_property
    def entropy_of_levels(self) -> Array:
        return self._entropy(2 * self._pairs, "marginal")

    @cached_property
    def entropy_of_sums(self) -> Array:
        return self._entropy(self._pairs, "sum")

    @cached_property
    def entropy_of_differences(self) -> Array:
        return self._entropy(self._pairs, "difference")

    def _entropy(self, total: Array, name: Tally) -> Array:
        """Entropy of counts that add up to `total`."""
        rest = _log_table(2 * self._most)[total] - self._found[name]
        found: Array = rest / (total * _LOG_UNIT)
        return found


def _moments(work: PairWork, names: Iterable[Moment]) -> dict[str, Array]:
    added, apart = work.first + work.second, np.abs(work.first - work.second)
    found: dict[str, Array] = {}
    for name in names:
        values, largest = _MOMENTS[name](added, apart, work.levels)
        found[name] = work.sums(values, largest, "moment").astype(np.float64)
    return found


def _tallies(work: PairWork, names: Sequence[Tally], fast: bool) -> dict[str, Array]:
    logs = _log_table(2 * work.most)
    if fast and names:
        from automap_tiles.analysis.textures import _pair_kernels

        return _pair_kernels.tallies(work, names, logs)
    found: dict[str, Array] = {}
    if "joint" in names or "squares" in names:
        found["joint"], found["squares"] = _of_matrix(work, logs)
    if "marginal" in names:
        found["marginal"] = _of_bins(work, (work.first, work.second), logs)
    if "sum" in names:
        found["sum"] = _of_bins(work, (work.first + work.second,), logs)
    if "difference" in names:
        found["difference"] = _of_bins(work, (np.abs(work.first - work.second),), logs)
    return found


@cache
def _inverse_table(levels: int) -> Array:
    """1 / (1 + d²) for d = 0 to `levels` - 1 in steps of 2**-20, int32."""
    table: Array = np.rint(INVERSE_UNIT / (1 + np.arange(levels) ** 2)).astype(np.int32)
    return table


_MOMENTS: dict[Moment, Callable[[Array, Array, int], tuple[Array, int]]] = {
    "sums": lambda added, _, levels: (added, 2 * levels),
    "square_sums": lambda added, _, levels: (added**2, 4 * levels**2),
    "differences": lambda _, apart, levels: (apart, levels),
    "square_differences": lambda _, apart, levels: (apart**2, levels**2),
    "inverse_differences": lambda _, apart, levels: (
        _inverse_table(levels)[apart],
        int(INVERSE_UNIT),
    ),
}


def _of_matrix(work: PairWork, logs: Array) -> tuple[Array, Array]:
    low, high = np.minimum(work.first, work.second), np.maximum(work.first, work.second)
    # a level paired with itself is one entry of twice the count, other pairs are two entries
    code = np.where(low == high, low, high * (high - 1) // 2 + low + work.levels)
    found = np.zeros((2, *_windows(work)), dtype=np.int64)
    for bin_, places, small in _bins(work, (code,)):
        counts = small.astype(np.int64)
        twice = bin_ < work.levels
        found[0].reshape(-1)[places] += logs[2 * counts] if twice else 2 * logs[counts]
        found[1].reshape(-1)[places] += (4 if twice else 2) * counts**2
    return found[0], found[1]


def _of_bins(work: PairWork, codes: tuple[Array, ...], logs: Array) -> Array:
    found = np.zeros(_windows(work), dtype=np.int64)
    for _, places, counts in _bins(work, codes):
        found.reshape(-1)[places] += logs[counts]
    return found


def _bins(work: PairWork, codes: tuple[Array, ...]) -> Iterator[tuple[int, Array, Array]]:
    """For each code that occurs: its windows, flattened, and its count there."""
    small = np.uint8 if work.most * len(codes) < 2**8 else np.uint16
    present = np.zeros(1, dtype=bool)
    for code in codes:
        chosen = code.reshape(-1) if work.counts is None else code[work.counts]
        found = np.bincount(chosen, minlength=len(present)) > 0
        found[: len(present)] |= present
        present = found
    for bin_ in np.flatnonzero(present).tolist():
        here = (codes[0] == bin_).astype(small)
        for other in codes[1:]:
            here += other == bin_
        if work.counts is not None:
            here *= work.counts
        counts = window_sums(here, work.size, work.scratch, "bin").reshape(-1)
        places = np.flatnonzero(counts)
        yield bin_, places, counts[places]


def _windows(work: PairWork) -> tuple[int, int]:
    height, width = work.first.shape
    return height - work.size[0] + 1, width - work.size[1] + 1


def _apart(values: Array, down: int, right: int) -> tuple[Array, Array]:
    """Each pixel and the one `down` and `right` of it, where both exist."""
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
