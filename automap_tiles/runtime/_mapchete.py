"""Make our tiles acceptable to functions that a process imports from mapchete."""

from __future__ import annotations

import sys

from automap_tiles.grid import Tile


def acquaint() -> None:
    """Have mapchete take our tiles for its own, where a process has imported it.

    They have all that its `BufferedTile` has; its functions ask `isinstance`, which the class
    answers with those that are registered there (`abc.ABCMeta.register`).
    """
    module = sys.modules.get("mapchete.tile")
    if module is not None:
        module.BufferedTile.register(Tile)
