"""Time of the last change of the tiles in a directory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.formats.tiles._matching import touched
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.storage import is_remote, object_stamps


def folder_stamp(files: TileFiles) -> str:
    """Changes if tiles are added, replaced or removed below a local folder.

    Tiles are moved into place by a rename, which changes the modification time of their folder; so
    only folders are checked, not each tile. An object store is listed once, up to `_MOST_OBJECTS`.
    """
    if is_remote(files.storage.root):
        return _objects_stamp(files)
    root = files.storage.url("")
    depth = files.layout.schema.count("/")
    if not Path(root).is_dir():
        return ""
    latest, number = 0, 0
    for folder in _folders(root, depth):
        latest = max(latest, Path(folder).stat().st_mtime_ns)
        number += 1
    return f"{latest} {number}"


_MOST_OBJECTS = 100_000  # a hundred requests, some seconds


def _objects_stamp(files: TileFiles) -> str:
    digest = hashlib.sha256()
    for url, stamp in sorted(object_stamps(files.storage.root, _MOST_OBJECTS).items()):
        digest.update(f"{url} {stamp}\n".encode())
    return digest.hexdigest()


def _folders(root: str, depth: int) -> Iterator[str]:
    """The folders that contain tiles: `depth` levels below the root."""
    if depth == 0:
        yield root
        return
    with os.scandir(root) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_dir():
                yield from _folders(entry.path, depth - 1)


def stamps_under(files: TileFiles, tile: Tile, zoom: int) -> list[str | None]:
    """Stamps of the stored tiles of a zoom under a tile of any grid; None for a missing one."""
    stamps: list[str | None] = []
    for index in _places(files.pyramid, zoom, tile.pyramid, tile.index):
        try:
            stamps.append(files.storage.stamp(files.key(index)))
        except FileNotFoundError:
            stamps.append(None)
    return stamps


@lru_cache(maxsize=1024)
def _places(pyramid: Pyramid, zoom: int, other: Pyramid, index: TileIndex) -> tuple[TileIndex, ...]:
    """The stored tiles under a tile of another pyramid.

    Cached, since browsers request the same tiles repeatedly.
    """
    return tuple(touched(pyramid, Tile(other, index), zoom))
