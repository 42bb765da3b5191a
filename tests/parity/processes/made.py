# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""An array that depends on nothing but the place."""

import numpy as np
from mapchete import Tile


def execute(tile: Tile, *, dtype="float32"):
    left, top = tile.bounds.left, tile.bounds.top
    y, x = np.mgrid[0 : tile.height, 0 : tile.width]
    values = np.sin(left + x * tile.pixel_x_size) + np.cos(top - y * tile.pixel_y_size)
    return (100 + 50 * values).astype(dtype)
