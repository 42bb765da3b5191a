"""Storages by path."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from automap_tiles.storage._local import LocalStorage
from automap_tiles.storage._protocol import Listable, Storage
from automap_tiles.storage._schemes import is_remote


def open_storage(path: str | Path) -> Storage:
    """Storage below a folder or a URL `s3://…`, `gs://…`, `az://…`; does no I/O.

    Raises `MissingExtra` when the package for object stores is not installed.
    """
    if is_remote(path):
        from automap_tiles.storage.remote import ObjectStorage

        return ObjectStorage(str(path))
    return LocalStorage(str(path))


def object_stamps(address: str, most: int | None = None) -> dict[str, str]:
    """The objects below an address: GDAL's name and a stamp that changes with the object.

    One listing (a request per thousand objects) and no request per object; at most `most` objects,
    the first by name. Raises `InputError` when the store cannot be listed.
    """
    from automap_tiles.storage.remote import ObjectStorage

    storage = ObjectStorage(address)
    return {storage.url(key): stamp for key, stamp in islice(storage.stamps(), most)}


def listed_once(storage: Storage) -> Storage:
    """The storage, optimised for checking which of very many keys existed beforehand.

    An object store is then listed, where that is cheaper, and the listing kept; other storages are
    returned unchanged.
    """
    return storage.listed_once() if isinstance(storage, Listable) else storage
