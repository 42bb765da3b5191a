"""No data as a value, and no data as a mask."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_value(nodata: float | None, dtype: np.dtype[Any]) -> np.generic | None:
    """The nodata value as a scalar of a dtype; None where the dtype has no such value."""
    if nodata is None:
        return None
    if dtype.kind in "fc":
        with np.errstate(over="ignore"):
            value = dtype.type(nodata)
        # -1.7976931348623157e308 in a float32 file would become -inf: no pixel has it.
        return None if np.isinf(value) and not math.isinf(nodata) else value
    if dtype.kind == "b":
        return dtype.type(nodata) if nodata in (0, 1) else None
    if not math.isfinite(nodata) or nodata != int(nodata):
        return None
    limits = np.iinfo(dtype)
    return dtype.type(int(nodata)) if limits.min <= nodata <= limits.max else None


def fill_value(nodata: float | None, dtype: np.dtype[Any]) -> np.generic:
    """What stands under the mask: the nodata value, or 0 where there is none."""
    value = as_value(nodata, dtype)
    return dtype.type(0) if value is None else value


def equals(data: NDArray[Any], nodata: float | None) -> NDArray[np.bool_] | None:
    """Where data equals nodata, NaN included; None when no pixel can."""
    value = as_value(nodata, data.dtype)
    if value is None:
        return None
    if value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        found: NDArray[np.bool_] = np.isnan(data)
        return found
    same: NDArray[np.bool_] = np.equal(data, value)
    return same
