"""Resolve the subset of an order to processes, areas and tile selections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Pyramid
from automap_tiles.runtime import Process, open_process
from automap_tiles.runtime.area import bounds_area, geometry_area
from automap_tiles.workflows._point import point_box
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles.stored_tiles import TileSelection

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# Zoom whose tile stands for a point where no zooms are given: a few metres.
_POINT_ZOOM = 22


def open_narrowed(
    source: str | Mapping[str, Any],
    where: Subset,
    *,
    tile: tuple[int, int, int] | None = None,
    output: str | None = None,
    inputs: str | Mapping[str, str] | None = None,
) -> Process:
    """Open a process with the overrides of an order; see `open_process`."""
    where.check()
    return open_process(
        source,
        zooms=None if where.zooms is None else (where.zooms[0], where.zooms[-1]),
        bounds=where.bounds,
        bounds_crs=where.bounds_crs,
        area=where.area,
        area_crs=where.area_crs,
        point=where.point,
        point_crs=where.point_crs,
        tile=tile,
        output=output,
        inputs=inputs,
    )


def area_of(where: Subset, pyramid: Pyramid) -> BaseGeometry | None:
    """The area given by bounds, area and point, in the CRS of the pyramid; None: unrestricted."""
    where.check()
    if where.point is not None:
        if where.bounds is not None or where.area is not None:
            raise ConfigError("goes with neither bounds nor area", key="point", found=where.point)
        zoom = max(where.zooms or (_POINT_ZOOM,))
        return point_box(pyramid, zoom, *where.point, where.point_crs)
    parts: list[BaseGeometry] = []
    if where.bounds is not None:
        parts.append(bounds_area(where.bounds, where.bounds_crs, pyramid, "--"))
    if where.area is not None:
        parts.append(geometry_area(where.area, where.area_crs, pyramid, Path.cwd(), "--"))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else parts[0].intersection(parts[1])


def selection_of(where: Subset, pyramid: Pyramid) -> TileSelection:
    """The tiles of a directory that an order selects."""
    return TileSelection(zooms=where.zooms, area=area_of(where, pyramid))
