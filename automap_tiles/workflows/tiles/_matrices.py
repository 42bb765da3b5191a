"""A pyramid as an OGC tile matrix set, for a STAC item."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.grid import metres_per_unit

if TYPE_CHECKING:
    from automap_tiles.grid import Bounds, Pyramid


_PIXEL_OF_SCALE = 0.28e-3
"""Metres: the standardised pixel size of scale denominators (OGC 17-083r2, 6.1.1)."""


_SLIVER = 1e-9
"""Fraction of a tile that is rounding, not area."""


_NAMES = {"geodetic": "WorldCRS84Quad", "mercator": "WebMercatorQuad"}
"""OGC's identifiers by our names of the grids."""


def matrices_of(pyramid: Pyramid, zooms: Sequence[int], box: Bounds) -> dict[str, Any]:
    name = _NAMES.get(pyramid.name, "custom")
    limits = {str(zoom): _limits(pyramid, zoom, box) for zoom in zooms}
    return {
        "tiles:tile_matrix_links": {name: {"url": f"#{name}", "limits": limits}},
        "tiles:tile_matrix_sets": {
            name: {
                "type": "TileMatrixSetType",
                "identifier": name,
                "supportedCRS": _crs_name(pyramid, name),
                **_known_scales(name),
                "boundingBox": _bounding_box(pyramid, name),
                "tileMatrix": [_matrix(pyramid, zoom) for zoom in zooms],
            }
        },
    }


def _known_scales(name: str) -> dict[str, str]:
    known = {"WorldCRS84Quad": "GoogleCRS84Quad", "WebMercatorQuad": "GoogleMapsCompatible"}
    if name not in known:
        return {}
    return {"wellKnownScaleSet": f"http://www.opengis.net/def/wkss/OGC/1.0/{known[name]}"}


def _crs_name(pyramid: Pyramid, name: str) -> str:
    if name == "WorldCRS84Quad":  # longitude first, unlike EPSG:4326
        return "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    authority = pyramid.crs.to_authority()
    if authority is None:
        raise ConfigError(
            "the CRS of the tiles has no number in a register, which an item needs",
            key="pyramid.grid",
            found=pyramid.crs.to_string(),
        )
    return f"http://www.opengis.net/def/crs/{authority[0]}/0/{authority[1]}"


def _bounding_box(pyramid: Pyramid, name: str) -> dict[str, Any]:
    left, bottom, right, top = pyramid.bounds
    return {
        "type": "BoundingBoxType",
        "crs": _crs_name(pyramid, name),
        "lowerCorner": [left, bottom],
        "upperCorner": [right, top],
    }


def _matrix(pyramid: Pyramid, zoom: int) -> dict[str, Any]:
    crs = pyramid.crs
    metres = metres_per_unit(crs)
    rows, cols = pyramid.matrix_shape(zoom)
    height, width = pyramid.tile(zoom, 0, 0).shape  # at low zooms clipped to the pyramid
    return {
        "type": "TileMatrixType",
        "identifier": str(zoom),
        "scaleDenominator": metres * pyramid.pixel_size(zoom)[0] / _PIXEL_OF_SCALE,
        "topLeftCorner": [pyramid.bounds.left, pyramid.bounds.top],
        "tileWidth": width,
        "tileHeight": height,
        "matrixWidth": cols,
        "matrixHeight": rows,
    }


def _limits(pyramid: Pyramid, zoom: int, box: Bounds) -> dict[str, int]:
    """First and last row and column that overlap a box."""
    width, height = pyramid.metatile_size(zoom)
    rows, cols = pyramid.matrix_shape(zoom)
    edge = pyramid.bounds

    def first(tiles: float, count: int) -> int:
        return min(max(math.floor(tiles + _SLIVER), 0), count - 1)

    def last(tiles: float, count: int) -> int:
        return min(max(math.ceil(tiles - _SLIVER) - 1, 0), count - 1)

    return {
        "min_tile_col": first((box.left - edge.left) / width, cols),
        "max_tile_col": last((box.right - edge.left) / width, cols),
        "min_tile_row": first((edge.top - box.top) / height, rows),
        "max_tile_row": last((edge.top - box.bottom) / height, rows),
    }
