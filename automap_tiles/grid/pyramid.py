"""A tile pyramid: a grid that doubles its resolution from zoom to zoom.

Definitions (the two web grids and the validation of custom ones) come from tilematrix; the
arithmetic follows tilematrix's order of floating-point operations, so that bounds and transforms
are bit-identical, which the tests verify.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import index
from typing import Any

from rasterio.crs import CRS
from tilematrix import GridDefinition

from automap_tiles.errors import GridError
from automap_tiles.grid._bounds import Bounds
from automap_tiles.grid._index import TileIndex
from automap_tiles.grid._mapchete import PyramidWords
from automap_tiles.grid._tile import Tile

METATILINGS = (1, 2, 4, 8, 16, 32, 64, 128, 256)

_FINEST = 30
"""The highest zoom."""
_SLACK = 1e-3
"""Relative tolerance of pixel sizes when the zoom for one is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pyramid(PyramidWords):
    """The grid of a web map, cut into metatiles."""

    # Not hashed: tiles are hashed all the time, and hashing a CRS exports it as WKT.
    crs: CRS = field(hash=False)
    bounds: Bounds
    """The box of the whole pyramid, CRS units."""
    grid_shape: tuple[int, int]
    """(rows, columns) of single tiles at zoom 0."""
    is_global: bool = False
    """Whether the left and right edges meet at the antimeridian."""
    tile_size: int = 256
    """Pixels along the edge of a single tile."""
    metatiling: int = 1
    """Single tiles along the edge of a metatile; a power of two from 1 to 256."""
    pixelbuffer: int = 0
    """Pixels around each metatile."""
    name: str = "custom"
    """`geodetic`, `mercator` or `custom`."""

    def __post_init__(self) -> None:
        if self.metatiling not in METATILINGS:
            raise GridError(f"metatiling must be one of {METATILINGS}, not {self.metatiling!r}")
        for what, value, least in (
            ("tile_size", self.tile_size, 1),
            ("pixelbuffer", self.pixelbuffer, 0),
        ):
            if type(value) is not int or value < least:
                raise GridError(f"{what} must be a whole number of at least {least}, not {value!r}")

    @classmethod
    def from_grid(
        cls,
        grid: str | Mapping[str, Any],
        *,
        tile_size: int = 256,
        metatiling: int = 1,
        pixelbuffer: int = 0,
    ) -> Pyramid:
        """Pyramid on a grid by name or definition.

        A definition is `{shape: [rows, cols], bounds: [left, bottom, right, top], srs: {epsg | wkt
        | proj}, is_global}`. Raises `GridError` for an invalid one.
        """
        definition = _definition(grid)
        return cls(
            crs=definition.crs,
            bounds=Bounds(*(float(value) for value in definition.bounds)),
            grid_shape=(int(definition.shape[0]), int(definition.shape[1])),
            is_global=bool(definition.is_global),
            tile_size=tile_size,
            metatiling=metatiling,
            pixelbuffer=pixelbuffer,
            name=definition.type,
        )

    def replace(self, *, metatiling: int | None = None, pixelbuffer: int | None = None) -> Pyramid:
        """The same grid with another tile size, metatiling or pixel buffer."""
        return replace(
            self,
            metatiling=self.metatiling if metatiling is None else metatiling,
            pixelbuffer=self.pixelbuffer if pixelbuffer is None else pixelbuffer,
        )

    def same_grid(self, other: Pyramid) -> bool:
        """Whether the pixels of both coincide at every zoom."""
        return (
            self.grid_shape == other.grid_shape
            and self.bounds == other.bounds
            and self.tile_size == other.tile_size
            and self.is_global == other.is_global
            and self.crs == other.crs
        )

    def matrix_shape(self, zoom: int) -> tuple[int, int]:
        """(rows, columns) of metatiles at a zoom."""
        _check_zoom(zoom)
        rows, cols = self.grid_shape
        return (
            max(1, math.ceil(rows * 2**zoom / self.metatiling)),
            max(1, math.ceil(cols * 2**zoom / self.metatiling)),
        )

    def pixel_shape(self, zoom: int) -> tuple[int, int]:
        """(height, width) of the whole pyramid in pixels at a zoom."""
        _check_zoom(zoom)
        rows, cols = self.grid_shape
        return rows * 2**zoom * self.tile_size, cols * 2**zoom * self.tile_size

    def pixel_size(self, zoom: int) -> tuple[float, float]:
        """(x, y) size of a pixel in CRS units."""
        height, width = self.pixel_shape(zoom)
        return (
            round((self.bounds.right - self.bounds.left) / width, 20),
            round((self.bounds.top - self.bounds.bottom) / height, 20),
        )

    def zoom_of(self, size: float) -> int:
        """The coarsest zoom that keeps the full resolution of this pixel size (CRS units)."""
        enough = size * (1 + _SLACK)
        return next((z for z in range(_FINEST) if self.pixel_size(z)[0] <= enough), _FINEST)

    def metatile_size(self, zoom: int) -> tuple[float, float]:
        """(x, y) size of a whole metatile in CRS units, before clipping at the pyramid's edge."""
        x_size, y_size = self.pixel_size(zoom)
        return x_size * self.tile_size * self.metatiling, y_size * self.tile_size * self.metatiling

    def tile(self, zoom: int, row: int, col: int) -> Tile:
        """One metatile; raises `GridError` outside the matrix."""
        try:
            return Tile(self, TileIndex(index(zoom), index(row), index(col)))
        except TypeError:
            raise GridError(
                f"zoom, row and column must be whole numbers, not {zoom!r}, {row!r}, {col!r}"
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """The definition as stored in a tile directory's `metadata.json`."""
        return {
            "grid": {
                "bounds": list(self.bounds),
                "is_global": self.is_global,
                "shape": list(self.grid_shape),
                "srs": {"wkt": self.crs.to_wkt()},
                "grid": self.name,
            },
            "metatiling": self.metatiling,
            "tile_size": self.tile_size,
            "pixelbuffer": self.pixelbuffer,
        }

    def __str__(self) -> str:
        return (
            f"{self.name} grid, {self.tile_size} px tiles, metatiling {self.metatiling}, "
            f"pixel buffer {self.pixelbuffer}"
        )


def _check_zoom(zoom: int) -> None:
    if type(zoom) is not int or not 0 <= zoom <= 30:
        raise GridError(f"zoom must be a whole number from 0 to 30, not {zoom!r}")


def _definition(grid: str | Mapping[str, Any]) -> GridDefinition:
    if isinstance(grid, str):
        return _named(grid)
    if not isinstance(grid, Mapping):
        raise GridError("a grid is a name or a definition")
    known = {"grid", "type", "shape", "bounds", "srs", "is_global", "epsg", "proj"}
    if unknown := set(grid) - known:
        raise GridError(f"unknown key of a grid: {', '.join(sorted(unknown))}; known: {known}")
    values = {key: value for key, value in grid.items() if key not in ("type", "epsg", "proj")}
    kind = values.get("grid", grid.get("type"))
    if isinstance(kind, str) and kind in ("geodetic", "mercator"):
        return _named(kind)
    for old in ("epsg", "proj"):
        if old in grid:
            values.setdefault("srs", {old: grid[old]})
    _check_shape(values.get("shape"))
    try:
        return GridDefinition(**{**values, "grid": "custom"})
    except (ValueError, TypeError, KeyError) as error:
        raise GridError(f"this is not a grid definition: {error}") from error


def _check_shape(shape: object) -> None:
    numbers = shape if isinstance(shape, list | tuple) else ()
    if len(numbers) != 2 or not all(type(each) is int and each > 0 for each in numbers):
        raise GridError(f"shape is [rows, columns], whole numbers of at least 1, not {shape!r}")


@lru_cache(maxsize=8)
def _named(name: str) -> GridDefinition:
    if name not in ("geodetic", "mercator"):
        raise GridError(f"unknown grid {name!r}; known are geodetic, mercator or a definition")
    return GridDefinition(name)
