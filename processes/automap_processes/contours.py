"""Contour lines of an elevation model as features.

Inputs: `dem`, heights in its first band; `clip` (optional), features outside of which no line is
kept.

Needs `pixelbuffer: 1` (or more) in the pyramid, because a line ends at the centre of the outermost
pixel: without one there are gaps between tiles. Lines are cut at the edges of single tiles
(`tile_size` pixels), so that they do not depend on how the work is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from shapely import LineString, clip_by_rect, transform
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from automap_processes._ignored_parameters import check_matching
from automap_processes._types import Matching, Resampling
from automap_tiles import ConfigError, Empty, RasterInput, Tile, VectorInput
from automap_tiles.analysis import terrain

Feature = dict[str, Any]


check_parameters = check_matching


def execute(  # noqa: PLR0913 - names and defaults that process files already use
    dem: RasterInput,
    clip: VectorInput | None = None,
    *,
    resampling: Resampling = "nearest",
    interval: float = 100.0,
    field: str = "elev",
    base: float = 0.0,
    clip_pixelbuffer: int = 0,
    td_matching_method: Matching = "gdal",  # noqa: ARG001
    td_matching_max_zoom: int | None = None,  # noqa: ARG001
    td_matching_precision: int = 8,  # noqa: ARG001
    td_fallback_to_higher_zoom: bool = False,  # noqa: ARG001
) -> list[Feature]:
    """One LineString for each unbroken line in a single tile, its height in the property `field`.

    Lines are drawn every `interval` units of height, counted from `base`. `clip_pixelbuffer` widens
    the clip features by so many pixels.
    Unlike in mapchete lines lie where the heights are (there rows and columns change places and
    separate lines of a height are joined), and `clip` keeps the inside, not the outside.
    """
    if dem.is_empty() or (clip is not None and clip.is_empty()):
        raise Empty
    area = None if clip is None else clip.read_union_geometry(pixelbuffer=clip_pixelbuffer)
    heights = dem.read(indexes=1, resampling=resampling)
    _check_levels(heights, interval, base)
    features = [
        {"type": "Feature", "geometry": mapping(line), "properties": {field: level}}
        for single in dem.tile.intersecting(dem.tile.pyramid.replace(metatiling=1, pixelbuffer=0))
        for level, line in _lines_of(single, _cut(heights, dem.tile, single), interval, base)
        for line in _parts(line if area is None else line.intersection(area))
    ]
    if not features:
        raise Empty
    return features


def _check_levels(heights: Any, interval: float, base: float) -> None:
    """Raise `ConfigError` for heights that no number of lines does for."""
    known = np.ma.masked_invalid(heights).compressed()
    if not known.size:
        return
    try:
        terrain.contour_levels(float(known.min()), float(known.max()), interval, base)
    except ValueError as error:
        raise ConfigError(str(error), key="process_parameters.interval", found=interval) from error


class _Piece(NamedTuple):
    """Heights of a single tile and of the pixels around it."""

    heights: np.ma.MaskedArray[Any, Any]
    margin: tuple[int, int]
    """Rows above and columns left of the tile."""


def _cut(heights: np.ma.MaskedArray[Any, Any], tile: Tile, single: Tile) -> _Piece:
    row = single.pixel_offset[0] - tile.pixel_offset[0]
    col = single.pixel_offset[1] - tile.pixel_offset[1]
    above, left = min(row, 1), min(col, 1)
    window = (
        slice(row - above, row + single.height + 1),
        slice(col - left, col + single.width + 1),
    )
    return _Piece(heights[window], (above, left))


def _lines_of(
    single: Tile, piece: _Piece, interval: float, base: float
) -> Iterator[tuple[float, LineString]]:
    """Lines inside a single tile, in its CRS."""
    left, bottom, right, top = _box(single)
    for level, points in terrain.contour_lines(piece.heights, interval=interval, base=base):
        x = single.left + (points[:, 0] - piece.margin[1]) * single.pixel_x_size
        y = single.top - (points[:, 1] - piece.margin[0]) * single.pixel_y_size
        line = LineString(np.column_stack([x, y]))
        for part in _parts(clip_by_rect(line, left, bottom, right, top)):
            # rounding of the cut must not reach into the neighbour
            yield level, transform(part, lambda ends: ends.clip((left, bottom), (right, top)))


def _box(single: Tile) -> tuple[float, float, float, float]:
    """The box of a single tile; where rounding lets it overlap the next one, that one's edge."""
    left, bottom, right, top = single.bounds
    rows, cols = single.pyramid.matrix_shape(single.zoom)
    if single.col + 1 < cols:
        right = min(right, single.pyramid.tile(single.zoom, single.row, single.col + 1).left)
    if single.row + 1 < rows:
        bottom = max(bottom, single.pyramid.tile(single.zoom, single.row + 1, single.col).top)
    return left, bottom, right, top


def _parts(geometry: BaseGeometry) -> list[LineString]:
    """The lines in a geometry, without points at which a line only touched."""
    if geometry.geom_type == "LineString":
        return [] if geometry.is_empty else [geometry]
    return [line for part in getattr(geometry, "geoms", ()) for line in _parts(part)]
