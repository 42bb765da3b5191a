"""Fingerprints of scene files, which tell whether results made of them are still valid."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from automap_tiles.scenes.containers import is_archive, split
from automap_tiles.storage import Address, is_remote, object_stamps, open_storage
from automap_tiles.storage.zarr_array import array_path

if TYPE_CHECKING:
    from automap_tiles.missions import BandFile, QualityFile, Scene


@dataclass(frozen=True, kw_only=True)
class FarStamps:
    """Stamps of the objects of a place in a store."""

    root: str
    """Prefix of GDAL's names for objects of the place."""
    listed: Mapping[str, str]
    """By these names."""

    def of(self, path: str) -> str | None:
        """The stamp; empty if the object does not exist, None if it is somewhere else.

        Raises `InputError` if the store cannot be reached.
        """
        if path in self.listed:
            return self.listed[path]
        if inside := sorted(name for name in self.listed if name.startswith(f"{path}/")):
            return repr([(name.rpartition("/")[2], self.listed[name]) for name in inside])
        address = Address.of_url(path) if path.startswith(self.root) else None
        if address is None:
            return None
        # listings may lag: expected objects are requested by name
        try:
            return address.stamp()
        except FileNotFoundError:
            return ""


def far_stamps(place: str) -> FarStamps | None:
    """Stamps for a place in a store, which may be a single object; None for all other places."""
    if not is_remote(place):
        return None
    whole = split(place)[0] if is_archive(place) else place
    return FarStamps(root=open_storage(whole).url(""), listed=object_stamps(whole))


def stamp(href: str, far: FarStamps | None) -> str:
    """Size and time of the file, or of the archive it is in; empty for other locations.

    For a Zarr array, those of all its files.
    """
    place = array_path(href)
    path = (place or href).partition("{")[2].partition("}")[0] or place or href
    known = None if far is None else far.of(path)
    if known is not None:
        return known
    try:
        if place == path:
            return _stamps_inside(path)
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def _stamps_inside(folder: str) -> str:
    """Raises `OSError`."""
    found = [(entry.name, entry.stat()) for entry in os.scandir(folder) if entry.is_file()]
    return repr(sorted((name, status.st_size, status.st_mtime_ns) for name, status in found))


def product_fingerprint(scene: Scene, bands: Sequence[str], far: FarStamps | None = None) -> str:
    """Fingerprint of a scene as a product: changes with files, scalings and level.

    It excludes folders and link signatures: a product that was moved is the same. Changes of a
    remote file that its catalogue does not state go unnoticed.
    """
    digest = hashlib.sha256(f"{scene.id} {scene.level} {scene.time.isoformat()}".encode())
    found = [file for band in bands if (file := scene.find(band)) is not None]
    files: list[BandFile | QualityFile] = [*found, *scene.quality]
    for each in files:
        known = (each.size, each.checksum, stamp(each.href, far))
        digest.update(f"{_name(each.href)} {known}\n".encode())
    digest.update(repr([file.scaling for file in found]).encode())
    return digest.hexdigest()[:16]


def _name(href: str) -> str:
    return PurePosixPath(href.partition("?")[0]).name
