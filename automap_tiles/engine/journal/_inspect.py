"""Inspect a journal without opening it: whether it exists, is locked, or has changed."""

from __future__ import annotations

from pathlib import Path

from automap_tiles.engine.journal import _lock
from automap_tiles.engine.journal._location import JournalLocation


def has_journal(place: JournalLocation) -> bool:
    """Whether an output has a journal."""
    if place.is_remote:
        from automap_tiles.engine.journal import _remote

        return _remote.is_there(place)
    return place.path.is_file()


def is_running(place: JournalLocation | Path) -> bool:
    """Whether another process holds the journal of an output.

    The lock is only asked for, never taken: a run may begin in that moment. Where that is not
    possible the answer is no.
    """
    if isinstance(place, JournalLocation) and place.is_remote:
        from automap_tiles.engine.journal import _remote

        return _remote.is_held(place)
    return _lock.is_running(place.path if isinstance(place, JournalLocation) else place)


def stamp_of(place: JournalLocation) -> tuple[object, ...]:
    """A stamp that changes with the journal of an output."""
    files = [place.path, place.path.with_name(f"{place.path.name}-wal")]
    stamps = tuple(_stamp(file) for file in files)
    if not place.is_remote:
        return stamps
    try:
        return (*stamps, place.storage.stamp(place.key))
    except FileNotFoundError:
        return stamps


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
