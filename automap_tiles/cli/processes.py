"""Processes and areas as the options of the command line describe them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automap_tiles.cli.options import AreaOptions
from automap_tiles.commands.select import only_point, only_tile, tile_at
from automap_tiles.commands.tiledir import Selection
from automap_tiles.grid import Pyramid, TileIndex
from automap_tiles.runtime import Process, open_process

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry
