"""Part files: the bytes of a file received so far, and their metadata."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from automap_tiles.errors import OutputBusy, OutputError

SYNC_BYTES = 16 << 20
"""Largest loss when the machine loses power."""

# Hidden like the part files of `storage._local`, but kept when those are cleaned up.
_BYTES = ".{name}.fetch.part"
_NOTES = ".{name}.fetch.json.part"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Identifies the file that the bytes belong to."""

    origin: str
    """Address without query."""
    validator: str | None = None
    """As sent by the server."""
    checksum: str | None = None
    """As stated by the catalogue."""
    kept: int = 0
    """Bytes synced to disk."""


class PartFile:
    """A file that grows beside its target; locked by one process at a time.

    Created by `open_part`.
    """

    def __init__(self, target: Path, handle: int) -> None:
        self.target = target
        self._handle = handle
        self._notes = _read_notes(target)
        self.size = self._keep(0 if self._notes is None else self._notes.kept)
        self._synced = self.size
        self._done = False

    @property
    def notes(self) -> Origin | None:
        """None if nothing has been received yet."""
        return self._notes

    def begin(self, notes: Origin) -> None:
        """Start from scratch."""
        self.size = self._synced = 0
        self._truncate(0)
        self._write_notes(notes)

    def append(self, data: bytes) -> None:
        """Append bytes; raises `OutputError`, for example if the disk is full."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            raise _cannot(self.target, error) from error
        self.size += len(data)
        if self.size - self._synced >= SYNC_BYTES:
            self.keep()

    def keep(self) -> None:
        """Sync to disk what has been received."""
        if self._notes is not None and self.size != self._notes.kept:
            try:
                os.fsync(self._handle)
            except OSError as error:
                raise _cannot(self.target, error) from error
            self._write_notes(Origin(**{**asdict(self._notes), "kept": self.size}))
        self._synced = self.size

    def read(self, chunk: int = 1 << 20) -> Iterator[bytes]:
        """The bytes received so far."""
        place = 0
        while piece := os.pread(self._handle, chunk, place):
            yield piece
            place += len(piece)

    def finish(self) -> None:
        """Rename to the target, which is atomic."""
        try:
            os.fsync(self._handle)
            _part_path(self.target, _BYTES).replace(self.target)
            self._done = True
            _part_path(self.target, _NOTES).unlink(missing_ok=True)
        except OSError as error:
            raise _cannot(self.target, error) from error

    def leave(self) -> None:
        """Keep what has been received for the next run; an empty part is removed."""
        if self._done:
            return
        if self.size:
            self.keep()
        else:
            self.discard()

    def discard(self) -> None:
        """Delete what has been received."""
        self._done = True
        for pattern in (_NOTES, _BYTES):
            with contextlib.suppress(OSError):
                _part_path(self.target, pattern).unlink(missing_ok=True)

    def _keep(self, wanted: int) -> int:
        """Truncate to what is known to be on disk; returns the remaining size."""
        there = os.fstat(self._handle).st_size
        kept = min(there, wanted)
        self._truncate(kept)
        return kept

    def _truncate(self, size: int) -> None:
        try:
            os.ftruncate(self._handle, size)
            os.lseek(self._handle, size, os.SEEK_SET)
        except OSError as error:
            raise _cannot(self.target, error) from error

    def _write_notes(self, notes: Origin) -> None:
        path = _part_path(self.target, _NOTES)
        fresh = path.with_name(f"{path.name}.new")
        try:
            fresh.write_text(json.dumps(asdict(notes)), encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            raise _cannot(self.target, error) from error
        self._notes = notes


@contextmanager
def open_part(target: Path) -> Iterator[PartFile]:
    """The part file of a target, created if needed.

    Raises `OutputBusy` while another process holds it, and `OutputError`.
    """
    handle = _lock(target)
    try:
        part = PartFile(target, handle)
        try:
            yield part
        finally:
            part.leave()
    finally:
        os.close(handle)


def _lock(target: Path) -> int:
    """A part file opened and locked exclusively."""
    path = _part_path(target, _BYTES)
    while True:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise _cannot(target, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, handle):
                return handle
        except BlockingIOError:
            os.close(handle)
            raise OutputBusy(f"{target}: another run is fetching this file") from None
        # Another run finished between our two calls: the handle is now the target itself.
        os.close(handle)


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def come_so_far(target: Path) -> int:
    """Bytes of a target that need not be fetched again."""
    notes = _read_notes(target)
    try:
        there = _part_path(target, _BYTES).stat().st_size
    except OSError:
        return 0
    return 0 if notes is None else min(there, notes.kept)


def _part_path(target: Path, pattern: str) -> Path:
    return target.with_name(pattern.format(name=target.name))


def _read_notes(target: Path) -> Origin | None:
    try:
        values: Any = json.loads(_part_path(target, _NOTES).read_bytes())
        return Origin(**values)
    except (OSError, ValueError, TypeError):
        return None  # missing, or truncated when the previous run was killed: start from scratch


def _cannot(target: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot be written: {error.strerror}", target)
