"""The index of a metatile."""

from __future__ import annotations

from typing import NamedTuple


class TileIndex(NamedTuple):
    """Zoom, row and column of a metatile; row 0 is the northernmost."""

    zoom: int
    row: int
    col: int

    def __str__(self) -> str:
        return f"{self.zoom}/{self.row}/{self.col}"
