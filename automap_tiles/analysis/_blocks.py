"""Blocks of rows: what the statistics of a stack share about the pixels they look at together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from automap_tiles.analysis._dates import Array, Bools, SampleStack, SampleType

_CACHE_LINE = 64


class BlockMemory:
    """Memory that is taken again for every block: fresh memory costs a page fault every 4 KB."""

    def __init__(self) -> None:
        self._held: dict[str, Array] = {}
        self._cut: dict[tuple[Any, ...], list[Array]] = {}

    def take(
        self, name: str, count: int, dtype: np.dtype[Any], shape: tuple[int, ...]
    ) -> list[Array]:
        """`count` arrays that start at a cache line; they hold what was left in them.

        The same name gives the same memory again, so it has to be taken from one place.
        """
        key = (name, count, dtype, shape)
        if key not in self._cut:
            size = math.prod(shape) * dtype.itemsize
            step = -(-size // _CACHE_LINE) * _CACHE_LINE
            held = self._memory(name, count * step + _CACHE_LINE)
            first = -held.ctypes.data % _CACHE_LINE
            starts = [first + step * number for number in range(count)]
            arrays = [held[start : start + size].view(dtype).reshape(shape) for start in starts]
            self._cut[key] = arrays
        return list(self._cut[key])

    def _memory(self, name: str, size: int) -> Array:
        held = self._held.get(name)
        if held is None or held.size < size:
            held = self._held[name] = np.empty(size, dtype=np.uint8)
            self._cut = {key: arrays for key, arrays in self._cut.items() if key[0] != name}
        return held

    def one(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        """A single array."""
        return self.take(name, 1, dtype, shape)[0]


class Masks:
    """Which samples of a block count, in the forms that its statistics ask for."""

    def __init__(
        self,
        kind: SampleType,
        valid: Bools | None,
        shape: tuple[int, int, int],
        scratch: BlockMemory,
    ) -> None:
        """`valid` is (time, rows, x) and None where every sample counts; `shape` likewise."""
        self.kind = kind
        self.dates = list(range(shape[0]))
        """Dates with a sample that counts; the others cost nothing."""
        self.masked = [False] * shape[0]
        """For each of them, whether one of its samples does not count."""
        self.shape = shape[1:]
        self.shared: dict[Any, Any] = {}
        """What a statistic keeps for the bands that share the mask."""
        self._scratch = scratch
        self._valid = valid
        if valid is not None:
            pixels = valid[0].size
            counts = [int(np.count_nonzero(here)) for here in valid]
            self.dates = [date for date, count in enumerate(counts) if count]
            self.masked = [counts[date] < pixels for date in self.dates]

    def valid(self, date: int) -> Bools | None:
        """(rows, x) samples of a date that count; None where all do."""
        return None if self._valid is None else self._valid[date]

    @cached_property
    def number(self) -> Array:
        """Samples that count, for each pixel; uint8 or uint16."""
        dtype = np.dtype(np.uint8 if len(self.dates) < 256 else np.uint16)
        number = self._scratch.one("number", dtype, self.shape)
        number[...] = self.masked.count(False)
        for date, masked in zip(self.dates, self.masked, strict=True):
            if masked and self._valid is not None:
                np.add(number, self._valid[date].view(np.uint8), out=number)
        return number

    @cached_property
    def missing(self) -> Bools | None:
        """Pixels where no sample counts; None where there are none."""
        if not all(self.masked):
            return None
        missing: Bools = self.number == 0
        return missing if missing.any() else None

    @cached_property
    def _holes(self) -> Array | None:
        return None if self.missing is None else np.flatnonzero(self.missing)

    def clear(self, out: Array) -> None:
        """Write zero where no sample counts; `out` (rows, x) is contiguous."""
        if self._holes is not None:
            out.reshape(-1)[self._holes] = 0

    @cached_property
    def drop(self) -> list[Array]:
        """All bits where the sample of a date does not count; a date without such is not filled."""
        drops = self._scratch.take("drop", len(self.dates), self.kind.bits, self.shape)
        for (_, valid), drop in zip(self.partial(), self._partial_of(drops), strict=True):
            np.copyto(drop, valid)
            np.subtract(drop, 1, out=drop)
        return drops

    @cached_property
    def pads(self) -> tuple[list[Array], Array | None]:
        """Bits that turn all ones into a pad, for each date; all ones where an odd number counts.

        The pads of a pixel are alternately the largest and the smallest value of the type. The
        second is None where every sample counts.
        """
        kind = self.kind
        if not any(self.masked):
            return [], None
        ones = int(np.iinfo(kind.bits).max)
        start = kind.bits.type(ones ^ kind.largest)
        flips = self._scratch.take("flip", len(self.dates), kind.bits, self.shape)
        state = self._scratch.one("state", kind.bits, self.shape)
        state[...] = start
        toggle = None if kind.toggle == ones else kind.bits.type(kind.toggle)
        for drop, flip in zip(self._partial_of(self.drop), self._partial_of(flips), strict=True):
            np.bitwise_and(drop, state, out=flip)
            np.bitwise_xor(state, drop if toggle is None else drop & toggle, out=state)
        np.bitwise_xor(state, start, out=state)
        # the top bit tells whether the number of pads is odd
        signed = state.view(f"i{kind.bits.itemsize}")
        np.right_shift(signed, 8 * kind.bits.itemsize - 1, out=signed)
        if len(self.dates) % 2:
            np.invert(state, out=state)
        return flips, state

    @cached_property
    def high_pads(self) -> list[Array]:
        """Bits that turn all ones into the largest value, for each date; empty if they are it."""
        rest = self.kind.bits.type(int(np.iinfo(self.kind.bits).max) ^ self.kind.largest)
        if not rest or not any(self.masked):
            return []
        flips = self._scratch.take("flip_high", len(self.dates), self.kind.bits, self.shape)
        for drop, flip in zip(self._partial_of(self.drop), self._partial_of(flips), strict=True):
            np.bitwise_and(drop, rest, out=flip)
        return flips

    @cached_property
    def keep(self) -> list[Array]:
        """All bits where the sample of a date counts; a date where all do is not filled."""
        keeps = self._scratch.take("keep", len(self.dates), self.kind.bits, self.shape)
        for (_, valid), keep in zip(self.partial(), self._partial_of(keeps), strict=True):
            np.copyto(keep, valid)
            np.negative(keep, out=keep)
        return keeps

    def partial(self) -> Iterator[tuple[int, Bools]]:
        """Dates, and their flags, of which some samples count and some do not."""
        for date, masked in zip(self.dates, self.masked, strict=True):
            if masked and self._valid is not None:
                yield date, self._valid[date]

    def _partial_of(self, rows: list[Array]) -> list[Array]:
        return [row for row, masked in zip(rows, self.masked, strict=True) if masked]


class Block:
    """Samples of one band in a block of rows."""

    def __init__(self, masks: Masks, bits: Array, scratch: BlockMemory) -> None:
        self.masks = masks
        self.kind = masks.kind
        self.bits = bits
        """(time, rows, x) samples as bit patterns: a view of the stack."""
        self.scratch = scratch
        self.shared: dict[Any, Any] = {}
        """What one statistic of this band leaves for the next."""

    def typed(self, date: int) -> Array:
        """(rows, x) samples of a date in their own type."""
        samples: Array = self.bits[date].view(self.kind.dtype)
        return samples

    def kept(self, place: int, into: Array) -> Array:
        """Samples of the date at `place` of `masks.dates`, zero where they do not count.

        They are written to `into` (bits) where there is something to leave out.
        """
        bits: Array = self.bits[self.masks.dates[place]]
        if self.masks.masked[place]:
            bits = np.bitwise_and(bits, self.masks.keep[place], out=into)
        return bits.view(self.kind.dtype)


def blocks_of(samples: SampleStack, buffers: int) -> Iterator[tuple[int, slice, Block]]:
    """Bands of every block of rows in turn, `buffers` blocks of samples at a time in the cache."""
    scratch = BlockMemory()
    dates, bands = samples.data.shape[:2]
    for rows in samples.blocks(buffers):
        masks = None
        valid: Bools | None = None
        for band in range(bands):
            bits = samples.bits(band, rows)
            if masks is None or not samples.shared_mask:
                before, valid = valid, samples.valid_block(band, rows)
                # bands nearly always agree, and looking is cheaper than making the masks again
                if masks is None or not _equal(before, valid):
                    masks = Masks(samples.kind, valid, (dates, *bits.shape[1:]), scratch)
            yield band, rows, Block(masks, bits, scratch)


def _equal(one: Bools | None, other: Bools | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
