"""The zarr.json files of a pyramid: array metadata and the conventions of GeoZarr.

https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html#metadata
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from automap_tiles.formats.tiles._raster_options import RasterOptions
from automap_tiles.grid import Pyramid
from automap_tiles.storage import Storage

Compression = Literal["zstd", "gzip", "none"]

_NODE = "zarr.json"
_FINEST_ZOOM = 30
_DIMENSIONS = ("band", "y", "x")

_RAW = "https://raw.githubusercontent.com/{place}/refs/tags/v1/schema.json"
_SPEC = "https://github.com/{place}/blob/v1/README.md"


def _convention(place: str, uuid: str, name: str, description: str) -> dict[str, str]:
    return {
        "schema_url": _RAW.format(place=place),
        "spec_url": _SPEC.format(place=place),
        "uuid": uuid,
        "name": name,
        "description": description,
    }


_MULTISCALES = _convention(
    "zarr-conventions/multiscales",
    "d35379db-88df-4056-af3a-620245f8e347",
    "multiscales",
    "Multiscale layout of zarr datasets",
)
_PROJ = _convention(
    "zarr-experimental/geo-proj",
    "f17cb550-5864-4468-aeb7-f3180cfb622f",
    "proj:",
    "Coordinate reference system information for geospatial data",
)
_SPATIAL = _convention(
    "zarr-conventions/spatial",
    "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4",
    "spatial:",
    "Spatial coordinate information",
)


@dataclass(frozen=True, kw_only=True)
class ArrayOptions:
    """Properties that all arrays of a pyramid have in common."""

    options: RasterOptions
    compress: Compression = "zstd"
    level: int = 1
    """Compression level."""


def chunk_shape(count: int, pyramid: Pyramid, zoom: int) -> tuple[int, int, int]:
    """All bands of a (meta)tile; for a smaller zoom, the whole zoom."""
    edge = pyramid.tile_size * pyramid.metatiling
    height, width = pyramid.pixel_shape(zoom)
    return count, min(edge, height), min(edge, width)


def write_nodes(
    storage: Storage, arrays: ArrayOptions, pyramid: Pyramid, zooms: Sequence[int]
) -> None:
    """Write the metadata of the group and the arrays of these zooms; existing ones are kept.

    Identical existing files are not written again.
    """
    keys = {f"{zoom}/{_NODE}": zoom for zoom in range(_FINEST_ZOOM + 1)}
    there = {keys[key] for key in storage.exists_many(list(keys))}
    nodes = {str(zoom): _array(arrays, pyramid, zoom) for zoom in sorted({*zooms, *there})}
    for name, node in nodes.items():
        _put(storage, f"{name}/{_NODE}", node)
    _put(storage, _NODE, _group(pyramid, nodes))


def _put(storage: Storage, key: str, node: Mapping[str, Any]) -> None:
    wanted = json.dumps(node, indent=1, ensure_ascii=False).encode()
    try:
        found = storage.get(key)
    except FileNotFoundError:
        found = b""
    if found != wanted:
        storage.put(key, wanted)


def _group(pyramid: Pyramid, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The pyramid as a whole; zooms from the finest to the coarsest.

    The array metadata are consolidated here, so that readers need not list an object store.
    """
    layout, zooms = [], sorted(map(int, arrays))
    for finer, zoom in zip([None, *reversed(zooms)], reversed(zooms), strict=False):
        level: dict[str, Any] = {"asset": str(zoom), **_spatial(pyramid, zoom)}
        if finer is not None:
            scale = pyramid.pixel_size(zoom)[0] / pyramid.pixel_size(finer)[0]
            level |= {"derived_from": str(finer), "transform": {"scale": [1.0, scale, scale]}}
        layout.append(level)
    attributes = {
        "zarr_conventions": [_MULTISCALES, _PROJ, _SPATIAL],
        "multiscales": {"layout": layout},
        **_proj(pyramid),
        "spatial:dimensions": ["y", "x"],
        "spatial:bbox": list(pyramid.bounds),
    }
    return {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": attributes,
        "consolidated_metadata": {
            "kind": "inline",
            "must_understand": False,
            "metadata": dict(arrays),
        },
    }


def _array(arrays: ArrayOptions, pyramid: Pyramid, zoom: int) -> dict[str, Any]:
    bands, legend = arrays.options.bands, arrays.options.legend
    said = {
        "band_names": list(bands.descriptions),
        "scales": list(bands.scales),
        "offsets": list(bands.offsets),
        "units": list(bands.units),
        "classes": {str(value): name for value, name in legend.names.items()},
        "colormap": {str(value): list(rgb) for value, rgb in (legend.colours or {}).items()},
        "tags": {str(key): value for key, value in arrays.options.tags.items()},
    }
    attributes = {
        "zarr_conventions": [_PROJ, _SPATIAL],
        **_proj(pyramid),
        "spatial:dimensions": ["y", "x"],
        **_spatial(pyramid, zoom),
        **{name: value for name, value in said.items() if value},
    }
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [arrays.options.count, *pyramid.pixel_shape(zoom)],
        "data_type": str(np.dtype(arrays.options.dtype)),
        "chunk_grid": {
            "name": "regular",
            "configuration": {
                "chunk_shape": list(chunk_shape(arrays.options.count, pyramid, zoom))
            },
        },
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": _fill_value(arrays),
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, *_compressors(arrays)],
        "attributes": attributes,
        "dimension_names": list(_DIMENSIONS),
    }


def _compressors(arrays: ArrayOptions) -> list[dict[str, Any]]:
    if arrays.compress == "none":
        return []
    configuration: dict[str, Any] = {"level": arrays.level}
    if arrays.compress == "zstd":
        configuration["checksum"] = False
    return [{"name": arrays.compress, "configuration": configuration}]


def _fill_value(arrays: ArrayOptions) -> Any:
    """Fill value of an absent chunk, as in JSON."""
    value = arrays.options.nodata or 0
    if np.dtype(arrays.options.dtype).kind in "iu":
        return int(value)
    text: Any = float(value)
    if not np.isfinite(value):
        text = "NaN" if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return [text, 0.0] if np.dtype(arrays.options.dtype).kind == "c" else text


def _proj(pyramid: Pyramid) -> dict[str, Any]:
    authority = pyramid.crs.to_authority()
    wkt = {"proj:wkt2": pyramid.crs.to_wkt(version="WKT2_2019")}
    return wkt if authority is None else {"proj:code": ":".join(authority), **wkt}


def _spatial(pyramid: Pyramid, zoom: int) -> dict[str, Any]:
    x_size, y_size = pyramid.pixel_size(zoom)
    left, top = pyramid.bounds.left, pyramid.bounds.top
    return {
        "spatial:shape": list(pyramid.pixel_shape(zoom)),
        "spatial:transform": [x_size, 0.0, left, 0.0, -y_size, top],
    }
