"""Zarr pyramids (version 3): a group with one array (band, y, x) per zoom.

A chunk is an output tile, so that no two writers share one, and an absent chunk is a tile without
data. The arrays are described by zarr.json files, with the GeoZarr conventions for pyramids,
coordinate systems and transforms.

https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import zstandard

from automap_tiles import raster
from automap_tiles.errors import InputError, MissingExtra
from automap_tiles.formats._contents import OutputKind, Tiled
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.tiles._codec import Tags
from automap_tiles.formats.tiles._metadata import Metadata
from automap_tiles.formats.tiles._nodata_losses import (
    advice,
    report_lost_zeros,
    report_nodata_collision,
)
from automap_tiles.formats.tiles._raster_options import (
    appearance_of,
    raster_options,
    said_of_raster,
)
from automap_tiles.formats.tiles._zarr_nodes import ArrayOptions, chunk_shape, write_nodes
from automap_tiles.grid import Tile
from automap_tiles.notes import Note
from automap_tiles.storage import Storage

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray

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
    decisive=("compress",),
    extensions=("zarr",),
    is_directory=True,
    reader="automap_tiles.formats.tiles:open_reader",
)  # fmt: skip

_LEVELS: Mapping[str, tuple[int, int, int]] = {"zstd": (1, -7, 22), "gzip": (1, 0, 9)}
"""Default, minimum and maximum level."""

_GZIP = 16 + zlib.MAX_WBITS
"""Makes zlib expect a gzip header."""


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
class ZarrCodec(ArrayOptions):
    """Pixels as the chunk of an array; see `Codec`."""

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
        """False if the mask is lost."""
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
            report_lost_zeros(result, data)
        else:
            report_nodata_collision(result, data, self.options.nodata)
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
            plain = self._decompressed(content, math.prod(shape) * self.dtype.itemsize)
            chunk = np.frombuffer(plain, self.dtype.newbyteorder("<")).reshape(shape)
        except (
            ValueError,
            RuntimeError,
            OSError,
            EOFError,
            zlib.error,
            zstandard.ZstdError,
        ) as error:
            raise InputError(f"is not a chunk of {shape} {self.dtype}: {error}") from error
        height, width = tile.shape
        data = chunk[:, :height, :width].astype(self.dtype)
        nodata = self.nodata
        if nodata is None:
            mask = np.zeros(data.shape, bool)
        else:
            mask = np.isnan(data) if math.isnan(nodata) else data == nodata
        return Tiled(np.ma.MaskedArray(data, mask=mask, fill_value=nodata or 0))

    def _decompressed(self, content: bytes, size: int) -> bytes:
        """The decompressed bytes of a chunk.

        At most `size`, whatever a damaged one claims to contain.
        """
        if self.compress == "zstd":
            if zstandard.frame_content_size(content) > size:
                raise ValueError("it claims to be larger")
            return bytes(_zstd().decompress(content))
        if self.compress == "gzip":
            stream = zlib.decompressobj(_GZIP)
            plain = stream.decompress(content, size + 1)
            if not stream.eof:
                raise ValueError("it ends too early, or is larger")
            return plain
        return content

    def _chunk(self, tile: Tile) -> tuple[int, int, int]:
        return chunk_shape(self.count, tile.pyramid, tile.zoom)


def write_arrays(storage: Storage, metadata: Metadata, zooms: Sequence[int]) -> None:
    """Write the metadata of the group and the arrays of these zooms beside the chunks."""
    spec = OutputSpec(format=metadata.format, path=storage.root, options=metadata.options)
    write_nodes(storage, open_codec(spec, Options(spec)), metadata.pyramid, zooms)
