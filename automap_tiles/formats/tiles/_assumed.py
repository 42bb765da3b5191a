"""The nodata value of an output that names none: 0, as in mapchete, which may be a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_tiles.notes import Fate, Note, Subject, tell

_REMEDY = (
    "nodata: a number that cannot occur, null for none, or 0 if 0 is meant, in the output's section"
)


def advice(dtype: str) -> Note:
    """What is to be known before the first tile."""
    return Note(
        fate=Fate.GUESSED,
        subject=Subject.OPTIONS,
        examples=("output.nodata",),
        reason=f"the output names no nodata value, so 0 is none among its {dtype} values",
        remedy=_REMEDY,
    )


def tell_of_lost(result: object, stored: np.ma.MaskedArray[Any, Any]) -> None:
    """Tell how many pixels of a function's result are lost because they are 0.

    `stored` is what became of it, with 0 masked.
    """
    arrays = result if isinstance(result, list | tuple) else [result]
    known = sum(_without_data(array, stored.dtype) for array in arrays)
    lost = int(np.count_nonzero(np.ma.getmaskarray(stored))) - known
    if lost > 0:
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.PIXELS,
                count=lost,
                reason="they are 0, which stands for no data in an output that names no nodata",
                remedy=_REMEDY,
            )
        )


def _without_data(array: Any, dtype: np.dtype[Any]) -> int:
    """Pixels that were masked before, NaN in an output of whole numbers among them."""
    masked = np.ma.getmask(array)
    count = 0 if masked is np.ma.nomask else int(np.count_nonzero(masked))
    values = np.ma.getdata(array)
    if dtype.kind in "iu" and values.dtype.kind in "fc":
        nan = np.isnan(values)
        count += int(np.count_nonzero(nan if masked is np.ma.nomask else nan & ~masked))
    return count
