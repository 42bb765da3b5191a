"""One run at a time in one output: a lock beside the journal that a dying process lets go of."""

from __future__ import annotations

import struct
import sys
import threading
from pathlib import Path
from typing import IO

from automap_tiles.errors import OutputBusy

try:
    import fcntl
except ImportError:  # not on Windows; there two runs on one output are not kept apart
    fcntl = None  # type: ignore[assignment]

# Lock files that this process holds.
_held: set[str] = set()
_held_guard = threading.Lock()

# `struct flock` of Linux on 64 bits (fcntl(2)): type, whence, start, length, process.
_FLOCK = "hhqqi"


def is_running(path: Path) -> bool:
    """Whether another process holds the journal at a path.

    The lock is only asked for, never taken: a run may begin in that moment. Where that is not
    possible the answer is no.
    """
    name = path.resolve().with_name(path.name + ".lock")
    if fcntl is None:
        return False
    if sys.platform != "linux":
        return False
    with _held_guard:
        # closing any file of that name would drop a lock of this process
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


def take_lock(path: Path) -> IO[bytes] | None:
    """A lock that the system drops when the process dies.

    A record lock, because the workers that are forked later must not inherit it. Such a lock holds
    between processes only, and the whole process loses it when any file of that name is closed: so
    a second run in this process must not even open it.
    """
    if fcntl is None:
        return None
    name = path.resolve().with_name(path.name + ".lock")
    busy = OutputBusy(f"{path.parent}: another run is writing this output; wait for it or stop it")
    with _held_guard:
        if str(name) in _held:
            raise busy
        lock = name.open("ab")
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            lock.close()
            raise busy from None
        _held.add(str(name))
    return lock


def release(lock: IO[bytes]) -> None:
    """Let go of a lock that was taken."""
    with _held_guard:
        _held.discard(lock.name)
        lock.close()
