"""A class map, read tile by tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Tile, cover
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster.legend import ClassLegend, read_class_legend
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.workflows.assess._areas import pixel_areas
from automap_tiles.workflows.samples.picture import SourcePicture, look_at
from automap_tiles.workflows.tiles.facts import source_facts
from automap_tiles.workflows.tiles.stored_tiles import TileSelection

if TYPE_CHECKING:
    from rasterio.crs import CRS

_Pixels: TypeAlias = np.ma.MaskedArray[tuple[int, ...], np.dtype[np.generic]]

_TILE = 1024
"""Largest tile edge in pixels; tiles may be a little smaller."""


@dataclass(frozen=True, kw_only=True)
class Strata:
    """Size of each class in the map."""

    values: tuple[int, ...]
    """Class numbers, ascending; 0 is no data and not included."""
    pixels: tuple[int, ...]
    areas: tuple[float, ...]
    """Area on the ground, square metres."""

    @property
    def shares(self) -> tuple[float, ...]:
        """Fractions of the classified area."""
        total = sum(self.areas)
        return tuple(area / total for area in self.areas)


@dataclass(frozen=True, kw_only=True)
class ClassMap:
    """One band of a raster whose values are classes."""

    picture: SourcePicture
    band: int
    names: Mapping[int, str]
    """Class number -> name, where the map has one."""
    colours: Mapping[int, str]

    def tiles(self) -> Iterator[tuple[Tile, NDArray[np.uint8]]]:
        """Each tile with its classes (y, x); 0 where there is none.

        Raises `ConfigError` for values that are not classes.
        """
        for tile, pixels in self.pixels():
            yield tile, self.classes_of(pixels)

    def pixels(self) -> Iterator[tuple[Tile, _Pixels]]:
        """Each tile with its values (y, x), masked where the map has no data."""
        grid = self.picture.pyramid
        metatiling = 1 << (max(1, _TILE // grid.tile_size).bit_length() - 1)
        grid = grid.replace(metatiling=metatiling)
        spec = InputSpec.from_value("map", self.picture.path)
        reader = open_input(spec, Path.cwd(), grid)
        outline = self.picture.bounds.polygon()
        for index in cover.tiles(grid, outline, self.picture.zoom):
            raise_if_stopped()
            tile = Tile(grid, index)
            view = reader.at(tile)
            if not view.is_empty():
                # always a raster here
                yield tile, view.read(indexes=self.band)  # type: ignore[attr-defined]

    def classes_of(self, pixels: _Pixels) -> NDArray[np.uint8]:
        """Values as classes; raises `ConfigError` for values that are not classes."""
        values = np.ma.filled(pixels, 0)
        classes: NDArray[np.uint8] = values.astype(np.uint8)
        if values.dtype != np.uint8 and (classes != values).any():
            wrong = values[classes != values].flat[0]
            raise ConfigError(
                "holds values that are not classes from 1 to 255",
                self.picture.path,
                key="MAP",
                found=wrong.item(),
                remedy="a map of `classify`; --band says which band holds the classes",
            )
        return classes


def open_map(path: str | Path, band: int = 1) -> ClassMap:
    """Open a class map, a raster file or a tile directory; raises `ConfigError`."""
    picture = look_at(path)
    if not 1 <= band <= len(picture.bands):
        raise ConfigError(
            f"has {len(picture.bands)} bands", path, key="--band", found=band, remedy="--band 1"
        )
    legend = _legend(picture, band)
    return ClassMap(picture=picture, band=band, names=legend.names, colours=legend.colours)


def count(classes: ClassMap) -> Strata:
    """Pixels and ground area of each class; raises `ConfigError` if there is none.

    Notes values of 0 that the map does not declare as nodata.
    """
    pixels = np.zeros(256, dtype=np.int64)
    areas = np.zeros(256)
    zeros = 0
    for tile, found in classes.pixels():
        values = classes.classes_of(found)
        zeros += int(np.count_nonzero(~np.ma.getmaskarray(found) & (values == 0)))
        rows = np.arange(len(values), dtype=np.int64)[:, None] * 256
        counts = np.bincount((values + rows).ravel(), minlength=256 * len(values))
        by_row = counts.reshape(len(values), 256)
        pixels += by_row.sum(axis=0)
        areas += (by_row * pixel_areas(tile.grid)[:, None]).sum(axis=0)
    present = [int(value) for value in np.flatnonzero(pixels) if value]
    if not present:
        raise ConfigError("has no pixel with a class", classes.picture.path, key="MAP")
    if zeros:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.PIXELS,
                reason="their value is 0, which counts as no class and no area; the map itself "
                "does not call it no data",
                count=zeros,
                remedy="where 0 is a class, a map that numbers its classes from 1",
            )
        )
    return Strata(
        values=tuple(present),
        pixels=tuple(int(pixels[value]) for value in present),
        areas=tuple(float(areas[value]) for value in present),
    )


def at(classes: ClassMap, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Classes of pixels, by row and column of the map's grid; 0 where there is none."""
    found = np.zeros(len(rows), dtype=np.uint8)
    for tile, values in classes.tiles():
        top, left = tile.pixel_offset
        inside = (rows >= top) & (rows < top + tile.height)
        inside &= (cols >= left) & (cols < left + tile.width)
        found[inside] = values[rows[inside] - top, cols[inside] - left]
    return found


def moved(
    x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS, target: CRS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points transformed to another CRS."""
    from rasterio.warp import transform

    if crs == target:
        return x, y
    moved_x, moved_y = transform(crs, target, x, y)
    return np.array(moved_x), np.array(moved_y)


def _legend(picture: SourcePicture, band: int) -> ClassLegend:
    """The legend; for a tile directory, that of its first tile."""
    facts = source_facts(picture.path)
    if facts.directory is None:
        return read_class_legend(picture.path, band)
    directory = facts.directory
    tiles = directory.existing(TileSelection(zooms=(picture.zoom,)))
    return read_class_legend(directory.storage.url(directory.layout.key(tiles[0])), band)
