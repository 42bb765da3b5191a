"""The source tiles of an overview tile with a pixel buffer: its neighbours at another zoom."""

from __future__ import annotations

from collections.abc import Iterator

from automap_tiles.formats.tiles import Cut, overlapping
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.raster import overview
from automap_tiles.runtime.zooms import BaseLevels


def beside(tile: Tile) -> Iterator[Cut]:
    """The tiles, without their buffers, that a tile with its buffer touches; itself among them."""
    return overlapping(tile.pyramid, tile.zoom, tile.pixel_offset, tile.shape)


def below(tile: Tile) -> Iterator[Cut]:
    """Those of the next zoom, with their windows in an array of twice the tile's size."""
    top, left = tile.pixel_offset
    height, width = tile.shape
    return overlapping(tile.pyramid, tile.zoom + 1, (2 * top, 2 * left), (2 * height, 2 * width))


def in_whole_blocks(tile: Tile, lower: str) -> Tile:
    """A tile whose buffer is as wide as its pixels need it.

    Where a pixel depends on all of its unit block, the block is made whole, as in the tile that it
    is a part of: so the pixels of the buffer are those of the neighbour.
    """
    pyramid = tile.pyramid
    if overview.is_local(lower) or pyramid.pixelbuffer % pyramid.tile_size == 0:
        return tile
    blocks = -(-pyramid.pixelbuffer // pyramid.tile_size)
    return Tile(pyramid.replace(pixelbuffer=blocks * pyramid.tile_size), tile.index)


def sources_below(pyramid: Pyramid, index: TileIndex, levels: BaseLevels) -> list[list[TileIndex]]:
    """The tiles that one of a coarser zoom is made from, siblings together.

    `pyramid` has the pixel buffer of the output.
    """
    tile = in_whole_blocks(Tile(pyramid, index), levels.lower)
    return _by_parent({cut.tile.index for cut in below(tile)})


def sources_above(pyramid: Pyramid, index: TileIndex) -> list[list[TileIndex]]:
    """The tiles that one of a finer zoom is made from, siblings together."""
    around = {cut.tile.index for cut in beside(Tile(pyramid, index))}
    return _by_parent({TileIndex(i.zoom - 1, i.row // 2, i.col // 2) for i in around})


def _by_parent(tiles: set[TileIndex]) -> list[list[TileIndex]]:
    """Siblings lie side by side on the curve: the journal finds them together."""
    groups: dict[tuple[int, int], list[TileIndex]] = {}
    for index in sorted(tiles):
        groups.setdefault((index.row // 2, index.col // 2), []).append(index)
    return list(groups.values())
