"""Selection networks: minimum and maximum operations that put chosen ranks in place.

Batcher's odd-even merge exchange sort (Knuth, The Art of Computer Programming 3, 5.3.4, algorithm
M of 5.2.2) sorts any number of rows by a fixed sequence of comparisons, so each of them can be one
vectorised operation on whole rows of pixels. Where only a few ranks are asked for, the sequence is
walked backward and everything that cannot reach one of them is dropped.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Comparator(NamedTuple):
    """One exchange: the smaller sample goes to row `low`, the larger to row `high`."""

    low: int
    high: int
    keep_low: bool
    """Whether the smaller one is needed by what follows."""
    keep_high: bool
    """Whether the larger one is needed by what follows."""


def sorting_network(size: int) -> list[tuple[int, int]]:
    """Pairs (low, high) of rows whose exchange in turn sorts `size` rows upward."""
    pairs: list[tuple[int, int]] = []
    if size < 2:
        return pairs
    top = 1 << ((size - 1).bit_length() - 1)
    step = top
    while step:
        span, offset, distance = top, 0, step
        while True:
            pairs += [(i, i + distance) for i in range(size - distance) if i & step == offset]
            if span == step:
                break
            distance, span, offset = span - step, span // 2, step
        step //= 2
    return pairs


@lru_cache(maxsize=256)
def selection_network(size: int, ranks: frozenset[int]) -> tuple[Comparator, ...]:
    """The part of the sorting network that the given ranks (from 0, the smallest) depend on."""
    needed = set(ranks)
    kept = []
    for low, high in reversed(sorting_network(size)):
        if low in needed or high in needed:
            kept.append(Comparator(low, high, low in needed, high in needed))
            needed |= {low, high}
    return tuple(reversed(kept))


def operations(network: tuple[Comparator, ...]) -> int:
    """Number of minimum and maximum operations in a network."""
    return sum(step.keep_low + step.keep_high for step in network)
