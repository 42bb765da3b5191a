"""The source tiles of an overview tile with a pixel buffer: its neighbours at another zoom."""

from __future__ import annotations

from collections.abc import Iterator

from automap_tiles.formats.tiles import Cut, overlapping
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.raster import overview
from automap_tiles.runtime.zooms import BaseLevels


def beside(tile: Tile) -> Iterator[Cut]:
    """The unbuffered tiles that a buffered tile touches, including itself."""
    return overlapping(tile.pyramid, tile.zoom, tile.pixel_offset, tile.shape)


def below(tile: Tile) -> Iterator[Cut]:
    """The same at the next zoom, with their windows in an array of twice the tile's size."""
    top, left = tile.pixel_offset
    height, width = tile.shape
    return overlapping(tile.pyramid, tile.zoom + 1, (2 * top, 2 * left), (2 * height, 2 * width))


def in_whole_blocks(tile: Tile, lower: str) -> Tile:
    """A tile whose buffer is extended to whole unit blocks where its pixels require that.

    When a pixel depends on its whole unit block, the block is made as a whole, as in the tile it
    belongs to: so the pixels of the buffer equal those of the neighbour.
    """
    pyramid = tile.pyramid
    if overview.is_local(lower) or pyramid.pixelbuffer % pyramid.tile_size == 0:
        return tile
    blocks = -(-pyramid.pixelbuffer // pyramid.tile_size)
    return Tile(pyramid.replace(pixelbuffer=blocks * pyramid.tile_size), tile.index)


def sources_below(pyramid: Pyramid, index: TileIndex, levels: BaseLevels) -> list[list[TileIndex]]:
    """The source tiles of a tile of a coarser zoom, siblings grouped.

    `pyramid` has the pixel buffer of the output.
    """
    tile = in_whole_blocks(Tile(pyramid, index), levels.lower)
    return _by_parent({cut.tile.index for cut in below(tile)})


def sources_above(pyramid: Pyramid, index: TileIndex) -> list[list[TileIndex]]:
    """The source tiles of a tile of a finer zoom, siblings grouped."""
    around = {cut.tile.index for cut in beside(Tile(pyramid, index))}
    return _by_parent({TileIndex(i.zoom - 1, i.row // 2, i.col // 2) for i in around})


def _by_parent(tiles: set[TileIndex]) -> list[list[TileIndex]]:
    """Group siblings, which are adjacent on the curve: the journal finds them in one query."""
    groups: dict[tuple[int, int], list[TileIndex]] = {}
    for index in sorted(tiles):
        groups.setdefault((index.row // 2, index.col // 2), []).append(index)
    return list(groups.values())
