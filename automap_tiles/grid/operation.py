"""Coordinate operations between CRSs, and whether one exists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rasterio._err import CPLE_NotSupportedError
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.warp import transform

from automap_tiles.errors import NoOperation

Result = TypeVar("Result")
Floats = Sequence[float] | NDArray[np.float64]

_LONGEST_NAME = 60


def transform_points(
    source: CRS, target: CRS, xs: Floats, ys: Floats
) -> tuple[list[float], list[float]]:
    """Points in another CRS.

    Raises rasterio's CPLE errors when PROJ rejects one of the points, and `NoOperation` when there
    is no operation at all, so that other points need not be tried.
    """
    found_x, found_y = between(source, target, lambda: transform(source, target, xs, ys))
    return found_x, found_y


def between(source: CRS, target: CRS, work: Callable[[], Result]) -> Result:
    """Run something that transforms between CRSs; GDAL's refusal becomes `NoOperation`.

    GDAL raises CPLE_NotSupported (https://gdal.org/api/cpl.html); points outside the domain raise
    other errors.
    """
    with suppress(CPLE_NotSupportedError, CRSError):
        return work()
    # Raised outside the handler: rasterio's error as context cannot be pickled where Dask is
    # imported.
    raise NoOperation(
        f"there is no coordinate operation from {_name(source)} to {_name(target)}: one of "
        "them is the plan of a site or lies on another planet; give the data the CRS that it "
        "is in, or make the pyramid in the CRS of the data"
    )


def _name(crs: CRS) -> str:
    code = crs.to_authority()
    if code is not None:
        return ":".join(code)
    name = crs.to_wkt().partition('"')[2].partition('"')[0]
    return repr(name[:_LONGEST_NAME])
