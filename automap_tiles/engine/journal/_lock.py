"""A lock file beside the journal: one writer at a time, released when the process dies."""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import threading
from pathlib import Path
from typing import IO, Self

from automap_tiles.engine.journal._location import JournalLocation
from automap_tiles.errors import JournalError, OutputBusy
from automap_tiles.notes import Note

try:
    import fcntl
except ImportError:  # Not on Windows, where concurrent runs on one output are not prevented.
    fcntl = None  # type: ignore[assignment]

# Lock files that this process holds.
_held: set[str] = set()
_held_guard = threading.Lock()

# `struct flock` of Linux on 64 bits (fcntl(2)): type, whence, start, length, process.
_FLOCK = "hhqqi"


class FileLock:
    """A lock on an output, held from construction until `release`; a context manager.

    A record lock, because the workers that are forked later must not inherit it. Such a lock holds
    between processes only, and the whole process loses it when any file of that name is closed: so
    a second writer in this process must not even open it.
    """

    def __init__(self, path: Path, place: JournalLocation | None = None) -> None:
        """Acquire the lock of the journal at a path.

        Raises `OutputBusy` while another writer holds it, `JournalError` when it cannot be created.
        """
        self.path = path
        """Of the journal."""
        self.place = place
        self.notes: tuple[Note, ...] = ()
        self.left_behind = False
        """Whether the last one to hold it died: what it was writing may lie around."""
        self._name = lock_path(path)
        self._keep = False
        self._file: IO[bytes] | None = None
        try:
            self._made_folder = not self._name.parent.exists()
            self._name.parent.mkdir(parents=True, exist_ok=True)
            if fcntl is not None:
                self._take()
        except OSError as error:
            raise JournalError(f"{path.parent}: cannot be written: {error.strerror}") from error

    def fetch(self) -> None:
        """Nothing to do: the journal is used in place."""

    def changed(self) -> None:
        """Nothing to do: a system lock cannot be lost."""

    def store(self) -> None:
        """Nothing to do."""

    def keep_file(self) -> None:
        """Let the next one know that there is still something to clear away."""
        self._keep = True

    def release(self) -> None:
        """Release and delete the file, so that a remaining one indicates a dead writer."""
        with _held_guard:
            if self._file is not None:
                if not self._keep:
                    with contextlib.suppress(OSError):
                        self._name.unlink()
                _held.discard(str(self._name))
                self._file.close()
                self._file = None
        if self._made_folder:
            with contextlib.suppress(OSError):  # The folder is not empty, as expected.
                self._name.parent.rmdir()

    def _take(self) -> None:
        busy = OutputBusy(
            f"{self.path.parent if self.place is None else self.place.output}: "
            "another run is writing this output; wait for it or stop it"
        )
        with _held_guard:
            if str(self._name) in _held:
                raise busy
            while self._file is None:
                found = self._name.exists()
                file = self._name.open("ab")
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except (BlockingIOError, PermissionError):
                    file.close()
                    raise busy from None
                if _is_at(file, self._name):
                    self._file, self.left_behind = file, found
                else:  # It was deleted by its holder after it was opened here.
                    file.close()
            _held.add(str(self._name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def lock_path(path: Path) -> Path:
    """The lock file of the journal at a path."""
    return path.resolve().with_name(path.name + ".lock")


def is_running(path: Path) -> bool:
    """Whether another process holds the journal at a path.

    The lock is only asked for, never taken: a run may begin in that moment. Where that is not
    possible the answer is no.
    """
    name = lock_path(path)
    if fcntl is None:
        return False
    if sys.platform != "linux":
        return False
    with _held_guard:
        # Closing any file of that name would release a lock of this process.
        if str(name) in _held or not name.exists():
            return False
        try:
            with name.open("rb") as file:
                asked = struct.pack(_FLOCK, fcntl.F_WRLCK, 0, 0, 0, 0)
                answer = fcntl.fcntl(file, fcntl.F_GETLK, asked)
        except OSError:
            return False
    kind: int = struct.unpack(_FLOCK, answer)[0]
    return kind != fcntl.F_UNLCK


def is_running_here(path: Path) -> bool:
    """Whether this process holds the journal at a path."""
    with _held_guard:
        return str(lock_path(path)) in _held


def _is_at(file: IO[bytes], name: Path) -> bool:
    """Whether an open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), name.stat())
    except FileNotFoundError:
        return False
