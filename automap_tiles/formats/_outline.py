"""Outlines of inputs in the CRS of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from automap_tiles.errors import GridError, InputError, NoOperation
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.grid import Pyramid


def outline_in(
    crs: CRS, outline: BaseGeometry, own: CRS, *, segment: float, pyramid: Pyramid, url: str
) -> BaseGeometry:
    """An outline reprojected from `own`, prepared; its edges are split to `segment` units.

    The whole pyramid if the outline has no position in its CRS. Raises `InputError` naming `url`
    if there is no transformation, `GridError` for another CRS than that of the pyramid.
    """
    try:
        found = reproject_geometry(outline, own, crs, segment=segment)
    except NoOperation as error:
        raise InputError(str(error), url) from error
    except GridError:
        if crs != pyramid.crs:
            raise
        found = pyramid.bounds.polygon()
    shapely.prepare(found)
    return found
