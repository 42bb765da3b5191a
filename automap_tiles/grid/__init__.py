"""Grid arithmetic: pyramids, tiles, and which tiles touch an area. Opens nothing."""

import automap_tiles.imports.rasterio  # noqa: F401 - before all that import it
from automap_tiles.grid._bounds import Bounds
from automap_tiles.grid._grid import Grid, GridLike
from automap_tiles.grid._index import TileIndex
from automap_tiles.grid._metres import METRES_PER_DEGREE, metres_per_unit
from automap_tiles.grid._tile import Tile, child_indexes
from automap_tiles.grid._turn import full_turn, other_turns
from automap_tiles.grid._units import UnitPart, unit_parts
from automap_tiles.grid.pyramid import Pyramid

__all__ = [
    "METRES_PER_DEGREE",
    "Bounds",
    "Grid",
    "GridLike",
    "Pyramid",
    "Tile",
    "TileIndex",
    "UnitPart",
    "child_indexes",
    "full_turn",
    "metres_per_unit",
    "other_turns",
    "unit_parts",
]
