"""The right storage for a path."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from automap_tiles.storage._local import LocalStorage
from automap_tiles.storage._protocol import Listable, Storage

REMOTE_SCHEMES = ("s3", "gs", "az")


def is_remote(path: str | Path) -> bool:
    """Whether a path is an address of an object store."""
    return "://" in str(path) and urlsplit(str(path)).scheme in REMOTE_SCHEMES


def open_storage(path: str | Path) -> Storage:
    """Storage below a folder or an address `s3://…`, `gs://…`, `az://…`; opens nothing.

    Raises `MissingExtra` when the package for object stores is not installed.
    """
    if is_remote(path):
        from automap_tiles.storage.remote import ObjectStorage

        return ObjectStorage(str(path))
    return LocalStorage(str(path))


def object_stamps(address: str, most: int | None = None) -> dict[str, str]:
    """Of the objects below an address: how GDAL names them, and what changes when they do.

    One listing (a request for every thousand), no question about each object; `most` are looked
    at, the first ones by name. Raises `InputError` when it cannot be listed.
    """
    from automap_tiles.storage.remote import ObjectStorage

    storage = ObjectStorage(address)
    return {storage.url(key): stamp for key, stamp in islice(storage.stamps(), most)}


def listed_once(storage: Storage) -> Storage:
    """The same, for who asks of very many keys whether they were there before he began.

    An object store is listed then, where that is cheaper, and remembered; others stay as they are.
    """
    return storage.listed_once() if isinstance(storage, Listable) else storage
