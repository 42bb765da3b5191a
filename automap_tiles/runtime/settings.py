"""The sections of a process file, checked one by one.

Checked by hand rather than by models, so that each error can say what would be right, and because
the import of a modelling library is a sixth of the time that a small run may take.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automap_tiles.errors import ConfigError, GridError
from automap_tiles.grid import Pyramid
from automap_tiles.grid.pyramid import METATILINGS
from automap_tiles.runtime._keys import BASELEVELS, PYRAMID, TOP, ZOOM_LEVELS, names
from automap_tiles.runtime.document import Document
from automap_tiles.runtime.zooms import MAX_ZOOM, BaseLevels, Keys

SECTIONS = frozenset(names(TOP)) - {"config_dir", "steps"}  # those are taken before
"""Keys at the top of a file; all others are parameters of the process."""

# One band of bytes of such a tile takes 4 GB: more is a slip of the pen.
_LARGEST_TILE = 2**16

_MISSPELT = 0.7
"""Likeness (difflib) from which a key that stands there is taken for one that does not."""

_ZOOMS = "a zoom, {min: 0, max: 12}, or [0, 12]"


@dataclass(frozen=True, kw_only=True)
class Sections:
    """What the short sections of a file say."""

    pyramid: Pyramid
    zooms: tuple[int, ...]
    """Ascending, without gaps."""
    baselevels: BaseLevels | None
    output: Mapping[str, Any]

    @property
    def base_zooms(self) -> tuple[int, ...]:
        """Zooms of the file that are computed, ascending."""
        return tuple(z for z in self.zooms if self.baselevels is None or z in self.baselevels)


def read_sections(document: Document) -> Sections:
    """Check pyramid, zoom_levels, baselevels and output; raises `ConfigError`."""
    zooms = read_zooms(document)
    return Sections(
        pyramid=read_pyramid(document),
        zooms=zooms,
        baselevels=read_baselevels(document, zooms),
        output=read_output(document),
    )


def section(document: Document, key: str, *, required: bool) -> dict[str, Any]:
    """The mapping under a key at the top."""
    value = document.values.get(key)
    if value is None and not required:
        return {}
    if value is None:
        raise missing(document, document.values, key)
    if not isinstance(value, Mapping):
        raise document.error("must hold keys and values", key, found=value)
    return dict(value)


def missing(
    document: Document, beside: Mapping[str, Any], *keys: str, remedy: str | None = None
) -> ConfigError:
    """The error for a key that is not there; one of those beside it may be meant for it."""
    *above, wanted = keys
    close = difflib.get_close_matches(
        wanted, [str(key) for key in beside if key not in SECTIONS], 1, _MISSPELT
    )
    if not close:
        return document.error("is missing", *keys, remedy=remedy)
    return document.error(
        f"{wanted} is missing", *above, close[0], remedy=f"{wanted} in place of {close[0]}"
    )


def read_pyramid(document: Document) -> Pyramid:
    """The pyramid of the tiles that are computed."""
    values = section(document, "pyramid", required=True)
    _only(document, values, names(PYRAMID), "pyramid")
    if (grid := values.get("grid")) is None:
        remedy = "grid: geodetic, mercator or a definition"
        raise missing(document, values, "pyramid", "grid", remedy=remedy)
    metatiling = _whole(document, values.get("metatiling", 1), ("pyramid", "metatiling"))
    if metatiling not in METATILINGS:
        raise document.error(
            "must be a power of two from 1 to 256", "pyramid", "metatiling", found=metatiling
        )
    try:
        return Pyramid.from_grid(
            grid,
            metatiling=metatiling,
            pixelbuffer=_whole(document, values.get("pixelbuffer", 0), ("pyramid", "pixelbuffer")),
            tile_size=_whole(
                document,
                values.get("tile_size", 256),
                ("pyramid", "tile_size"),
                least=1,
                most=_LARGEST_TILE,
            ),
        )
    except (GridError, TypeError) as error:
        raise document.error(
            str(error), "pyramid", "grid", found=grid, remedy=_close_grid(grid)
        ) from error


def read_zooms(document: Document) -> tuple[int, ...]:
    """The zooms of the pyramid, ascending."""
    value = document.values.get("zoom_levels")
    if value is None:
        raise missing(document, document.values, "zoom_levels", remedy=f"write {_ZOOMS}")
    return zoom_range(document, value, ("zoom_levels",))


def zoom_range(document: Document, value: Any, keys: Keys) -> tuple[int, ...]:
    """The zooms between the least and the most that are given, ascending."""
    if isinstance(value, Mapping):
        _only(document, value, names(ZOOM_LEVELS), *keys)
        for end in ("min", "max"):
            if end not in value:
                raise document.error(f"{end} is missing", *keys, found=dict(value))
        ends = [_whole(document, value[end], (*keys, end), most=MAX_ZOOM) for end in ("min", "max")]
        if ends[0] > ends[1]:
            raise document.error("min is larger than max", *keys, found=dict(value))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        ends = [_whole(document, item, keys, most=MAX_ZOOM) for item in value]
        if not ends:
            raise document.error("names no zoom", *keys, found=value)
        if len(ends) > 2 and sorted(ends) != list(range(min(ends), max(ends) + 1)):
            raise document.error("the zooms have gaps", *keys, found=value)
    else:
        ends = [_whole(document, value, keys, most=MAX_ZOOM)]
    return tuple(range(min(ends), max(ends) + 1))


def read_baselevels(document: Document, zooms: tuple[int, ...]) -> BaseLevels | None:
    """The zooms that are computed, when others are made from them."""
    values = section(document, "baselevels", required=False)
    if not values:
        return None
    _only(document, values, names(BASELEVELS), "baselevels")
    if "min" not in values and "max" not in values:
        raise document.error("needs min or max", "baselevels", found=values)
    least, most = (
        _whole(document, values.get(end, default), ("baselevels", end), most=MAX_ZOOM)
        for end, default in (("min", zooms[0]), ("max", zooms[-1]))
    )
    if least > most:
        raise document.error("min is larger than max", "baselevels", found=values)
    if most < zooms[0] or least > zooms[-1]:
        raise document.error(
            f"no zoom between {least} and {most} is among the zoom_levels",
            "baselevels",
            found=values,
            remedy=f"zooms between {zooms[0]} and {zooms[-1]}",
        )
    return BaseLevels(
        min=least,
        max=most,
        lower=_resampling(document, values.get("lower", "nearest"), "lower"),
        higher=_resampling(document, values.get("higher", "nearest"), "higher"),
    )


def read_output(document: Document) -> dict[str, Any]:
    """The mapping under `output`; what may stand there beside path and format, the format says."""
    values = section(document, "output", required=True)
    for key in ("format", "path"):
        if values.get(key) is None and "type" not in values:
            raise missing(document, values, "output", key)
    for key in ("metatiling", "pixelbuffer", "tile_size"):
        if key in values:
            values[key] = _whole(document, values[key], ("output", key))
    return values


def _only(
    document: Document, values: Mapping[str, Any], known: Sequence[str], *keys: str | int
) -> None:
    for key in values:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            remedy = f"{close[0]}?" if close else f"known are {', '.join(known)}"
            raise document.error("is not known here", *keys, key, remedy=remedy)


def _whole(
    document: Document, value: Any, keys: Keys, *, least: int = 0, most: int | None = None
) -> int:
    """A whole number; digits are taken too, because a variable of the environment is text."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if type(value) is int and value >= least and (most is None or value <= most):
        return value
    limit = f"of at least {least}" if most is None else f"from {least} to {most}"
    raise document.error(f"must be a whole number {limit}", *keys, found=value)


def _resampling(document: Document, value: Any, key: str) -> str:
    from rasterio.enums import Resampling

    # GDAL has gauss for the overviews inside of a file alone
    names = [name for name in Resampling.__members__ if name != "gauss"]
    if value in names:
        return str(value)
    close = difflib.get_close_matches(str(value), names, 1)
    raise document.error(
        "is not a resampling method of GDAL for tiles",
        "baselevels",
        key,
        found=value,
        remedy=f"{close[0]}?" if close else f"known are {', '.join(names)}",
    )


def _close_grid(grid: Any) -> str | None:
    if not isinstance(grid, str):
        return "{shape: [rows, cols], bounds: [left, bottom, right, top], srs: {epsg: ...}}"
    close = difflib.get_close_matches(grid, ("geodetic", "mercator"), 1)
    return f"{close[0]}?" if close else "geodetic, mercator or a definition"
