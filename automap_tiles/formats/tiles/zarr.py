"""Zarr pyramids (version 3): a group with one array (band, y, x) for each zoom.

A chunk is an output tile, so that no two writers share one, and a chunk that is absent is a tile
without data. What the arrays are stands in zarr.json files beside them, with the conventions for
pyramids, coordinate systems and transforms that GeoZarr is made of.

https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html
"""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import InputError, MissingExtra
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.info import FormatInfo
from automap_tiles.formats.options import Options
from automap_tiles.formats.protocols import OutputKind, Tiled
from automap_tiles.formats.spec import OutputSpec
from automap_tiles.formats.tiles._assumed import advice, tell_of_lost
from automap_tiles.formats.tiles._codec import Tags
from automap_tiles.formats.tiles._metadata import Metadata
from automap_tiles.formats.tiles._raster_options import (
    RasterOptions,
    appearance_of,
    raster_options,
    said_of_raster,
)
from automap_tiles.grid import Pyramid, Tile
from automap_tiles.notes import Note
from automap_tiles.storage import Storage

if TYPE_CHECKING:
    from automap_tiles.formats.protocols import RasterArray

FORMAT = FormatInfo(
    name="Zarr",
    summary="Zarr pyramid, an array for each zoom and a chunk for each tile",
    kind=OutputKind.RASTER,
    endings=("zarr",),
    schema="{zoom}/c/0/{row}/{col}",
    has_fixed_keys=True,
    codec=f"{__name__}:open_codec",
    beside=f"{__name__}:write_arrays",
    takes=(
        "bands", "dtype", "nodata", "descriptions", "scales", "offsets", "units", "colormap",
        "classes", "tags",
    ),
    extensions=("zarr",),
    is_directory=True,
    reader="automap_tiles.formats.tiles:open_reader",
)  # fmt: skip

_NODE = "zarr.json"
_FINEST_ZOOM = 30
_DIMENSIONS = ("band", "y", "x")
Compression = Literal["zstd", "gzip", "none"]
_LEVELS: Mapping[str, tuple[int, int, int]] = {"zstd": (1, -7, 22), "gzip": (1, 0, 9)}
"""The usual level, the least and the highest."""

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


def open_codec(spec: OutputSpec, options: Options) -> ZarrCodec:
    """Pixels as chunks; raises `ConfigError`, and `MissingExtra` without the extra `zarr`."""
    if spec.options.get("pixelbuffer"):
        raise spec.error(
            "chunks of an array do not overlap",
            key="pixelbuffer",
            found=spec.options["pixelbuffer"],
            remedy="leave it out, or format: GTiff",
        )
    names = {int(value): str(name) for value, name in options.mapping("classes").items()}
    pixels = raster_options(spec, options)
    if names:
        pixels = replace(pixels, legend=replace(pixels.legend, names=names))
    compress: Any = options.text("compress", "zstd", ("zstd", "gzip", "none"))
    usual, least, most = _LEVELS.get(compress, (0, 0, 0))
    level = options.take("level", usual)
    if isinstance(level, bool) or not isinstance(level, int) or not least <= level <= most:
        raise spec.error(
            f"must be a whole number from {least} to {most} for {compress}",
            key="level",
            found=level,
        )
    if compress == "zstd":
        _zstd()
    return ZarrCodec(options=pixels, compress=compress, level=level)


def _zstd() -> Any:
    try:
        from numcodecs import zstd
    except ImportError as error:
        raise MissingExtra("numcodecs", "zarr") from error
    return zstd


@dataclass(frozen=True, kw_only=True)
class ZarrCodec:
    """Pixels as the chunk of an array; see `Codec`."""

    options: RasterOptions
    compress: Compression = "zstd"
    level: int = 1

    keeps_tags = False

    @property
    def count(self) -> int:
        return self.options.count

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.options.dtype)

    @property
    def nodata(self) -> float | None:
        return self.options.nodata

    @property
    def lossless(self) -> bool:
        """Not where the mask is lost."""
        return self.nodata is not None

    def described(self) -> dict[str, Any]:
        return {**said_of_raster(self.options), "compress": self.compress, "level": self.level}

    def appearance(self) -> Appearance:
        return appearance_of(self.options)

    def advice(self) -> tuple[Note, ...]:
        return (advice(self.options.dtype),) if self.options.nodata_is_assumed else ()

    def convert(self, tile: Tile, result: object) -> RasterArray:
        data = raster.prepare(
            result,
            count=self.count,
            dtype=self.options.dtype,
            nodata=self.nodata,
            shape=tile.shape,
            on_overflow=self.options.on_overflow,
        )
        if self.options.nodata_is_assumed:
            tell_of_lost(result, data)
        return data

    def encode(self, data: RasterArray, tile: Tile, tags: Tags) -> bytes:  # noqa: ARG002
        chunk = np.full(self._chunk(tile), self.nodata or 0, self.dtype.newbyteorder("<"))
        chunk[:, : data.shape[1], : data.shape[2]] = np.ma.getdata(data)
        content = chunk.tobytes()
        if self.compress == "zstd":
            return bytes(_zstd().compress(content, self.level))
        if self.compress == "gzip":
            return gzip.compress(content, self.level, mtime=0)
        return content

    def decode(self, content: bytes, tile: Tile) -> Tiled:
        shape = self._chunk(tile)
        try:
            plain = self._decompressed(content)
            chunk = np.frombuffer(plain, self.dtype.newbyteorder("<")).reshape(shape)
        except (ValueError, RuntimeError, OSError, EOFError, zlib.error) as error:
            raise InputError(f"is not a chunk of {shape} {self.dtype}: {error}") from error
        height, width = tile.shape
        data = chunk[:, :height, :width].astype(self.dtype)
        nodata = self.nodata
        if nodata is None:
            mask = np.zeros(data.shape, bool)
        else:
            mask = np.isnan(data) if math.isnan(nodata) else data == nodata
        return Tiled(np.ma.MaskedArray(data, mask=mask, fill_value=nodata or 0))

    def _decompressed(self, content: bytes) -> bytes:
        if self.compress == "zstd":
            return bytes(_zstd().decompress(content))
        return gzip.decompress(content) if self.compress == "gzip" else content

    def _chunk(self, tile: Tile) -> tuple[int, int, int]:
        return _chunk_shape(self.count, tile.pyramid, tile.zoom)


def _chunk_shape(count: int, pyramid: Pyramid, zoom: int) -> tuple[int, int, int]:
    """All bands of a (meta)tile; of a zoom that is smaller than that, all of the zoom."""
    edge = pyramid.tile_size * pyramid.metatiling
    height, width = pyramid.pixel_shape(zoom)
    return count, min(edge, height), min(edge, width)


def write_arrays(storage: Storage, metadata: Metadata, zooms: Sequence[int]) -> None:
    """Say what the group and the arrays of these zooms are; those that are there stay.

    A file that is there as it should be is not written again.
    """
    keys = {f"{zoom}/{_NODE}": zoom for zoom in range(_FINEST_ZOOM + 1)}
    there = {keys[key] for key in storage.exists_many(list(keys))}
    spec = OutputSpec(format=metadata.format, path=storage.root, options=metadata.options)
    codec = open_codec(spec, Options(spec))
    arrays = {str(zoom): _array(codec, metadata.pyramid, zoom) for zoom in sorted({*zooms, *there})}
    for name, array in arrays.items():
        _put(storage, f"{name}/{_NODE}", array)
    _put(storage, _NODE, _group(metadata.pyramid, arrays))


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

    What the arrays are is said once more, so that readers need not list an object store.
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


def _array(codec: ZarrCodec, pyramid: Pyramid, zoom: int) -> dict[str, Any]:
    bands, legend = codec.options.bands, codec.options.legend
    said = {
        "band_names": list(bands.descriptions),
        "scales": list(bands.scales),
        "offsets": list(bands.offsets),
        "units": list(bands.units),
        "classes": {str(value): name for value, name in legend.names.items()},
        "colormap": {str(value): list(rgb) for value, rgb in (legend.colours or {}).items()},
        "tags": {str(key): value for key, value in codec.options.tags.items()},
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
        "shape": [codec.count, *pyramid.pixel_shape(zoom)],
        "data_type": str(codec.dtype),
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": list(_chunk_shape(codec.count, pyramid, zoom))},
        },
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": _fill_value(codec),
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, *_compressors(codec)],
        "attributes": attributes,
        "dimension_names": list(_DIMENSIONS),
    }


def _compressors(codec: ZarrCodec) -> list[dict[str, Any]]:
    if codec.compress == "none":
        return []
    configuration: dict[str, Any] = {"level": codec.level}
    if codec.compress == "zstd":
        configuration["checksum"] = False
    return [{"name": codec.compress, "configuration": configuration}]


def _fill_value(codec: ZarrCodec) -> Any:
    """What an absent chunk is made of, as JSON has it."""
    value = codec.nodata or 0
    if codec.dtype.kind in "iu":
        return int(value)
    text: Any = float(value)
    if not np.isfinite(value):
        text = "NaN" if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return [text, 0.0] if codec.dtype.kind == "c" else text


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
