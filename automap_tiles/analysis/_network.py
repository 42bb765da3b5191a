"""Selection networks: minimum and maximum operations that put chosen ranks in place.

A sorting network sorts any number of rows by a fixed sequence of comparisons, so each of them can
be one vectorised operation on whole rows of pixels. Parberry's pairwise network (The Pairwise
Sorting Network, Parallel Processing Letters 2, 1992) has as many comparators as Batcher's, but
where only a few ranks are asked for and the sequence is walked backward, dropping what cannot reach
one of them, less of it is left (54 operations instead of 60 for the middle of 12 rows).
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

Pair = tuple[int, int]

# Which wires of the next power of two are taken decides how much can be dropped.
_OFFSETS = 9


class Comparator(NamedTuple):
    """One exchange: the smaller sample goes to row `low`, the larger to row `high`."""

    low: int
    high: int
    keep_low: bool
    """Whether the smaller one is needed by what follows."""
    keep_high: bool
    """Whether the larger one is needed by what follows."""


def sorting_network(size: int, offset: int = 0) -> list[Pair]:
    """Pairs (low, high) of rows whose exchange in turn sorts `size` rows upward.

    They are wires `offset` to `offset + size` of the network for the next power of two: the wires
    before hold what is smaller than all, those behind what is larger, and both stay where they are.
    """
    whole = _pairwise(0, 1, 1 << max(0, size - 1).bit_length())
    return [
        (low - offset, high - offset)
        for low, high in whole
        if offset <= low and high < offset + size
    ]


@cache
def _pairwise(first: int, step: int, size: int) -> tuple[Pair, ...]:
    """Network of the wires first, first + step, …; `size` is a power of two."""
    if size < 2:
        return ()
    wires = [first + step * number for number in range(size)]
    pairs = list(zip(wires[::2], wires[1::2], strict=True))
    pairs += _pairwise(first, 2 * step, size // 2)
    pairs += _pairwise(first + step, 2 * step, size // 2)
    distance = size // 4
    while distance:
        pairs += [
            (wires[2 * number + 1], wires[2 * (number + distance)])
            for number in range(size // 2 - distance)
        ]
        distance //= 2
    return tuple(pairs)


@lru_cache(maxsize=256)
def selection_network(size: int, ranks: frozenset[int]) -> tuple[Comparator, ...]:
    """The part of a sorting network that the given ranks (from 0, the smallest) depend on."""
    spare = (1 << max(0, size - 1).bit_length()) - size
    offsets = range(min(spare + 1, _OFFSETS))
    candidates = [_prune(sorting_network(size, offset), ranks) for offset in offsets]
    return min(candidates, key=operations)


def _prune(pairs: list[Pair], ranks: frozenset[int]) -> tuple[Comparator, ...]:
    needed = set(ranks)
    kept = []
    for low, high in reversed(pairs):
        if low in needed or high in needed:
            kept.append(Comparator(low, high, low in needed, high in needed))
            needed |= {low, high}
    return tuple(reversed(kept))


def operations(network: tuple[Comparator, ...]) -> int:
    """Number of minimum and maximum operations in a network."""
    return sum(step.keep_low + step.keep_high for step in network)
