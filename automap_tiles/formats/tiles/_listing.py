"""List the tiles of a directory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.grid import Bounds, TileIndex

_MOST_LISTED = 100_000
"""Tiles of a zoom that are listed to find the extent of a folder; a tenth of a second."""


def first_tile(files: TileFiles) -> TileIndex | None:
    """The first tile found; None if there is none."""
    indexes = (files.layout.parse(key) for key in files.storage.list())
    return next((index for index in indexes if index is not None), None)


def stored_zooms(files: TileFiles) -> tuple[int, ...]:
    """Zooms that have tiles in a folder, ascending."""
    root = Path(files.storage.url(""))
    if files.layout.schema.startswith("{zoom}/") and root.is_dir():
        names = [folder.name for folder in root.iterdir() if folder.is_dir()]
        zooms = sorted(int(name) for name in names if name.isascii() and name.isdigit())
        return tuple(zoom for zoom in zooms if has_tiles(files, zoom))
    indexes = (files.layout.parse(key) for key in files.storage.list())
    return tuple(sorted({index.zoom for index in indexes if index is not None}))


def has_tiles(files: TileFiles, zoom: int) -> bool:
    """Whether the folder of a zoom contains a tile."""
    indexes = (files.layout.parse(key) for key in files.storage.list(f"{zoom}/"))
    return any(index is not None and index.zoom == zoom for index in indexes)


def stored_box(files: TileFiles, zooms: Sequence[int]) -> Bounds | None:
    """Bounds of the tiles of the finest of the zooms that has few enough to list."""
    pyramid = files.pyramid.replace(pixelbuffer=0)
    for zoom in reversed(zooms):
        found = [
            index
            for key in islice(files.storage.list(_prefix(files, zoom)), _MOST_LISTED)
            if (index := files.layout.parse(key)) is not None and index.zoom == zoom
        ]
        if found and (len(found) < _MOST_LISTED or zoom == zooms[0]):
            rows, cols = [index.row for index in found], [index.col for index in found]
            first = pyramid.tile(zoom, min(rows), min(cols)).bounds
            last = pyramid.tile(zoom, max(rows), max(cols)).bounds
            return Bounds(first.left, last.bottom, last.right, first.top)
    return None


def _prefix(files: TileFiles, zoom: int) -> str:
    return f"{zoom}/" if files.layout.schema.startswith("{zoom}/") else ""
