"""A vector input on a tile, as a process function receives it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from automap_tiles import vector
from automap_tiles.formats._contents import Feature
from automap_tiles.formats._input_tile import MapcheteInputTile
from automap_tiles.grid import Bounds, Grid, GridLike, Tile, UnitPart, unit_parts

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._contents import BoolArray


class FeatureSource(Protocol):
    """Source of the features of a tile."""

    @property
    def path(self) -> str: ...
    def footprint(self, crs: CRS) -> BaseGeometry:
        """Area that may have features, in a CRS."""
        ...

    def features(
        self, tile: Tile, bounds: Bounds, *, clip: bool, validity_check: bool
    ) -> list[Feature]:
        """Features within a box around a tile, in its CRS; clipped to the box, or whole."""
        ...


class FeatureTile(MapcheteInputTile):
    """Features on a tile, read when first asked for."""

    __slots__ = ("_found", "_source", "tile")

    tile: Tile

    def __init__(self, tile: Tile, source: FeatureSource) -> None:
        self.tile = tile
        self._source = source
        self._found: dict[tuple[bool, bool, int], list[Feature]] = {}

    @property
    def path(self) -> str:
        return self._source.path

    def read(
        self,
        validity_check: bool = True,
        clip_to_crs_bounds: bool = False,  # noqa: ARG002 mapchete's keyword
    ) -> list[Feature]:
        """GeoJSON-like features in the tile's CRS, clipped to its box."""
        return list(self._read(clip=True, validity_check=validity_check))

    def read_generator(
        self, validity_check: bool = True, clip_to_crs_bounds: bool = False
    ) -> Iterator[Feature]:
        """As `read`, one by one."""
        yield from self.read(validity_check, clip_to_crs_bounds)

    @property
    def bbox(self) -> BaseGeometry:
        """Area that may have features, in the CRS of the tile."""
        return self._source.footprint(self.tile.crs)

    def is_empty(self) -> bool:
        return not self._read(clip=True, validity_check=True)

    def read_union_geometry(
        self,
        validity_check: bool = True,
        clip_to_crs_bounds: bool = False,  # noqa: ARG002
        pixelbuffer: int = 0,
    ) -> BaseGeometry:
        """The union of all features, buffered by `pixelbuffer` pixels; empty when there are none.

        Like the features it is clipped to the tile's box; features outside the tile contribute
        their buffers.
        """
        features = self._read(clip=True, validity_check=validity_check, margin=pixelbuffer + 1)
        union = vector.union_geometry(features).buffer(pixelbuffer * self.tile.pixel_x_size)
        return vector.clip_to_box(union, self.tile.bounds)

    def read_as_raster_mask(
        self,
        all_touched: bool = False,
        invert: bool = False,
        validity_check: bool = True,
        clip_to_crs_bounds: bool = False,  # noqa: ARG002
        pixelbuffer: int = 0,
        band_count: int | None = None,
    ) -> BoolArray:
        """Mask (y, x): False on features, buffered by `pixelbuffer` pixels, and True elsewhere.

        With `invert` the reverse. With `band_count` the mask is repeated: (band, y, x).
        """
        mask = np.full(self.tile.shape, not invert)
        margin = pixelbuffer + 1
        features = self._read(
            clip=False, validity_check=validity_check, margin=margin + self.tile.pyramid.tile_size
        )
        shapes = [vector.to_shape(feature) for feature in features]
        # Per unit block and from whole features, so that a pixel does not depend on the tiling.
        for part in unit_parts(self.tile) if shapes else ():
            shift = self._shift(part)
            near = _near(shapes, _wider(_moved(part.grid.bounds, -shift), margin, self.tile))
            if pixelbuffer:
                near = [shape.buffer(pixelbuffer * self.tile.pixel_x_size) for shape in near]
            if shift:
                near = [vector.shift(shape, shift) for shape in near]
            burnt = vector.burn(near, part.grid, all_touched=all_touched)
            mask[part.tile_window] = burnt[part.unit_window] == invert
        return mask if band_count is None else np.stack([mask] * band_count)

    def read_whole(self, validity_check: bool = True) -> list[Feature]:
        """Features that intersect the tile's box, unclipped, in the tile's CRS."""
        return list(self._read(clip=False, validity_check=validity_check))

    def read_as_raster_values(
        self,
        value_of: Callable[[Feature], int],
        order_of: Callable[[Feature], Any],
        *,
        all_touched: bool = False,
        pixelbuffer: float = 0,
        finer: int = 1,
    ) -> NDArray[np.uint8]:
        """Values (y, x) of features, 1 to 255; features of value 0 are omitted, 0 is background.

        They are burnt over each other in the order of `order_of`, buffered by `pixelbuffer` pixels
        (negative: shrunk). `finer` multiplies the number of pixels along each side. A pixel does
        not depend on the tiling.
        """
        found = np.zeros((self.tile.shape[0] * finer, self.tile.shape[1] * finer), np.uint8)
        margin = math.ceil(max(pixelbuffer, 0)) + 1
        features = self._read(
            clip=False, validity_check=True, margin=margin + self.tile.pyramid.tile_size
        )
        valued = [(one, value) for one in features if (value := value_of(one))]
        shapes = [
            (_buffered(vector.to_shape(one), pixelbuffer * self.tile.pixel_x_size), value)
            for one, value in sorted(valued, key=lambda pair: order_of(pair[0]))
        ]
        for part in unit_parts(self.tile) if shapes else ():
            shift = self._shift(part)
            box = _wider(_moved(part.grid.bounds, -shift), 1, self.tile)
            near = [
                (vector.shift(kept, shift) if shift else kept, value)
                for shape, value in shapes
                for kept in _near([shape], box)
            ]
            burnt = vector.burn_values(near, _finer(part.grid, finer), all_touched=all_touched)
            found[_finer_window(part.tile_window, finer)] = burnt[
                _finer_window(part.unit_window, finer)
            ]
        return found

    def _read(self, *, clip: bool, validity_check: bool, margin: int = 0) -> list[Feature]:
        """Features in the tile's box buffered by some pixels."""
        key = (clip, validity_check, margin)
        if key not in self._found:
            bounds = _wider(self.tile.bounds, margin, self.tile)
            self._found[key] = self._source.features(
                self.tile, bounds, clip=clip, validity_check=validity_check
            )
        return self._found[key]

    def _shift(self, part: UnitPart) -> float:
        """Shift of a unit block beyond the antimeridian to its position in the tile."""
        if not self.tile.pyramid.is_global:
            return 0.0
        column = part.tile_window[1].start - part.unit_window[1].start
        expected = self.tile.bounds.left + column * self.tile.pixel_x_size
        world = self.tile.pyramid.bounds.width
        turns: int = round((part.grid.bounds.left - expected) / world)
        return turns * world

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._found.clear()


def _wider(bounds: Bounds, margin: int, tile: Tile) -> Bounds:
    """A box enlarged by some pixels of a tile."""
    if not margin:
        return bounds
    dx, dy = margin * tile.pixel_x_size, margin * tile.pixel_y_size
    return Bounds(bounds.left - dx, bounds.bottom - dy, bounds.right + dx, bounds.top + dy)


def _near(shapes: list[BaseGeometry], bounds: Bounds) -> list[BaseGeometry]:
    """The parts of shapes in a box."""
    box = bounds.polygon()
    near = [vector.clip_to_box(shape, bounds) for shape in shapes if shape.intersects(box)]
    return [shape for shape in near if not shape.is_empty]


def _buffered(shape: BaseGeometry, width: float) -> BaseGeometry:
    return shape.buffer(width) if width else shape


def _finer(grid: GridLike, times: int) -> GridLike:
    """The same extent with a multiple of the pixels along each side."""
    if times == 1:
        return grid
    height, width = grid.shape
    transform = grid.transform @ Affine.scale(1 / times)
    return Grid(grid.crs, transform, (height * times, width * times))


def _finer_window(window: tuple[slice, slice], times: int) -> tuple[slice, slice]:
    rows, cols = (slice(one.start * times, one.stop * times) for one in window)
    return rows, cols


def _moved(bounds: Bounds, by: float) -> Bounds:
    return bounds._replace(left=bounds.left + by, right=bounds.right + by) if by else bounds


def shifted(feature: Feature, by: float) -> Feature:
    """A feature shifted along the x axis."""
    if not by:
        return feature
    moved = vector.shift(vector.to_shape(feature), by)
    return {**feature, "geometry": vector.to_mapping(moved)}
