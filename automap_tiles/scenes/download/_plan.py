"""Size of a download, and whether it fits on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from automap_tiles.errors import InputError, OutputError
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.download._fetch import WORKERS, is_there
from automap_tiles.scenes.download._files import RemoteFile
from automap_tiles.scenes.download._part import come_so_far
from automap_tiles.scenes.download.address import kind_of, local_path
from automap_tiles.scenes.download.private_network import PUBLIC
from automap_tiles.scenes.download.retry_policy import TryAgain
from automap_tiles.scenes.report import SearchReport
from automap_tiles.stopping import carried, raise_if_stopped

RESERVE = 256 << 20
"""Bytes of disk space left free."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Size of a download."""

    files: int
    bytes: int
    """Of the files with known size."""
    unknown: int
    """Number of files of unknown size."""
    missing: int
    """Bytes still to fetch, of the known ones."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """Contribution of one satellite."""

    satellite: str
    scenes: int
    first: datetime
    last: datetime
    amount: Amount


def measured(files: Sequence[RemoteFile], *, workers: int = WORKERS) -> tuple[RemoteFile, ...]:
    """The files with their sizes, requested from the server if the catalogue has none.

    A size stays None if the server does not state it either.
    """
    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="measure") as pool:
        return tuple(pool.map(carried(_measured), files))


def amount(files: Sequence[RemoteFile], folder: str | Path) -> Amount:
    """How much of the files is already in the folder, and how much is missing."""
    once = {file.target: file for file in files}.values()
    absent = [file for file in once if not is_there(file, Path(folder, file.target))]
    return Amount(
        files=len(once),
        bytes=sum(file.size or 0 for file in once),
        unknown=sum(file.size is None for file in absent),
        missing=sum(_missing(file, Path(folder)) for file in absent),
    )


def shares(
    found: SearchReport, files: Sequence[RemoteFile], folder: str | Path
) -> tuple[Share, ...]:
    """Scenes, bytes and time range of each satellite."""
    by_satellite: dict[str, set[str]] = {}
    for scene in found.scenes:
        by_satellite.setdefault(scene.satellite, set()).add(scene.id)
    result: list[Share] = []
    for satellite, ids in sorted(by_satellite.items()):
        times = [scene.time for scene in found.scenes if scene.id in ids]
        own = [file for file in files if file.scene in ids]
        result.append(
            Share(
                satellite=satellite,
                scenes=len(ids),
                first=min(times),
                last=max(times),
                amount=amount(own, folder),
            )
        )
    return tuple(result)


def check_space(wanted: Amount, folder: str | Path) -> None:
    """Raise `OutputError` if the disk has no space for the missing bytes."""
    place = Path(folder)
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    if wanted.missing + RESERVE > free:
        message = f"{_human(wanted.missing)} are to be fetched, {_human(free)} are free"
        raise OutputError(message, folder)


def _measured(file: RemoteFile) -> RemoteFile:
    raise_if_stopped()
    if file.size is not None:
        return file
    try:
        return replace(file, size=_size(file))
    except (InputError, TryAgain):
        return file  # the transfer will report the problem


def _size(file: RemoteFile) -> int | None:
    kind = kind_of(file.href)
    if kind == "file":
        path = local_path(file.href)
        return path.stat().st_size if path.is_file() else None
    href = resolve(file.href, file.access)
    if kind == "http":
        from automap_tiles.scenes.download.http import size_of

        return size_of(href, public=file.access == PUBLIC)
    from automap_tiles.scenes.download._objects import open_object

    with open_object(href, 0, None) as stream:
        return stream.size


def _missing(file: RemoteFile, folder: Path) -> int:
    return max(0, (file.size or 0) - come_so_far(folder / file.target))


def _human(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
