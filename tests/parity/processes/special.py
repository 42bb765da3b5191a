# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""Arguments asked for by annotation, marker types of mapchete, its exception, and tags."""

import numpy as np
from mapchete import Empty, OutputNodataValue, Tile, TilePixelBuffer


def execute(raster, tile: Tile, nodata: OutputNodataValue, buffer: TilePixelBuffer):
    if (tile.row + tile.col) % 3 == 0:
        raise Empty
    data = raster.read().astype("int32")
    data[:, :4, :] = tile.row
    data[:, -4:, :] = tile.col
    data[:, :, 8:12] = buffer
    data[:, :, :4] = np.ma.masked_equal([nodata], nodata)
    return data, {"zoom": str(tile.zoom), "width": str(tile.width)}
