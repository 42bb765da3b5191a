"""Bytes under a path or an object key: get, atomic put, list, delete; and how tiles are named."""

from automap_tiles.storage._address import Address
from automap_tiles.storage._group_commit import Group, together
from automap_tiles.storage._layout import DEFAULT_SCHEMA, TileLayout
from automap_tiles.storage._local import LocalStorage
from automap_tiles.storage._memory import MemoryStorage
from automap_tiles.storage._open import (
    listed_once,
    object_stamps,
    open_storage,
)
from automap_tiles.storage._protocol import Cleaned, Storage, Streaming
from automap_tiles.storage._retries import upload_with_retries
from automap_tiles.storage._schemes import REMOTE_SCHEMES, is_address, is_remote
from automap_tiles.storage.checksum import checksum, checksum_of_chunks, checksum_of_file

__all__ = [
    "DEFAULT_SCHEMA",
    "REMOTE_SCHEMES",
    "Address",
    "Cleaned",
    "Group",
    "LocalStorage",
    "MemoryStorage",
    "Storage",
    "Streaming",
    "TileLayout",
    "checksum",
    "checksum_of_chunks",
    "checksum_of_file",
    "is_address",
    "is_remote",
    "listed_once",
    "object_stamps",
    "open_storage",
    "together",
    "upload_with_retries",
]
