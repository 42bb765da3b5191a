"""Vector files of an object store: fetched whole, by the client that asks again when that fails.

A driver of vectors asks for many small pieces, and what fails on the way it may take for the end of
the file: features would be lost without a word.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from automap_tiles.storage import Address
from automap_tiles.vector._ogr import fiona

# Of one file each. What has files beside it (Shapefile, OpenFileGDB) GDAL reads where it lies.
_ENDINGS = (
    ".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".topojson", ".gpkg", ".fgb",
)  # fmt: skip

# Files that are kept in memory, per process.
_KEPT = 4

_copies: OrderedDict[tuple[str, str], Any] = OrderedDict()
_lock = threading.Lock()


def local_copy(path: str) -> str:
    """What fiona opens: for a file in an object store a copy in memory, else the path itself.

    Raises `InputError` when it cannot be fetched.
    """
    address = Address.of_url(path)
    if address is None or not path.lower().endswith(_ENDINGS):
        return path
    try:
        key = (path, address.stamp())
    except FileNotFoundError:
        return path  # opening it says so
    with _lock:
        if key not in _copies:
            from fiona.io import MemoryFile

            fiona()
            # not the name in the store, which may hold anything
            ending = path.rpartition(".")[2].lower()
            _copies[key] = MemoryFile(address.read(), filename=f"copy.{ending}")
            while len(_copies) > _KEPT:
                _copies.popitem(last=False)  # open ones hold on to it
        _copies.move_to_end(key)
        name: str = _copies[key].name
        return name
