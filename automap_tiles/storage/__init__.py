"""Bytes under a path or an object key: get, atomic put, list, delete; and how tiles are named."""

from automap_tiles.storage.address import Address
from automap_tiles.storage.checksum import checksum, checksum_of_chunks, checksum_of_file
from automap_tiles.storage.grouped import Group, together
from automap_tiles.storage.layout import DEFAULT_SCHEMA, TileLayout
from automap_tiles.storage.local import LocalStorage
from automap_tiles.storage.memory import MemoryStorage
from automap_tiles.storage.open import is_remote, object_stamps, open_storage
from automap_tiles.storage.protocol import Cleaned, Storage

__all__ = [
    "DEFAULT_SCHEMA",
    "Address",
    "Cleaned",
    "Group",
    "LocalStorage",
    "MemoryStorage",
    "Storage",
    "TileLayout",
    "checksum",
    "checksum_of_chunks",
    "checksum_of_file",
    "is_remote",
    "object_stamps",
    "open_storage",
    "together",
]
