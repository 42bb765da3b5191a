"""Groups of source bands that share type, nodata and mask, and can be read together.

The bands of a file need not share dtype and nodata value: in VRTs, NetCDF files and other formats
each may have its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import InputError
from automap_tiles.raster.nodata import as_value
from automap_tiles.raster.source import RasterInfo

LARGEST_EXACT = 2**53
"""Largest magnitude up to which float64 represents every integer; IEEE 754."""


@dataclass(frozen=True, slots=True)
class AlikeBands:
    """Bands of one dtype and one nodata value."""

    places: tuple[int, ...]
    """Band indexes in the result."""
    indexes: tuple[int, ...]
    """Band numbers in the source, from 1."""
    dtype: np.dtype[Any]
    nodata: float | None


def alike_bands(
    info: RasterInfo, indexes: Sequence[int], nodatavals: Sequence[float | None]
) -> tuple[AlikeBands, ...]:
    """Group the bands of a source; `nodatavals` has one value for each of `indexes`."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, index in enumerate(indexes):
        kind = info.dtypes[index - 1], repr(nodatavals[place])
        groups.setdefault(kind, []).append(place)
    return tuple(
        AlikeBands(
            tuple(places),
            tuple(indexes[place] for place in places),
            np.dtype(dtype),
            nodatavals[places[0]],
        )
        for (dtype, _), places in groups.items()
    )


def own_value(nodata: float | None, dtype: str) -> float | None:
    """Nodata rounded to a dtype, so that it equals the pixels in a wider dtype too."""
    value = as_value(nodata, np.dtype(dtype))
    if value is None:
        return nodata
    found: float = value.item()
    return found


def take_over(
    target: NDArray[Any], bands: AlikeBands, pixels: NDArray[Any], info: RasterInfo
) -> None:
    """Copy the pixels (band, y, x) of some bands into an array of the common dtype.

    Raises `InputError` for integers that the common dtype cannot represent.
    """
    if pixels.dtype.kind in "iu" and pixels.itemsize == 8 and target.dtype.kind in "fc":
        beyond = (pixels > LARGEST_EXACT) | (pixels < -LARGEST_EXACT)
        if beyond.any():
            raise InputError(
                f"bands {', '.join(map(str, bands.indexes))} hold {pixels[beyond][0]}, which no "
                "dtype that holds the other bands represents exactly; read them alone",
                info.path,
            )
    target[list(bands.places)] = pixels
