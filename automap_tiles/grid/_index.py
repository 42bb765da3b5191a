"""Where a metatile is."""

from __future__ import annotations

from typing import NamedTuple


class TileIndex(NamedTuple):
    """Place of a metatile; row 0 is the north."""

    zoom: int
    row: int
    col: int

    def __str__(self) -> str:
        return f"{self.zoom}/{self.row}/{self.col}"
