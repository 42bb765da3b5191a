"""Rasters as tile directories: what GeoTIFF and PNG have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import InputError, ProcessResultError
from automap_tiles.formats.protocols import OutputKind, StoredFile, Tiled
from automap_tiles.formats.tiles._files import Cut, TileFiles
from automap_tiles.formats.tiles._metadata import Metadata, write_metadata, write_summary
from automap_tiles.grid import Pyramid, Tile, TileIndex

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats.protocols import RasterArray
    from automap_tiles.notes import Note
    from automap_tiles.storage import Cleaned

Tags = Mapping[str | int, Any]


class Codec(Protocol):
    """How the pixels of a tile become the bytes of a file; picklable and thread-safe."""

    @property
    def count(self) -> int:
        """Bands in a file."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def nodata(self) -> float | None: ...
    @property
    def lossless(self) -> bool: ...

    def advice(self) -> tuple[Note, ...]:
        """As `Advising` has it."""
        ...

    def convert(self, tile: Tile, result: object) -> RasterArray:
        """A function's return value as the array of a file, on the tile."""
        ...

    def encode(self, data: RasterArray, tile: Tile, tags: Tags) -> bytes: ...
    def decode(self, content: bytes) -> Tiled: ...


@dataclass(frozen=True, kw_only=True)
class RasterDirectory:
    """Writer of raster tiles; see `Writer`."""

    files: TileFiles
    process_pyramid: Pyramid
    codec: Codec
    metadata: Metadata
    resampling: str = "nearest"
    """For results on another grid."""

    kind = OutputKind.RASTER

    @property
    def path(self) -> str:
        return self.files.storage.root

    @property
    def pyramid(self) -> Pyramid:
        return self.files.pyramid

    @property
    def lossless(self) -> bool:
        return self.codec.lossless

    @property
    def nodata(self) -> float | None:
        return self.codec.nodata

    @property
    def dtype(self) -> str:
        return str(self.codec.dtype)

    @property
    def bytes_per_pixel(self) -> int:
        return self.codec.count * self.codec.dtype.itemsize

    def advice(self) -> tuple[Note, ...]:
        return self.codec.advice()

    def prepare(
        self,
        *,
        area: BaseGeometry | None = None,  # noqa: ARG002 a directory has no extent
        overwrite: bool = False,
    ) -> None:
        write_metadata(self.files.storage, self.metadata, overwrite=overwrite)

    def convert(self, tile: Tile, result: object) -> Tiled | None:
        result, tags = split_tags(result)
        if isinstance(result, raster.Raster):
            result = raster.warp(result, tile, resampling=self.resampling, nodata=self.codec.nodata)
        data = self.codec.convert(tile, result)
        mask = np.ma.getmaskarray(data)
        cuts = self.files.cuts(tile)
        if all(
            mask[:, max(0, r.start) : r.stop, max(0, c.start) : c.stop].all() for _, r, c in cuts
        ):
            return None
        return Tiled(data, tags)

    def write(self, tile: Tile, data: Tiled) -> tuple[StoredFile, ...]:
        stored = []
        for cut in self.files.cuts(tile):
            pixels = self._cut(data.data, cut)
            if np.ma.getmaskarray(pixels).all():
                self.files.storage.delete(self.files.key(cut.tile.index))
            else:
                content = self.codec.encode(pixels, cut.tile, data.tags)
                stored.append(self.files.put(cut.tile.index, content))
        return tuple(stored)

    def read(self, tile: Tile) -> Tiled | None:
        cuts = self.files.cuts(tile)
        if len(cuts) == 1 and cuts[0].tile.shape == tile.shape:
            return self._load(cuts[0].tile)
        found = None
        for cut in self.files.overlapping(tile):
            stored = self._load(Tile(self.pyramid, cut.tile.index))
            if stored is not None:
                found = found or Tiled(self._blank(tile.shape), stored.tags)
                core = without_buffer(stored.data, self.pyramid, cut.tile)
                paste(found.data, core, cut.rows.start, cut.cols.start)
        if found is None or np.ma.getmaskarray(found.data).all():
            return None
        return found

    def exists(self, tile: Tile) -> bool:
        return self.files.exists(tile)

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        return self.files.exists_many(tiles)

    def whole_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        return self.files.whole_many(tiles)

    def stored(self, names: Sequence[str]) -> set[str]:
        return self.files.storage.exists_many(names)

    def delete(self, tile: Tile) -> None:
        self.files.delete(tile)

    def finish(self, summary: Mapping[str, Any] | None = None) -> tuple[StoredFile, ...]:
        write_summary(self.files.storage, summary or {})
        return ()

    def clean(self) -> Cleaned:
        return self.files.storage.clean_parts()

    def fingerprint(self) -> str:
        return hashlib.sha256(self.metadata.to_json()).hexdigest()

    def _load(self, output: Tile) -> Tiled | None:
        """One output tile, with its buffer."""
        key = self.files.key(output.index)
        try:
            content = self.files.storage.get(key)
        except FileNotFoundError:
            return None
        try:
            stored = self.codec.decode(content)
        except InputError as error:
            raise InputError(error.message, self.files.storage.url(key)) from error
        if stored.data.shape != (self.codec.count, *output.shape):
            raise InputError(
                f"has shape {stored.data.shape}, not {(self.codec.count, *output.shape)}",
                self.files.storage.url(key),
            )
        return stored

    def _cut(self, data: RasterArray, cut: Cut) -> RasterArray:
        """The pixels of an output tile; buffer beyond the array is without data."""
        height, width = data.shape[-2:]
        rows, cols = cut.rows, cut.cols
        if min(rows.start, cols.start) >= 0 and rows.stop <= height and cols.stop <= width:
            return data[:, rows, cols]
        whole = self._blank(cut.tile.shape)
        paste(whole, data, -cut.rows.start, -cut.cols.start)
        return whole

    def _blank(self, shape: tuple[int, int]) -> RasterArray:
        return blank((self.codec.count, *shape), self.codec.dtype, self.codec.nodata)


def split_tags(result: object) -> tuple[object, Tags]:
    """A function's return value without the tags it may have come with."""
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
        data, tags = result
        for key, value in tags.items():
            if isinstance(key, int) and not isinstance(value, Mapping):
                raise ProcessResultError(f"tags of band {key} must be a mapping, not {value!r}")
        return data, dict(tags)
    return result, {}


def blank(shape: tuple[int, ...], dtype: np.dtype[Any], nodata: float | None) -> RasterArray:
    """An array without any data; nodata, or 0, under the mask."""
    fill = 0 if nodata is None else nodata
    return np.ma.MaskedArray(np.full(shape, fill, dtype), mask=True, fill_value=fill)


def paste(target: RasterArray, source: RasterArray, row: int, col: int) -> None:
    """Put an array into another, its first pixel at (row, col); what lies outside is left out."""
    height, width = target.shape[-2:]
    top, left = max(0, row), max(0, col)
    bottom, right = min(height, row + source.shape[-2]), min(width, col + source.shape[-1])
    if top >= bottom or left >= right:
        return
    here = np.s_[:, top:bottom, left:right]
    there = np.s_[:, top - row : bottom - row, left - col : right - col]
    target.data[here] = source.data[there]
    np.ma.getmaskarray(target)[here] = np.ma.getmaskarray(source)[there]


def without_buffer(data: RasterArray, pyramid: Pyramid, bare: Tile) -> RasterArray:
    """The array of an output tile without the buffer of its pyramid."""
    top, _, left, _ = Tile(pyramid, bare.index).buffer_margins
    height, width = bare.shape
    return data[:, top : top + height, left : left + width]
