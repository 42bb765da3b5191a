"""Vector files in an object store: downloaded whole, by the client that retries on failure.

OGR drivers issue many small requests and may mistake a failed one for the end of the file: features
would be lost silently.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from automap_tiles.storage import Address
from automap_tiles.vector._ogr import fiona

# Single-file formats. Formats with several files (Shapefile, OpenFileGDB) GDAL reads in place.
_ENDINGS = (
    ".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".topojson", ".gpkg", ".fgb",
)  # fmt: skip

# Files kept in memory, per process.
_KEPT = 4

_copies: OrderedDict[tuple[str, str], Any] = OrderedDict()
_lock = threading.Lock()


def local_copy(path: str) -> str:
    """What fiona opens: an in-memory copy of a file in an object store, else the path itself.

    Raises `InputError` when it cannot be fetched.
    """
    address = Address.of_url(path)
    if address is None or not path.lower().endswith(_ENDINGS):
        return path
    try:
        key = (path, address.stamp())
    except FileNotFoundError:
        return path  # Opening it raises the error.
    with _lock:
        if key not in _copies:
            from fiona.io import MemoryFile

            fiona()
            # Not the name in the store, which may contain any character.
            ending = path.rpartition(".")[2].lower()
            _copies[key] = MemoryFile(address.read(), filename=f"copy.{ending}")
            while len(_copies) > _KEPT:
                _copies.popitem(last=False)  # Open datasets keep a reference.
        _copies.move_to_end(key)
        name: str = _copies[key].name
        return name
