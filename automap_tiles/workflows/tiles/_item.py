"""A processed tile."""

from __future__ import annotations

from dataclasses import dataclass

from automap_tiles.grid import TileIndex
from automap_tiles.workflows.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class TileItem:
    """See the module."""

    index: TileIndex
    """Of the tile directory."""

    def to_json(self) -> Json:
        return {"tile": list(self.index)}
