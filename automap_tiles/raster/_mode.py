"""What GDAL makes of the most frequent of whole numbers of up to 16 bits.

It counts them in a table (`GWKAOM_Imode` in its warper), other numbers one by one. Before 3.12 that
table took -1 for "none", so that pixels whose most frequent value is -1 were lost; from 3.12 on it
breaks ties another way than the count of other numbers does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import rasterio
from rasterio.enums import Resampling

_SMALL_BYTES = 2
_TIES_DIFFER = tuple(map(int, rasterio.__gdal_version__.split(".")[:2])) >= (3, 12)


def loses_minus_one(dtype: np.dtype[Any], resampling: Resampling) -> bool:
    """Whether this GDAL takes -1 for no data unless it is shown floats."""
    return _in_a_table(dtype, resampling) and dtype.kind == "i" and not _TIES_DIFFER


def breaks_ties_of_its_own(dtype: np.dtype[Any], resampling: Resampling) -> bool:
    """Whether this GDAL chooses another of equally frequent values when it is shown floats."""
    return _in_a_table(dtype, resampling) and _TIES_DIFFER


def _in_a_table(dtype: np.dtype[Any], resampling: Resampling) -> bool:
    return resampling is Resampling.mode and dtype.kind in "iu" and dtype.itemsize <= _SMALL_BYTES
