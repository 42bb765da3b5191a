"""One picture from many dates: median, mean, minimum, maximum and count of the valid samples.

All of them walk over the picture in blocks of rows that stay in the processor's L2 cache and call
NumPy on whole blocks, without a copy of the stack. Every function takes

* `stack`: (time, band, y, x) or (time, y, x), integers or floats, masked or not;
* `valid`: (time, y, x) for all bands, or in the shape of the stack: True where a sample counts.
  The mask of the stack and NaN are honoured as well;

and gives (band, y, x) or (y, x), masked where no date is valid.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_tiles.analysis.network import Comparator, selection_network
from automap_tiles.analysis.samples import Array, Bools, Kind, Samples, samples_of

Stack = np.ndarray[Any, Any] | np.ma.MaskedArray[Any, Any]
Picture = np.ma.MaskedArray[Any, Any]


def median(stack: Stack, valid: Bools | None = None, *, rounded: bool = False) -> Picture:
    """Median of the valid samples; of an even number the mean of the two in the middle.

    Float32 for samples of up to 16 bits and for float32, float64 for others; with `rounded`
    integers keep their type and halves are rounded up.

    Masked samples become alternately the largest and the smallest value of the type, so the
    median of all is that of the valid ones, and one sorting network serves every pixel.
    """
    samples = samples_of(stack, valid)
    exact = rounded and not samples.kind.is_float
    dtype = samples.kind.dtype if exact else samples.kind.mean_dtype
    out = np.empty(samples.shape, dtype=dtype)
    missing = np.zeros(samples.shape, dtype=bool)
    dates = samples.data.shape[0]
    # With an odd number of dates and of pads the middle lies between these two as well.
    ranks = frozenset({max(0, dates // 2 - 1), dates // 2})
    network = selection_network(dates, ranks)
    for rows in samples.blocks(dates + 1):
        work = _Workspace(samples, rows)
        for band in range(samples.shape[0]):
            if band == 0 or not samples.shared_mask:
                work.make_pads(samples.valid_block(band, rows))
            work.load(samples.bits(band, rows))
            work.exchange(network)
            low, high = work.middle(ranks)
            _mean_of_two(low, high, out[band, rows])
            missing[band, rows] = work.missing
    return samples.result(out, missing)


class _Workspace:
    """Samples of one block, the pads of its masked ones, and what follows from their number."""

    def __init__(self, samples: Samples, rows: slice) -> None:
        kind = samples.kind
        self.kind = kind
        shape = samples.bits(0, rows).shape
        self.dates = shape[0]
        self.bits = list(np.empty((shape[0] + 1, *shape[1:]), dtype=kind.bits))
        """One block for each date and a spare one."""
        self.drop = list(np.empty(shape, dtype=kind.bits))
        """All bits where the sample is masked."""
        self.flip = list(np.empty(shape, dtype=kind.bits))
        """Bits that turn all ones into the pad."""
        self.masked = [False] * shape[0]
        self.missing: Bools = np.zeros(shape[1:], dtype=bool)
        self.odd = self._odd_samples(np.zeros(shape[1:], dtype=kind.bits))

    def make_pads(self, valid: Bools | None) -> None:
        """Choose the pads from (time, rows, x) flags; None where every sample counts."""
        if valid is None:
            return
        kind = self.kind
        ones = np.iinfo(kind.bits).max
        start = kind.bits.type(ones ^ kind.largest)
        state = np.full(valid.shape[1:], start, dtype=kind.bits)
        self.missing = ~np.logical_or.reduce(valid, axis=0)
        for date, (here, drop, flip) in enumerate(zip(valid, self.drop, self.flip, strict=True)):
            self.masked[date] = not here.all()
            if self.masked[date]:
                np.copyto(drop, here)
                np.subtract(drop, 1, drop)
                np.bitwise_and(drop, state, flip)
                state ^= drop if kind.toggle == ones else drop & kind.bits.type(kind.toggle)
        self.odd = self._odd_samples(state ^ start)

    def _odd_samples(self, toggled: Array) -> Array:
        """All bits where the number of valid samples is odd."""
        top = 8 * self.kind.bits.itemsize - 1
        odd_pads: Array = (toggled.view(f"i{self.kind.bits.itemsize}") >> top).view(self.kind.bits)
        return ~odd_pads if self.dates % 2 else odd_pads

    def load(self, samples: Array) -> None:
        """Copy (time, rows, x) samples in, pads in place of the masked ones."""
        for date, masked in enumerate(self.masked):
            work = self.bits[date]
            if masked:
                np.bitwise_or(samples[date], self.drop[date], work)
                np.bitwise_xor(work, self.flip[date], work)
            else:
                np.copyto(work, samples[date])

    def exchange(self, network: tuple[Comparator, ...]) -> None:
        """Run a network; the spare block changes places with one that is free."""
        rows = [row.view(self.kind.dtype) for row in self.bits]
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
        self.bits = [row.view(self.kind.bits) for row in (*rows, spare)]

    def middle(self, ranks: frozenset[int]) -> tuple[Array, Array]:
        """The two samples in the middle; the same one twice where their number is odd."""
        low, high, spare = self.bits[min(ranks)], self.bits[max(ranks)], self.bits[-1]
        if len(ranks) > 1:
            np.bitwise_xor(low, high, spare)
            np.bitwise_and(spare, self.odd, spare)
            wrong = low if self.dates % 2 else high
            np.bitwise_xor(wrong, spare, wrong)
        return low.view(self.kind.dtype), high.view(self.kind.dtype)


def _all_bits(flags: Bools, kind: Kind) -> Array:
    """All bits where a flag is set, else none."""
    bits: Array = flags.astype(kind.bits)
    np.negative(bits, out=bits)
    return bits


def _mean_of_two(low: Array, high: Array, out: Array) -> None:
    """Mean of two samples: halves of integers are rounded up where the result is an integer."""
    if out.dtype.kind in "iu":
        # a + b = 2 (a | b) - (a ^ b), without a carry beyond the type
        np.subtract(low | high, (low ^ high) >> 1, out=out)
    elif low.dtype.kind == "f":
        # halves first, because the sum of two large samples may be infinite
        with np.errstate(invalid="ignore"):
            np.add(low * low.dtype.type(0.5), high * high.dtype.type(0.5), out=out)
    else:
        np.add(low, high, out=out, dtype=out.dtype)
        out *= 0.5


def mean(stack: Stack, valid: Bools | None = None, *, rounded: bool = False) -> Picture:
    """Mean of the valid samples, added up exactly for integers of up to 32 bits.

    Type and rounding as for `median`.
    """
    samples = samples_of(stack, valid)
    kind = samples.kind
    exact = rounded and not kind.is_float
    out = np.empty(samples.shape, dtype=kind.dtype if exact else kind.mean_dtype)
    missing = np.zeros(samples.shape, dtype=bool)
    for rows in samples.blocks(12):  # sums, counts and temporaries of up to 8 bytes
        for band in range(samples.shape[0]):
            number = _number(samples, band, rows)
            total = _total(samples, band, rows)
            missing[band, rows] = number == 0
            average = total / np.maximum(number, 1)
            out[band, rows] = np.floor(average + 0.5) if exact else average
    return samples.result(out, missing)


def _total(samples: Samples, band: int, rows: slice) -> Array:
    """Sum of the valid samples of a block, in 64 bits."""
    kind = samples.kind
    wide = {"i": np.int64, "u": np.uint64, "f": np.float64}[kind.dtype.kind]
    bits, valid = samples.bits(band, rows), samples.valid_block(band, rows)
    total = np.zeros(bits.shape[1:], dtype=wide)
    for date, block in enumerate(bits):
        kept = block if valid is None else block & _all_bits(valid[date], kind)
        total += kept.view(kind.dtype)
    return total


def minimum(stack: Stack, valid: Bools | None = None) -> Picture:
    """Smallest of the valid samples, in their type."""
    return _extreme(samples_of(stack, valid), np.minimum)


def maximum(stack: Stack, valid: Bools | None = None) -> Picture:
    """Largest of the valid samples, in their type."""
    return _extreme(samples_of(stack, valid), np.maximum)


def _extreme(samples: Samples, choose: np.ufunc) -> Picture:
    kind = samples.kind
    bottom = kind.largest if choose is np.minimum else kind.largest ^ kind.toggle
    start = kind.bits.type(bottom)
    out = np.empty(samples.shape, dtype=kind.dtype)
    missing = np.zeros(samples.shape, dtype=bool)
    for rows in samples.blocks(4):
        for band in range(samples.shape[0]):
            bits, valid = samples.bits(band, rows), samples.valid_block(band, rows)
            best = np.full(bits.shape[1:], start).view(kind.dtype)
            for date, block in enumerate(bits):
                here = block
                if valid is not None:
                    keep = _all_bits(valid[date], kind)
                    here = (block & keep) | (start & ~keep)
                choose(best, here.view(kind.dtype), out=best)
            out[band, rows] = best
            missing[band, rows] = _number(samples, band, rows) == 0
    return samples.result(out, missing)


def count(stack: Stack, valid: Bools | None = None) -> Picture:
    """Number of valid samples as uint16; no pixel is masked, 0 is an answer."""
    samples = samples_of(stack, valid)
    out = np.empty(samples.shape, dtype=np.uint16)
    for rows in samples.blocks(4):
        for band in range(samples.shape[0]):
            out[band, rows] = _number(samples, band, rows)
    return samples.result(out, np.zeros(samples.shape, dtype=bool))


def _number(samples: Samples, band: int, rows: slice) -> Array:
    """Valid samples of each pixel of a block."""
    valid = samples.valid_block(band, rows)
    if valid is None:
        dates, height, width = samples.bits(band, rows).shape
        return np.full((height, width), dates, dtype=np.uint16)
    number: Array = valid.sum(axis=0, dtype=np.uint16)
    return number
