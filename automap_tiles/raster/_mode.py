"""Quirks of GDAL's mode resampling of integers of up to 16 bits.

GDAL counts them in a table (`GWKAOM_Imode` in its warper), other types value by value. Before 3.12
the table used -1 for "none", so that pixels whose mode is -1 were lost; since 3.12 it breaks ties
differently from the other counting method.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import rasterio
from rasterio.enums import Resampling

_SMALL_BYTES = 2
_TIES_DIFFER = tuple(map(int, rasterio.__gdal_version__.split(".")[:2])) >= (3, 12)


def loses_minus_one(dtype: np.dtype[Any], resampling: Resampling) -> bool:
    """Whether this GDAL treats -1 as nodata unless the data are floats."""
    return _in_a_table(dtype, resampling) and dtype.kind == "i" and not _TIES_DIFFER


def breaks_ties_of_its_own(dtype: np.dtype[Any], resampling: Resampling) -> bool:
    """Whether this GDAL breaks ties differently for floats."""
    return _in_a_table(dtype, resampling) and _TIES_DIFFER


def _in_a_table(dtype: np.dtype[Any], resampling: Resampling) -> bool:
    return resampling is Resampling.mode and dtype.kind in "iu" and dtype.itemsize <= _SMALL_BYTES
