"""Median and percentiles of a block: selection networks over its dates.

A sample that does not count is replaced by a pad, the largest or the smallest value of its type.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from automap_tiles.analysis._blocks import Block
from automap_tiles.analysis._dates import Array
from automap_tiles.analysis._network import Comparator, selection_network


def fill_median(block: Block, out: Array) -> None:
    """Median of the samples that count; of an even number the mean of the two in the middle.

    Pads are alternately the largest and the smallest value, so the median of all is that of the
    samples that count, and one network serves every pixel.
    """
    dates = len(block.masks.dates)
    if dates == 0:
        out[...] = 0
        return
    flips, odd = block.masks.pads
    # With an odd number of dates and of pads the middle lies between these two as well.
    low, high = max(0, dates // 2 - 1), dates // 2
    if odd is None and dates % 2:
        low = high
    rows = exchange(_loaded(block, flips), selection_network(dates, frozenset({low, high})))
    if low == high:
        np.copyto(out, rows[low], casting="unsafe")
        block.masks.clear(out)
        return
    first, second, spare = (row.view(block.kind.bits) for row in (rows[low], rows[high], rows[-1]))
    if odd is not None:
        # where their number is odd, both are to be the one in the middle
        np.bitwise_xor(first, second, out=spare)
        np.bitwise_and(spare, odd, out=spare)
        wrong = first if dates % 2 else second
        np.bitwise_xor(wrong, spare, out=wrong)
    _mean_of_two(block, first, second, out)
    block.masks.clear(out)


def _loaded(block: Block, flips: Sequence[Array]) -> list[Array]:
    """A copy of each date with pads in place of what does not count, and a spare row."""
    masks = block.masks
    count = len(masks.dates) + 1
    rows = block.scratch.take("rows", count, block.kind.bits, masks.shape)
    for place, (date, masked) in enumerate(zip(masks.dates, masks.masked, strict=True)):
        row = rows[place]
        if masked:
            np.bitwise_or(block.bits[date], masks.drop[place], out=row)
            if flips:
                np.bitwise_xor(row, flips[place], out=row)
        else:
            np.copyto(row, block.bits[date])
    return block.scratch.take("rows", count, block.kind.dtype, masks.shape)


def exchange(rows: list[Array], network: Iterable[Comparator]) -> list[Array]:
    """Run a network; the last row is spare and changes places with one that is free."""
    rows = list(rows)
    spare = rows.pop()
    minimum, maximum = np.minimum, np.maximum
    for low, high, keep_low, keep_high in network:
        first, second = rows[low], rows[high]
        if keep_low and keep_high:
            minimum(first, second, out=spare)
            maximum(first, second, out=second)
            rows[low], spare = spare, first
        elif keep_low:
            minimum(first, second, out=first)
        else:
            maximum(first, second, out=second)
    return [*rows, spare]


def _mean_of_two(block: Block, first: Array, second: Array, out: Array) -> None:
    """Mean of two rows of bits; halves are rounded up where the result is an integer."""
    low, high = first.view(block.kind.dtype), second.view(block.kind.dtype)
    if out.dtype.kind in "iu":
        # a + b = 2 (a | b) - (a ^ b), without a carry beyond the type
        both = np.bitwise_or(low, high, out=out)
        np.bitwise_xor(low, high, out=low)
        np.right_shift(low, 1, out=low)
        np.subtract(both, low, out=out)
        return
    other = block.scratch.one("wide", out.dtype, out.shape)
    np.copyto(out, low)
    np.copyto(other, high)
    if block.kind.is_float:
        # halves first, because the sum of two large samples may be infinite; pads may be infinite
        np.multiply(out, 0.5, out=out)
        np.multiply(other, 0.5, out=other)
        with np.errstate(invalid="ignore"):
            np.add(out, other, out=out)
    else:
        np.add(out, other, out=out)
        np.multiply(out, 0.5, out=out)


class Percentiles:
    """Several percentiles from one sorted block."""

    def __init__(self, percents: Sequence[float]) -> None:
        """Each percent is 0 to 100; raises `ValueError` otherwise."""
        for percent in percents:
            if not 0 <= percent <= 100:
                raise ValueError(f"a percentile is 0 to 100, not {percent}")
        self.percents = tuple(percents)

    def fill(self, percent: float, block: Block, out: Array) -> None:
        """NumPy's linear percentile of the samples that count.

        All pads are the largest value, so the samples that count are the first of the sorted rows
        and each pixel takes the two around its own position among them.
        """
        dates = len(block.masks.dates)
        if dates == 0:
            out[...] = 0
            return
        rows = self._sorted(block)
        selection = _selection(block, percent)
        low = _chosen(block, rows, selection.below, "low")
        high = _chosen(block, rows, selection.above, "high")
        _between(low, high, selection.fraction, out)
        block.masks.clear(out)

    def _sorted(self, block: Block) -> list[Array]:
        if self not in block.shared:
            dates = len(block.masks.dates)
            ranks: set[int] = set()
            for percent in self.percents:
                below, above, _ = _positions(percent, dates)
                # where no date is masked only the last of them is asked for
                counts = slice(1, None) if any(block.masks.masked) else slice(dates, None)
                ranks |= {*below[counts].tolist(), *above[counts].tolist()}
            network = selection_network(dates, frozenset(ranks))
            block.shared[self] = exchange(_loaded(block, block.masks.high_pads), network)
        rows: list[Array] = block.shared[self]
        return rows


def _positions(percent: float, dates: int) -> tuple[Array, Array, Array]:
    """For 0 to `dates` samples: the ranks below and above the percentile, the part of the way."""
    numbers = np.arange(dates + 1)
    exact = percent / 100 * np.maximum(numbers - 1, 0)
    below = np.floor(exact).astype(np.int64)
    fraction = exact - below
    above = below + (fraction > 0)
    return below, above, fraction


class _Selection(NamedTuple):
    """Which sorted rows the pixels of a block take for one percentile."""

    below: list[tuple[int, Array]]
    """Ranks, each with all bits where it is the one below."""
    above: list[tuple[int, Array]]
    fraction: Array
    """Part of the way from the one below to the one above, float64."""


def _selection(block: Block, percent: float) -> _Selection:
    """Made once for all bands that share a mask."""
    masks = block.masks
    known: _Selection | None = masks.shared.get(percent)
    if known is None:
        below, above, fraction = _positions(percent, len(masks.dates))
        if not any(masks.masked):
            below, above = below[-1:], above[-1:]
        known = masks.shared[percent] = _Selection(
            _rank_bits(block, below, f"below {percent}"),
            _rank_bits(block, above, f"above {percent}"),
            fraction[masks.number],
        )
    return known


def _rank_bits(block: Block, ranks: Array, name: str) -> list[tuple[int, Array]]:
    """`ranks` holds the rank for each number of samples, or for the only one there is."""
    masks = block.masks
    different = sorted(set(ranks.tolist()))
    bits = block.scratch.take(name, len(different), block.kind.bits, masks.shape)
    if len(different) == 1:
        bits[0][...] = np.iinfo(block.kind.bits).max
        return [(different[0], bits[0])]
    places = ranks.astype(masks.number.dtype)[masks.number]
    for rank, here in zip(different, bits, strict=True):
        np.copyto(here, places == rank)
        np.negative(here, out=here)
    return list(zip(different, bits, strict=True))


def _chosen(
    block: Block, rows: Sequence[Array], selection: Sequence[tuple[int, Array]], name: str
) -> Array:
    """Of each pixel the row whose rank goes with its number of samples."""
    chosen, part = block.scratch.take(name, 2, block.kind.bits, block.masks.shape)
    chosen[...] = 0
    for rank, here in selection:
        np.bitwise_and(here, rows[rank].view(block.kind.bits), out=part)
        np.bitwise_or(chosen, part, out=chosen)
    return chosen.view(block.kind.dtype)


def _between(low: Array, high: Array, fraction: Array, out: Array) -> None:
    """Linear between two samples; halves are rounded up where the result is an integer."""
    start, end = low.astype(fraction.dtype), high.astype(fraction.dtype)
    with np.errstate(invalid="ignore"):
        # weights on both sides, because the difference of two large samples may be infinite
        value = start * (1 - fraction) + end * fraction
    # infinity times zero is no number
    np.copyto(value, start, where=low == high)
    if out.dtype.kind in "iu":
        np.floor(value + 0.5, out=value)
    np.copyto(out, value, casting="unsafe")


def parse_percentile(name: str) -> float | None:
    """25.0 from `p25`; None for a name that is not a percentile's."""
    try:
        percent = float(name[1:]) if name.startswith("p") else math.nan
    except ValueError:
        return None
    return percent if 0 <= percent <= 100 else None
