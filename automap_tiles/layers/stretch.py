"""Contrast stretch: the value range that a layer is displayed with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from automap_tiles.errors import AutomapError
from automap_tiles.grid import Bounds, Tile, cover
from automap_tiles.layers import web
from automap_tiles.layers.layer import Layer, LayerKind
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from automap_tiles.formats import RasterArray
    from automap_tiles.layers.process import ProcessLayer

_TILES = 4
"""Tiles that a stretch is computed from."""
_ENOUGH = 1 << 20
"""Maximum number of pixels for a stretch if they have to be computed."""
_LOW, _HIGH = 2.0, 98.0
"""Percentiles that become black and white, the common default of desktop GIS."""


Limits = tuple[float, float]
"""What becomes black, and what becomes white."""


def stretch(
    layer: Layer, bands: Sequence[int], bounds: Bounds | None = None
) -> list[Limits] | None:
    """Low and high value of each band in a box (degrees), or everywhere; None: no data.

    A process is not computed for this unless a box is given.
    """
    samples = samples_in(layer, bands, bounds)
    if not samples:
        return None
    found = [_limits([data[number] for data in samples]) for number in range(len(bands))]
    limits = [each for each in found if each is not None]
    return limits if len(limits) == len(found) else None


def common_stretch(
    layer: Layer, bands: Sequence[int], bounds: Bounds | None = None
) -> Limits | None:
    """Low and high value of all bands together, which preserves the ratios between bands."""
    samples = samples_in(layer, bands, bounds)
    return _limits([band for data in samples for band in data])


def first_tiles(layer: ProcessLayer) -> list[RasterArray]:
    """Tiles in the middle of a process of which nothing is stored, with all bands (band, y, x).

    They are computed, and always the same; none if all of them are empty.
    """
    found: list[RasterArray] = []
    pixels = 0
    for index in layer.samples():
        data = layer.pixels(index)
        if data is None:
            continue
        found.append(data)
        pixels += data.shape[-1] * data.shape[-2]
        if pixels >= _ENOUGH:
            break
    return found


def stretch_of(tiles: Sequence[RasterArray], bands: Sequence[int]) -> Limits | None:
    """The common stretch of some bands of tiles."""
    return _limits([data[band - 1] for data in tiles for band in bands])


def samples_in(layer: Layer, bands: Sequence[int], bounds: Bounds | None) -> list[RasterArray]:
    """Pixels of a few web map tiles, in a box (degrees) or everywhere."""
    if bounds is None and layer.info.kind is LayerKind.PROCESS:
        return []
    tiles = _tiles(layer, bounds or layer.info.bounds)
    return [data for tile in tiles if (data := _read(layer, tile, bands)) is not None]


def _limits(bands: Sequence[np.ma.MaskedArray]) -> Limits | None:
    values = np.concatenate([numbers_of(band) for band in bands]) if bands else np.empty(0)
    if not values.size:
        return None
    low, high = (float(limit) for limit in np.percentile(values, (_LOW, _HIGH)))
    return (low, high) if low < high else (low - 0.5, low + 0.5)


def from_afar(layer: Layer, bands: Sequence[int]) -> RasterArray | None:
    """Pixels of a web map tile that shows the whole layer, or its middle."""
    tiles = _tiles(layer, layer.info.bounds)
    return _read(layer, tiles[len(tiles) // 2], bands) if tiles else None


def as_text(limits: tuple[float, float]) -> str:
    """Limits in the format of the parameter `rescale`, with enough digits to distinguish them."""
    low, high = limits
    largest = max(abs(low), abs(high))
    digits = max(6, math.ceil(math.log10(largest / (high - low))) + 4) if largest else 6
    return f"{low:.{min(digits, 17)}g},{high:.{min(digits, 17)}g}"


def numbers_of(band: np.ma.MaskedArray) -> NDArray[Any]:
    """The valid finite pixels: besides a declared nodata value there may be NaN."""
    values: NDArray[Any] = band.compressed()
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def _read(layer: Layer, tile: Tile, bands: Sequence[int]) -> np.ma.MaskedArray | None:
    try:
        return layer.read(tile, bands)
    except AutomapError:
        return None  # reported when that tile is displayed


def _tiles(layer: Layer, bounds: Bounds) -> list[Tile]:
    """The few web map tiles that cover a box."""
    pyramid = web.web_pyramid()
    area = reproject_geometry(bounds.polygon(), web.LON_LAT, pyramid.crs)
    area = shapely.intersection(area, pyramid.bounds.polygon())
    low, high = layer.info.min_zoom, layer.info.max_zoom
    for zoom in range(high, low - 1, -1):
        if zoom == low or cover.count(pyramid, area, zoom) <= _TILES:
            break
    found = [pyramid.tile(*index) for index in cover.tiles(pyramid, area, zoom)]
    return found[:: max(1, len(found) // _TILES)][:_TILES]
