"""Sums along rows of narrow numbers, modulo their range, by NumPy alone.

Two ways to the same numbers. `np.add.accumulate` waits for each sum to come back from memory, which
some processors hide and others do not: 0.7 ns a number on an EPYC (Zen), 3.3 ns on a Xeon (Sapphire
Rapids). Sums of 2, 4, 8 … neighbours (Hillis & Steele 1986, "Data parallel algorithms") wait for
nothing: 1.2 ns on that Xeon. Which is quicker is measured once in a process.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SPAN = 64
"""Neighbours that are added up by doubling; of 16 to 256 the quickest for rows of 256."""
_STRIP = 256 * (256 + _SPAN)
"""Numbers that are added up together, with zeros between rows: a block of 256 rows and columns."""
_MEASURED = 2**14
"""Numbers from which on a strip tells which way is quicker."""
_TIMES = 3

Sums = Callable[[NDArray[Any], NDArray[Any]], None]


def add_up_narrow(differences: NDArray[Any], out: NDArray[Any]) -> None:
    """Sums along the rows of unsigned numbers (y, x) of one or two bytes, modulo their range."""
    step = max(1, _STRIP // (differences.shape[1] + _SPAN))
    for start in range(0, len(differences), step):
        rows = slice(start, start + step)
        _choice.way(differences[rows], out[rows])


def by_accumulating(differences: NDArray[Any], out: NDArray[Any]) -> None:
    """Number by number, in 32 bits, whose lower ones are the sums of narrower numbers.

    NumPy adds those up as fast as narrower ones, or up to three times as fast.
    """
    wide = _scratch.wide(differences.shape)
    np.copyto(wide, differences)
    np.add.accumulate(wide, axis=1, out=wide)
    np.copyto(out, wide, casting="unsafe")


def by_doubling(differences: NDArray[Any], out: NDArray[Any]) -> None:
    """All rows at once, each behind so many zeros that no sum of neighbours meets another row."""
    rows, columns = differences.shape
    now, other = _scratch.padded((rows, columns + _SPAN), differences.dtype)
    now[:, :_SPAN] = 0
    now[:, _SPAN:] = differences
    span = 1
    while span < _SPAN:
        # the first numbers of `other` are left as they were: no sum that counts reaches them
        np.add(now.reshape(-1)[span:], now.reshape(-1)[:-span], out=other.reshape(-1)[span:])
        now, other = other, now
        span *= 2
    found = now[:, _SPAN:]
    out[:, :_SPAN] = found[:, :_SPAN]
    for start in range(_SPAN, columns, _SPAN):
        here = slice(start, min(start + _SPAN, columns))
        before = out[:, start - _SPAN : here.stop - _SPAN]
        np.add(found[:, here], before, out=out[:, here])


class _Choice:
    """Which of the two ways this process takes."""

    def __init__(self) -> None:
        self.way: Sums = self._measure

    def _measure(self, differences: NDArray[Any], out: NDArray[Any]) -> None:
        by_accumulating(differences, out)
        if differences.size >= _MEASURED:
            ways = (by_accumulating, by_doubling)
            self.way = min(ways, key=lambda way: _seconds(way, differences, out))


def _seconds(way: Sums, differences: NDArray[Any], out: NDArray[Any]) -> float:
    """CPU time of this thread, the least of some times; the first one has memory to get."""
    spent = []
    for _ in range(_TIMES):
        before = time.thread_time()
        way(differences, out)
        spent.append(time.thread_time() - before)
    return min(spent)


class _Scratch(threading.local):
    """Memory that is used again for the next strip, of each thread."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def wide(self, shape: tuple[int, ...]) -> NDArray[np.uint32]:
        """An array of any numbers."""
        size = math.prod(shape)
        return self._taken(4 * size).view(np.uint32).reshape(shape)

    def padded(
        self, shape: tuple[int, int], dtype: np.dtype[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Two arrays of any numbers."""
        size = math.prod(shape) * dtype.itemsize
        both = self._taken(2 * size).reshape(2, -1).view(dtype)
        return both[0].reshape(shape), both[1].reshape(shape)

    def _taken(self, size: int) -> NDArray[np.uint8]:
        if len(self._bytes) < size:
            if size > _KEPT:  # a row of a very wide block
                return np.empty(size, np.uint8)
            self._bytes = np.empty(_KEPT, np.uint8)
        return self._bytes[:size]


_KEPT = 4 * _STRIP
"""Bytes of memory: two strips of two bytes a number, or one of 32 bits."""

_choice = _Choice()
_scratch = _Scratch()
