"""A stack of dates, block by block: what functions of whole series have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from automap_tiles.analysis._dates import Array, Bools, samples_of
from automap_tiles.analysis.composites.composite import Stack

# Values of a block, over all dates: about ten arrays of that many at a time.
_VALUES = 2**18

OfBlock = Callable[[Array, Bools], tuple[Array, Bools]]
"""Of samples (date, pixel), 0 where they do not count, and whether they count: values and whether
they are missing (layer, pixel)."""


def without_infinite(stack: Stack, valid: Bools | None) -> Bools | None:
    """`valid` as it is given, less the samples that are infinite: no curve goes through them."""
    data = np.ma.getdata(stack)
    if data.dtype.kind != "f" or not any(np.isinf(date).any() for date in data):
        return valid
    finite: Bools = ~np.isinf(data)
    if valid is None:
        return finite
    said = np.asarray(valid, dtype=bool)
    if data.ndim == 4 and said.ndim == 3:
        said = said[:, np.newaxis]
    finite &= said
    return finite


def by_blocks(
    stack: Stack, valid: Bools | None, layers: int, of_block: OfBlock
) -> np.ma.MaskedArray[tuple[int, ...], np.dtype[np.float32]]:
    """(layer, y, x) or (layer, band, y, x), as the stack is, float32, 0 where it is missing.

    A sample that is not finite does not count, whatever `valid` says.
    """
    samples = samples_of(stack, without_infinite(stack, valid))
    bands, height, width = samples.shape
    dates = len(samples.data)
    data = np.zeros((layers, bands, height, width), dtype=np.float32)
    mask = np.ones(data.shape, dtype=bool)
    step = max(1, _VALUES // max(1, width * (dates + layers)))
    for band in range(bands):
        for top in range(0, height, step):
            rows = slice(top, min(top + step, height))
            block = samples.data[:, band, rows].reshape(dates, -1)
            given = samples.valid_block(band, rows)
            counts = np.ones(block.shape, bool) if given is None else given.reshape(block.shape)
            found, missing = of_block(np.where(counts, block, 0).astype(np.float64), counts)
            shape = layers, rows.stop - rows.start, width
            data[:, band, rows] = np.where(missing, 0, found).reshape(shape)
            mask[:, band, rows] = missing.reshape(shape)
    picture = np.ma.MaskedArray(data, mask=mask)
    return picture[:, 0] if samples.flat else picture


def named(
    names: Sequence[str], planes: np.ma.MaskedArray[tuple[int, ...], np.dtype[np.float32]]
) -> dict[str, np.ma.MaskedArray[tuple[int, ...], np.dtype[np.float32]]]:
    """The layers by their names."""
    return dict(zip(names, planes, strict=True))
