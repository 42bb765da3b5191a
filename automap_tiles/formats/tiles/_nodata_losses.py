"""Valid pixels lost because they equal the output's nodata value, declared or assumed.

If none is declared it is 0, as in mapchete, which may be a valid value.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from automap_tiles.notes import Fate, Note, Subject, tell

_REMEDY = (
    "nodata: a number that cannot occur, null for none, or 0 if 0 is meant, in the output's section"
)


def advice(dtype: str) -> Note:
    """Note to issue before the first tile."""
    return Note(
        fate=Fate.GUESSED,
        subject=Subject.OPTIONS,
        examples=("output.nodata",),
        reason=f"no nodata value is declared, so 0 counts as nodata among {dtype} values",
        remedy=_REMEDY,
    )


def report_lost_zeros(result: object, stored: np.ma.MaskedArray[Any, Any]) -> None:
    """Note how many pixels of a function's result are lost because they are 0.

    `stored` is the converted result, with 0 masked.
    """
    lost = _lost(_bands(result), stored)
    if lost > 0:
        _tell(
            lost,
            "they are 0, which counts as nodata in an output that declares no nodata value",
            _REMEDY,
        )


def report_nodata_collision(
    result: object, stored: np.ma.MaskedArray[Any, Any], nodata: float | None
) -> None:
    """Note how many pixels are lost that are valid in a function's mask but equal nodata.

    A plain array may use the value to mark nodata; a masked array has its mask for that, and NaN is
    never data.
    """
    if nodata is None or math.isnan(nodata):
        return
    bands = _bands(result)
    if any(np.ma.getmask(band) is np.ma.nomask for band in bands):
        return
    lost = _lost(bands, stored)
    if lost > 0:
        _tell(
            lost,
            f"they are {nodata:.17g} and not masked, but that is the nodata value of the output",
            "nodata: a value that no pixel has, under output",
        )


def _bands(result: object) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


def _lost(bands: list[Any], stored: np.ma.MaskedArray[Any, Any]) -> int:
    known = sum(_without_data(band, stored.dtype) for band in bands)
    return int(np.count_nonzero(np.ma.getmaskarray(stored))) - known


def _tell(lost: int, reason: str, remedy: str) -> None:
    tell(Note(fate=Fate.LOST, subject=Subject.PIXELS, count=lost, reason=reason, remedy=remedy))


def _without_data(array: Any, dtype: np.dtype[Any]) -> int:
    """Pixels that were masked before, including NaN in an integer output."""
    masked = np.ma.getmask(array)
    count = 0 if masked is np.ma.nomask else int(np.count_nonzero(masked))
    values = np.ma.getdata(array)
    if dtype.kind in "iu" and values.dtype.kind in "fc":
        nan = np.isnan(values)
        count += int(np.count_nonzero(nan if masked is np.ma.nomask else nan & ~masked))
    return count
