"""The area of a run, from a file of shapes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.errors import AutomapError, ConfigError, InputError
from automap_tiles.notes import Fate, Note, Subject, tell

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def boundary_area(path: str | Path, key: str = "boundary") -> BaseGeometry:
    """Union of all shapes of a boundary file in longitude and latitude; `key` is the option's name.

    Lines and points besides the areas are left out, with a note. Raises `ConfigError` if the file
    cannot be read or has no areas.
    """
    from shapely import union_all

    from automap_tiles.missions import LON_LAT
    from automap_tiles.scenes.catalogue import normalised
    from automap_tiles.vector import matching_parts, read_geometry

    try:
        union = read_geometry(str(path), LON_LAT)
    except AutomapError as error:
        raise ConfigError(str(error), key=key) from error
    area = union_all(list(matching_parts(union, "Polygon")))
    if area.is_empty:
        raise ConfigError("has no areas", key=key, found=str(path), remedy="polygons")
    _tell_bare(union)
    try:
        return normalised(area)
    except InputError as error:
        raise ConfigError(
            "its coordinates are not longitudes and latitudes, as its CRS says",
            path,
            key=key,
            found=" ".join(f"{value:.10g}" for value in area.bounds),
            remedy="save it with the CRS that its coordinates are in, or in EPSG:4326: a GeoJSON "
            "that says none is in degrees",
        ) from error


def _tell_bare(union: BaseGeometry) -> None:
    """Note lines and points of a boundary outside all of its areas."""
    from shapely import get_parts

    kinds = [each.geom_type for each in get_parts(get_parts(union))]
    bare = [kind for kind in kinds if kind != "Polygon"]
    if bare:
        tell(
            Note(
                fate=Fate.IGNORED,
                subject=Subject.FEATURES,
                reason="lines and points have no area: they are not part of the boundary",
                count=len(bare),
                examples=tuple(dict.fromkeys(bare)),
                remedy="polygons around them",
            )
        )
