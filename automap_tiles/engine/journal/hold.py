"""Hold an output exclusively, with its journal available as a local file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

from automap_tiles.engine.journal._location import JournalLocation
from automap_tiles.engine.journal._lock import FileLock
from automap_tiles.notes import Note


class Hold(Protocol):
    """An output locked until `release`; a context manager."""

    @property
    def path(self) -> Path:
        """The SQLite file of the journal."""
        ...

    @property
    def place(self) -> JournalLocation | None:
        """None: of a journal by itself, without an output."""
        ...

    @property
    def left_behind(self) -> bool:
        """Whether the last one to hold it died: what it was writing may lie around."""
        ...

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes from locking the output."""
        ...

    def fetch(self) -> None:
        """Make the journal available at `path`; called before it is opened."""
        ...

    def changed(self) -> None:
        """The journal has changed; raises `OutputBusy` when the output is no longer held."""
        ...

    def store(self) -> None:
        """Store the changed journal; raises `OutputBusy`, `OutputError`."""
        ...

    def keep_file(self) -> None:
        """Let the next one know that there is still something to clear away."""
        ...

    def release(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


def hold(place: JournalLocation | Path) -> Hold:
    """Lock an output, given the location of its journal.

    Raises `OutputBusy` while another writer holds it, `JournalError` or `OutputError` when the lock
    cannot be written.
    """
    if isinstance(place, JournalLocation) and place.is_remote:
        from automap_tiles.engine.journal._remote import RemoteHold

        return RemoteHold(place)
    return FileLock(place.path, place) if isinstance(place, JournalLocation) else FileLock(place)
