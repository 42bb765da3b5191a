"""The files of a tile directory, and the division of process tiles into them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from automap_tiles.errors import GridError
from automap_tiles.formats._contents import StoredFile
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.raster.drivers import SIDE_FILES
from automap_tiles.storage import Storage, TileLayout, checksum, is_remote


class Cut(NamedTuple):
    """An output tile and its position in an array."""

    tile: Tile
    rows: slice
    cols: slice
    """May extend beyond the array if the tile has a pixel buffer."""


@dataclass(frozen=True)
class TileFiles:
    """Output tiles of a pyramid, under the keys of a layout."""

    storage: Storage
    layout: TileLayout
    pyramid: Pyramid
    """Of the output."""

    def cuts(self, tile: Tile) -> list[Cut]:
        """The output tiles inside a process tile, each with its window in the process array."""
        if tile.pyramid is self.pyramid or tile.pyramid == self.pyramid:
            height, width = tile.shape
            return [Cut(tile, slice(0, height), slice(0, width))]
        if tile.pyramid.metatiling == self.pyramid.metatiling:
            return [_cut(tile, Tile(self.pyramid, tile.index))]
        return [_cut(tile, output) for output in tile.intersecting(self.pyramid)]

    def key(self, index: TileIndex) -> str:
        return self.layout.key(index)

    def put(self, index: TileIndex, content: bytes) -> StoredFile:
        """Store the file of an output tile."""
        key = self.key(index)
        self.storage.put(key, content)
        drop_side_files(self.storage, key)
        return StoredFile(key, len(content), checksum(content))

    def exists(self, tile: Tile) -> bool:
        return any(self.storage.exists(self.key(cut.tile.index)) for cut in self.cuts(tile))

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        owners = {self.key(cut.tile.index): tile.index for tile in tiles for cut in self.cuts(tile)}
        return {owners[key] for key in self.storage.exists_many(list(owners))}

    def whole_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        """The tiles whose output tiles all exist."""
        keys = {tile.index: [self.key(cut.tile.index) for cut in self.cuts(tile)] for tile in tiles}
        there = self.storage.exists_many(sorted({key for own in keys.values() for key in own}))
        return {index for index, own in keys.items() if there.issuperset(own)}

    def delete(self, tile: Tile) -> None:
        for cut in self.cuts(tile):
            self.remove(cut.tile.index)

    def remove(self, index: TileIndex) -> None:
        """Delete the file of an output tile, if it exists."""
        key = self.key(index)
        self.storage.delete(key)
        drop_side_files(self.storage, key)

    def overlapping(self, tile: Tile) -> Iterator[Cut]:
        """The output tiles, without their buffers, that a tile with its buffer touches.

        Each comes with its window in the tile's array, which may extend beyond it. Columns beyond
        the antimeridian of a global grid continue on the other side.
        """
        return overlapping(self.pyramid, tile.zoom, tile.pixel_offset, tile.shape)


def drop_side_files(storage: Storage, key: str) -> None:
    """Delete GDAL's side files of a tile, which belong to the previous pixels.

    QGIS and other programs write such files on local disks; in an object store it would take three
    more requests per tile.
    """
    if is_remote(storage.root):
        return
    for end in SIDE_FILES:
        storage.delete(key + end)


def overlapping(
    pyramid: Pyramid, zoom: int, offset: tuple[int, int], shape: tuple[int, int]
) -> Iterator[Cut]:
    """The tiles of a pyramid, without their buffers, that touch a window of the pixels of a zoom.

    `offset` is the (row, column) of the window's first pixel and may be negative. Like
    `TileFiles.overlapping`, which takes a tile.
    """
    bare = pyramid.replace(pixelbuffer=0)
    edge = bare.tile_size * bare.metatiling
    rows, cols = bare.matrix_shape(zoom)
    world = bare.pixel_shape(zoom)[1]
    top, left = offset
    height, width = shape
    turns = (-1, 0, 1) if bare.is_global else (0,)
    for row in range(max(0, top // edge), min(rows, (top + height - 1) // edge + 1)):
        for turn in turns:
            start = left - turn * world
            first, last = max(0, start // edge), min(cols, (start + width - 1) // edge + 1)
            for col in range(first, last):
                output = Tile(bare, TileIndex(zoom, row, col))
                y, x = row * edge - top, col * edge - start
                yield Cut(output, slice(y, y + output.shape[0]), slice(x, x + output.shape[1]))


def _cut(tile: Tile, output: Tile) -> Cut:
    top, left = tile.pixel_offset
    row, col = output.pixel_offset
    height, width = output.shape
    return Cut(
        output,
        slice(row - top, row - top + height),
        slice(col - left, col - left + width),
    )


def output_pyramid(spec: OutputSpec, process: Pyramid) -> Pyramid:
    """Pyramid of the output, with its `metatiling`, `pixelbuffer` and `tile_size`.

    Raises `ConfigError` for tiles or buffers larger than those of the process.
    """
    metatiling = spec.options.get("metatiling", process.metatiling)
    buffer = spec.options.get("pixelbuffer", 0)
    size = spec.options.get("tile_size", process.tile_size)
    try:
        pyramid = process.replace(metatiling=metatiling, pixelbuffer=buffer)
    except GridError as error:
        # of the two only the metatiling has not been validated yet
        raise spec.error(str(error), key="metatiling", found=metatiling) from error
    if size != process.tile_size:
        raise spec.error(
            "must be that of the pyramid",
            key="tile_size",
            found=size,
            remedy=f"tile_size: {process.tile_size}, or set it under pyramid",
        )
    if metatiling > process.metatiling:
        raise spec.error(
            "output tiles cannot be larger than process tiles",
            key="metatiling",
            found=metatiling,
            remedy=f"at most {process.metatiling}, the metatiling of the pyramid",
        )
    if buffer > process.pixelbuffer:
        raise spec.error(
            "the output's pixel buffer is cut out of the process's and cannot be wider",
            key="pixelbuffer",
            found=buffer,
            remedy=f"at most {process.pixelbuffer}, or a wider pixelbuffer under pyramid",
        )
    return pyramid
