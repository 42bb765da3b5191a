"""Number, mean, standard deviation and extremes of a block, added up date by date."""

from __future__ import annotations

import numpy as np

from automap_tiles.analysis._blocks import Block
from automap_tiles.analysis._dates import Array


def fill_count(block: Block, out: Array) -> None:
    """Number of valid samples."""
    np.copyto(out, block.masks.number)


def fill_mean(block: Block, out: Array) -> None:
    """Mean of the valid samples; rounded half up if the result is an integer."""
    average = _mean(block)
    np.copyto(out, np.floor(average + 0.5) if out.dtype.kind in "iu" else average, casting="unsafe")


def fill_std(block: Block, out: Array) -> None:
    """Population standard deviation of the valid samples."""
    kind, masks = block.kind, block.masks
    mean, part, weight = block.scratch.take("differences", 3, out.dtype, masks.shape)
    kept = block.scratch.one("kept", kind.bits, masks.shape)
    np.copyto(mean, _mean(block), casting="same_kind")
    out[...] = 0
    with np.errstate(invalid="ignore"):  # infinite samples have no deviation
        for place, date in enumerate(masks.dates):
            # zero first: invalid samples may be NaN
            np.copyto(part, block.kept(place, kept) if kind.is_float else block.typed(date))
            np.subtract(part, mean, out=part)
            valid = masks.valid(date)
            if masks.masked[place] and valid is not None:
                np.copyto(weight, valid)
                np.multiply(part, weight, out=part)
            np.multiply(part, part, out=part)
            np.add(out, part, out=out)
        np.divide(out, np.maximum(masks.number, 1).astype(out.dtype), out=out)
    np.sqrt(out, out=out)


def fill_minimum(block: Block, out: Array) -> None:
    """Minimum of the valid samples, in their type."""
    _extreme(block, np.minimum, out)


def fill_maximum(block: Block, out: Array) -> None:
    """Maximum of the valid samples, in their type."""
    _extreme(block, np.maximum, out)


def _mean(block: Block) -> Array:
    """Float64; 0 without valid samples. Computed once per block."""
    if "mean" not in block.shared:
        number = np.maximum(block.masks.number, 1)
        block.shared["mean"] = np.divide(_total(block), number, dtype=np.float64)
    mean: Array = block.shared["mean"]
    return mean


def _total(block: Block) -> Array:
    """Sum of the valid samples: exact for integers of up to 32 bits, else in 64 bits."""
    kind, masks = block.kind, block.masks
    dtype = np.dtype(f"{kind.dtype.kind}{4 if _is_short(block) else 8}")
    total, wide = block.scratch.take("total", 2, dtype, masks.shape)
    kept = block.scratch.one("kept", kind.bits, masks.shape)
    total[...] = 0
    for place in range(len(masks.dates)):
        np.copyto(wide, block.kept(place, kept))
        np.add(total, wide, out=total)
    return total


def _is_short(block: Block) -> bool:
    """Whether the sum fits in 32 bits, as that of fewer than 2**16 samples of 16 bits does."""
    return (
        not block.kind.is_float
        and block.kind.dtype.itemsize <= 2
        and len(block.masks.dates) < 2**15
    )


def _extreme(block: Block, choose: np.ufunc, out: Array) -> None:
    kind, masks = block.kind, block.masks
    bottom = kind.largest if choose is np.minimum else kind.largest ^ kind.toggle
    rest = kind.bits.type(int(np.iinfo(kind.bits).max) ^ bottom)
    out[...] = np.array(bottom, dtype=kind.bits).view(kind.dtype)
    row, flip = block.scratch.take("extreme", 2, kind.bits, masks.shape)
    for place, date in enumerate(masks.dates):
        sample = block.bits[date]
        if masks.masked[place]:
            sample = np.bitwise_or(sample, masks.drop[place], out=row)
            if rest:
                np.bitwise_and(masks.drop[place], rest, out=flip)
                np.bitwise_xor(row, flip, out=row)
        choose(out, sample.view(kind.dtype), out=out)
    masks.clear(out)
