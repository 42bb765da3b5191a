"""What changes when the files of a scene do: whether what was made of them is still right."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from automap_tiles.scenes.containers import is_archive, split
from automap_tiles.storage import is_remote, object_stamps

if TYPE_CHECKING:
    from automap_tiles.missions import BandFile, QualityFile, Scene


def far_stamps(place: str) -> dict[str, str]:
    """Of the objects of a place in a store, by GDAL's names; the place may be one of them."""
    if not is_remote(place):
        return {}
    return object_stamps(split(place)[0] if is_archive(place) else place)


def stamp(href: str, far: Mapping[str, str]) -> str:
    """Size and time of the file, or of the archive it is in; nothing for what is elsewhere."""
    path = href.partition("{")[2].partition("}")[0] or href
    if path in far:
        return far[path]
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def product_fingerprint(
    scene: Scene, bands: Sequence[str], far: Mapping[str, str] | None = None
) -> str:
    """Of a scene as a product: other files, other scalings or another level give another one.

    Folders are not part of it, nor what a link is signed with: a product that was moved is the
    same. What a catalogue does not tell of a file far away cannot be noticed.
    """
    digest = hashlib.sha256(f"{scene.id} {scene.level} {scene.time.isoformat()}".encode())
    found = [file for band in bands if (file := scene.find(band)) is not None]
    files: list[BandFile | QualityFile] = [*found, *scene.quality]
    for each in files:
        known = (each.size, each.checksum, stamp(each.href, far or {}))
        digest.update(f"{_name(each.href)} {known}\n".encode())
    digest.update(repr([file.scaling for file in found]).encode())
    return digest.hexdigest()[:16]


def _name(href: str) -> str:
    return PurePosixPath(href.partition("?")[0]).name
