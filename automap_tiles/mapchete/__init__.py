"""mapchete's Python names, on our engine.

::

    from automap_tiles import mapchete

    with mapchete.open("process.mapchete", mode="memory", zoom=7) as mp:
        for tile in mp.get_process_tiles():
            data = mp.execute_tile(tile)

Scripts go on by changing the line that imports mapchete. What is different stands in
`MAPCHETE.md`.
"""

from automap_tiles.errors import Empty
from automap_tiles.formats import RasterInput, VectorInput
from automap_tiles.grid import Bounds, Grid
from automap_tiles.grid import Tile as BufferedTile
from automap_tiles.mapchete._config import Config, ProcessingMode, ZoomLevels
from automap_tiles.mapchete._names import BufferedTilePyramid, count_tiles
from automap_tiles.mapchete._open import open  # noqa: A004 - mapchete's name
from automap_tiles.mapchete._process import Mapchete, TaskInfo
from automap_tiles.runtime.markers import (
    OutputNodataValue,
    OutputPath,
    TileBuffer,
    TilePixelBuffer,
)

Tile = BufferedTile
MapcheteNodataTile = Empty

__all__ = [
    "Bounds",
    "BufferedTile",
    "BufferedTilePyramid",
    "Config",
    "Empty",
    "Grid",
    "Mapchete",
    "MapcheteNodataTile",
    "OutputNodataValue",
    "OutputPath",
    "ProcessingMode",
    "RasterInput",
    "TaskInfo",
    "Tile",
    "TileBuffer",
    "TilePixelBuffer",
    "VectorInput",
    "ZoomLevels",
    "count_tiles",
    "open",
]
