"""The values of a layer as an array of xarray, with its CRS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from automap_tiles.errors import ConfigError, MissingExtra
from automap_tiles.grid import Bounds
from automap_tiles.layers import web
from automap_tiles.notebook._window import Window, read, window_of

if TYPE_CHECKING:
    from automap_tiles.layers.layer import Layer

Box: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right, top in degrees."""

_MOST = 2**31
"""Bytes of an array: more is a slip."""


def to_xarray(layer: Layer, bounds: Box | None, zoom: int | None) -> Any:
    """(band, y, x), NaN where there is no data; see `Shown.to_xarray`."""
    try:
        import xarray
    except ImportError as error:
        raise MissingExtra("xarray", "xarray") from error
    info = layer.info
    window = _window(layer, Bounds(*(bounds or info.bounds)), zoom)
    bands = tuple(range(1, len(info.bands) + 1))
    size = len(bands) * window.height * window.width * 8
    if size > _MOST:
        raise ConfigError(
            f"{window.width} × {window.height} pixels of {len(bands)} bands are too many",
            key="bounds",
            remedy="smaller bounds, or a coarser zoom",
        )
    found = read(layer, window, bands, "nearest")
    shape = (len(bands), window.height, window.width)
    values = np.full(shape, np.nan, np.float32) if found is None else _floats(found)
    return xarray.DataArray(
        values,
        dims=("band", "y", "x"),
        coords={"band": list(info.band_names), **_coordinates(window)},
        attrs={"grid_mapping": "spatial_ref"},
        name=info.name,
    )


def _window(layer: Layer, bounds: Bounds, zoom: int | None) -> Window:
    info = layer.info
    if info.pyramid is None:
        return window_of(web.web_pyramid(), info.max_zoom if zoom is None else zoom, bounds)
    if zoom is None:
        finest = web.zoom_of(info.pyramid, 0, info.bounds)
        zoom = max(0, round(info.max_zoom - finest))
    return window_of(info.pyramid, zoom, bounds)


def _floats(found: np.ma.MaskedArray[Any, Any]) -> np.ndarray[Any, Any]:
    """Float64 for whole numbers of more than two bytes, which float32 does not hold."""
    kind = np.float64 if found.dtype.itemsize > 2 and found.dtype != np.float32 else np.float32
    values: np.ndarray[Any, Any] = np.ma.filled(found.astype(kind), np.nan)
    return values


def _coordinates(window: Window) -> dict[str, Any]:
    """Pixel centres, and the CRS."""
    to_crs = window.transform
    return {
        "y": to_crs.f + (np.arange(window.height) + 0.5) * to_crs.e,
        "x": to_crs.c + (np.arange(window.width) + 0.5) * to_crs.a,
        "spatial_ref": ((), 0, window.grid.cf_attributes()),
    }
