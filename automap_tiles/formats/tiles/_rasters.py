"""Tile directories of rasters: what all raster tile formats share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import InputError, ProcessResultError
from automap_tiles.formats._contents import OutputKind, StoredFile, Tiled
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.registry import load
from automap_tiles.formats.tiles._arrays import blank, paste, without_buffer
from automap_tiles.formats.tiles._codec import Codec, Tags
from automap_tiles.formats.tiles._decoding import CodecTiles, Decoder, GdalTiles
from automap_tiles.formats.tiles._directory import TileDirectory
from automap_tiles.formats.tiles._files import Cut, TileFiles
from automap_tiles.formats.tiles._metadata import Metadata, write_metadata
from automap_tiles.formats.tiles._pixels import PixelFormat
from automap_tiles.formats.tiles._tile_file_writer import TileFileWriter
from automap_tiles.grid import Pyramid, Tile
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import MemoryStorage

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._contents import RasterArray
    from automap_tiles.storage import Storage


@dataclass(frozen=True, kw_only=True)
class RasterDirectory(TileFileWriter):
    """Writer of raster tiles; see `Writer`."""

    files: TileFiles
    process_pyramid: Pyramid
    codec: Codec
    metadata: Metadata
    resampling: str = "nearest"
    """For results on another grid."""
    zooms: tuple[int, ...] = ()
    """Of the process."""

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
        write_beside(self.files.storage, self.metadata, self.zooms)

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
        if data.tags and not self.codec.keeps_tags:
            _tell_of_tags(self.metadata.format, data.tags)
        for cut in self.files.cuts(tile):
            pixels = self._cut(data.data, cut)
            if np.ma.getmaskarray(pixels).all():
                self.files.remove(cut.tile.index)
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

    def in_memory(self) -> RasterDirectory:
        return replace(self, files=replace(self.files, storage=MemoryStorage()))

    def reader(self) -> TileDirectory:
        info = self.metadata.info
        by_gdal = info is not None and info.is_read_by_gdal
        decoder: Decoder = GdalTiles() if by_gdal else CodecTiles(self.codec)
        return TileDirectory(
            path=self.path,
            files=self.files,
            kind=self.kind,
            pixels=PixelFormat(
                count=self.codec.count, dtype=self.codec.dtype.name, nodata=self.codec.nodata
            ),
            decoder=decoder,
        )

    def appearance(self) -> Appearance:
        return self.codec.appearance()

    def _load(self, output: Tile) -> Tiled | None:
        """One output tile, with its buffer."""
        key = self.files.key(output.index)
        try:
            content = self.files.storage.get(key)
        except FileNotFoundError:
            return None
        try:
            stored = self.codec.decode(content, output)
        except InputError as error:
            raise InputError(error.message, self.files.storage.url(key)) from error
        if stored.data.shape != (self.codec.count, *output.shape):
            raise InputError(
                f"has shape {stored.data.shape}, not {(self.codec.count, *output.shape)}",
                self.files.storage.url(key),
            )
        return stored

    def _cut(self, data: RasterArray, cut: Cut) -> RasterArray:
        """The pixels of an output tile; buffer beyond the array has no data."""
        height, width = data.shape[-2:]
        rows, cols = cut.rows, cut.cols
        if (rows.start, rows.stop, cols.start, cols.stop) == (0, height, 0, width):
            return data
        if min(rows.start, cols.start) >= 0 and rows.stop <= height and cols.stop <= width:
            return data[:, rows, cols]
        whole = self._blank(cut.tile.shape)
        paste(whole, data, -cut.rows.start, -cut.cols.start)
        return whole

    def _blank(self, shape: tuple[int, int]) -> RasterArray:
        return blank((self.codec.count, *shape), self.codec.dtype, self.codec.nodata)


def split_tags(result: object) -> tuple[object, Tags]:
    """A function's return value without the tags that may accompany it."""
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
        data, tags = result
        for key, value in tags.items():
            if isinstance(key, int) and not isinstance(value, Mapping):
                raise ProcessResultError(f"tags of band {key} must be a mapping, not {value!r}")
        return data, dict(tags)
    return result, {}


def write_beside(storage: Storage, metadata: Metadata, zooms: Sequence[int]) -> None:
    """Write the files that a format requires beside the tiles of these zooms, if any."""
    info = metadata.info
    if info is not None and info.beside is not None:
        load(info.beside)(storage, metadata, tuple(zooms))


def _tell_of_tags(name: str, tags: Tags) -> None:
    tell(
        Note(
            fate=Fate.LOST,
            subject=Subject.ATTRIBUTES,
            count=len(tags),
            examples=tuple(str(key) for key in tags)[:3],
            reason=f"tags that the function returns; {name} tiles have no place for them",
            remedy="format: GTiff",
        )
    )
