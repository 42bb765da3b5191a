"""A set of tiles of one zoom, stored as ranges of Morton keys."""

from __future__ import annotations

from bisect import bisect_right

from automap_tiles.grid import TileIndex, morton


class MortonRanges:
    """Tiles of one zoom, added in Morton order.

    The tiles of an area form few ranges, so that a million of them take hardly any memory.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        """Exclusive end key of each range."""

    def add(self, index: TileIndex) -> None:
        """Add a tile; raises `ValueError` for one before the previous tile."""
        key = morton.encode(index.row, index.col)
        if self._ends and key < self._ends[-1]:
            raise ValueError(f"tile {index} is not in the order of the curve")
        if self._ends and key == self._ends[-1]:
            self._ends[-1] += 1
        else:
            self._starts.append(key)
            self._ends.append(key + 1)

    def __contains__(self, index: TileIndex) -> bool:
        key = morton.encode(index.row, index.col)
        place = bisect_right(self._starts, key) - 1
        return place >= 0 and key < self._ends[place]

    def __len__(self) -> int:
        return len(self._starts)
