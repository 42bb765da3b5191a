"""Superpixels of a tile, numbered by their seeds on the whole level."""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_tiles import ConfigError, Tile
from automap_tiles.analysis.objects.superpixels import Labels, Superpixels

Picture = np.ma.MaskedArray[Any, Any]


def checked(size: int, compactness: float, rounds: int) -> Superpixels:
    """How to cut; raises `ConfigError` naming the parameter."""
    try:
        return Superpixels(size=size, compactness=compactness, rounds=rounds)
    except ValueError as error:
        given = {"superpixels": size, "compactness": compactness, "rounds": rounds}
        name = next(name for name in given if name in str(error))
        found = given[name]
        raise ConfigError(
            str(error), key=f"process_parameters.{name.replace('superpixels', 'size')}", found=found
        ) from error


def labels_of(picture: Picture, tile: Tile, how: Superpixels) -> Labels:
    """(y, x) numbers, 0 without data; those beside the level have numbers of their own."""
    room = _room(tile, how)
    row, col = tile.pixel_offset
    return how.labels(picture, (row + room, col + room), _width(tile) + 2 * room)


def seeds_of(labels: Labels, tile: Tile, how: Superpixels) -> tuple[Labels, Labels]:
    """(y, x) row and column of each pixel's seed among the cells of the level."""
    cells = _room(tile, how) // how.size
    columns = -(-(_width(tile) + 2 * _room(tile, how)) // how.size)
    row, col = np.divmod(labels - 1, columns)
    return row - cells, col - cells


def _width(tile: Tile) -> int:
    return tile.pyramid.pixel_shape(tile.zoom)[1]


def _room(tile: Tile, how: Superpixels) -> int:
    """Pixels for what is asked for beside the level, whole cells."""
    return -(-tile.pixelbuffer // how.size) * how.size
