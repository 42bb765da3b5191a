"""The journal of an output in an object store.

It is used as a local SQLite file and stored with the output as a small compressed copy, written
when a run starts, every few minutes, and at its end. A killed run loses the rows since the last
copy: the next one, on any machine, finds their tiles as complete ones without a row.
"""

from __future__ import annotations

import contextlib
import gzip
import secrets
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from automap_tiles.engine.journal._lease import RENEW_SECONDS, OutputLease, lease_is_held
from automap_tiles.engine.journal._lock import FileLock, is_running, is_running_here
from automap_tiles.engine.journal._schema import explained
from automap_tiles.errors import AutomapError, JournalError, OutputBusy
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.storage.conditional import ChangedMeanwhile, GuardedStorage, Version

if TYPE_CHECKING:
    from automap_tiles.engine.journal._location import JournalLocation

STORE_SECONDS = 120.0
"""Interval at which a run in progress stores its journal (seconds)."""

# Folders of copies being transferred.
_COPY = "copy-"

# Of zlib: a journal of a million tiles takes a second, higher levels gain little.
_LEVEL = 6

_UNGUARDED = Note(
    fate=Fate.IGNORED,
    subject=Subject.OPTIONS,
    reason="the object store does not heed conditional requests: two runs that begin at the same "
    "moment on one output are not kept apart",
    examples=("If-None-Match", "If-Match"),
)


class RemoteHold:
    """A held output in an object store; see `Hold`."""

    def __init__(self, place: JournalLocation) -> None:
        """Lock the output; raises `OutputBusy`, `JournalError`, `InputError`, `OutputError`."""
        self.place = self._place = place
        self._storage = GuardedStorage(place.folder)
        self._version: Version | None = None
        self._moved: Path | None = None
        self._is_changed = False
        self._stored = time.monotonic()
        self._guard = threading.RLock()
        self._lost: OutputBusy | None = None
        self.notes: tuple[Note, ...] = ()
        with contextlib.ExitStack() as undo:
            self._here = undo.enter_context(FileLock(place.path, place))
            self._lease = OutputLease(self._storage, place.lock_key, place.output)
            undo.callback(self._lease.release)
            # Based on the output before anything is written.
            self._has_earlier = place.earlier.is_file() and self._is_there()
            undo.pop_all()
        self._note_how_taken()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_alive, name="journal", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        return self._place.path

    @property
    def left_behind(self) -> bool:
        return self._lease.taken_from is not None

    def fetch(self) -> None:
        """Download the journal, unless the local file continues the stored version."""
        for left in self.path.parent.glob(f"{_COPY}*"):
            shutil.rmtree(left, ignore_errors=True)
        there = self._storage.get_version(self._place.key)
        if there is None:
            _remove(self.path)
            if self._has_earlier:
                self._move_earlier()
            return
        content, self._version = there
        if self._is_continued_here(self._version):
            self._is_changed = True  # Possibly by a run that was killed before it stored it.
        else:
            _remove(self.path)
            self.path.write_bytes(_unpacked(content, str(self._place)))
            self._note_version()

    def changed(self) -> None:
        self._is_changed = True
        if self._lost is not None:
            raise self._lost

    def store(self) -> None:
        with self._guard:
            if self._lost is not None:
                raise self._lost
            if not self._is_changed:
                return
            self._is_changed = False
            content = packed(self.path)
            try:
                self._version = self._storage.put_over(self._place.key, content, self._version)
            except ChangedMeanwhile:
                self._version = self._own_version(content)
            except AutomapError:
                self._is_changed = True
                raise
            self._stored = time.monotonic()
            self._note_version()
            if self._moved is not None:
                _remove(self._moved)
                self._moved = None

    def keep_file(self) -> None:
        """Nothing to do: an object is complete or absent."""

    def release(self) -> None:
        self._ended.set()
        self._thread.join(RENEW_SECONDS)
        try:
            if self._lost is None:
                self._lease.release()
        finally:
            self._here.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _keep_alive(self) -> None:
        """Background work of a run: renew the lease, store the journal."""
        while not self._ended.wait(RENEW_SECONDS):
            try:
                self._lease.renew()
                if self._is_changed and time.monotonic() - self._stored > STORE_SECONDS:
                    self.store()
            except OutputBusy as error:
                self._lost = error
                return
            except AutomapError:
                # The network may recover; storing at the end raises if it does not.
                continue

    def _note_how_taken(self) -> None:
        if self._lease.taken_from is not None:
            self.notes += (
                Note(
                    fate=Fate.REPLACED,
                    subject=Subject.FILES,
                    reason="the lock of a run that died before its end was taken over",
                    examples=(self._lease.taken_from,),
                ),
            )
        if not self._storage.is_guarded:
            self.notes += (_UNGUARDED,)

    def _is_there(self) -> bool:
        """Whether the output has been begun: what lies beside the process file may be of it."""
        keys = self._storage.list(self._place.prefix.removesuffix("."))
        return any(not key.startswith(self._place.lock_key) for key in keys)

    def _move_earlier(self) -> None:
        """Adopt the journal that an earlier version kept beside the process file."""
        earlier = self._place.earlier
        with FileLock(earlier), explained(earlier):
            source, target = sqlite3.connect(earlier), sqlite3.connect(self.path)
            with contextlib.closing(source), contextlib.closing(target):
                source.backup(target)
        self._moved = earlier
        self.notes += (
            Note(
                fate=Fate.REPLACED,
                subject=Subject.FILES,
                reason=f"the journal beside the process file was moved to {self._place}",
                examples=(str(earlier),),
            ),
        )

    def _own_version(self, content: bytes) -> Version:
        """Version of the stored journal if its content is ours; else raises `OutputBusy`."""
        there = self._storage.get_version(self._place.key)
        if there is not None and there[0] == content:
            return there[1]
        self._lost = OutputBusy(
            f"{self._place}: another run has written the journal of this output; this one ends"
        )
        raise self._lost

    def _is_continued_here(self, version: Version) -> bool:
        """Whether the local file is a continuation of that version."""
        try:
            return self.path.is_file() and self._base.read_text(encoding="utf-8") == str(version)
        except (OSError, UnicodeDecodeError):
            return False

    def _note_version(self) -> None:
        self._base.write_text(str(self._version), encoding="utf-8")

    @property
    def _base(self) -> Path:
        """File with the stored version that the local file equals or continues."""
        return self.path.with_name(f"{self.path.name}.base")


def packed(path: Path) -> bytes:
    """A compressed snapshot of a journal, even while it is being written."""
    try:
        with explained(path), TemporaryDirectory(dir=path.parent, prefix=_COPY) as folder:
            return _packed(path, Path(folder, path.name))
    except OSError as error:
        raise JournalError(f"{path.parent}: cannot be written: {error.strerror}") from error


def _packed(path: Path, copy: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        # ETags are content hashes: this makes a journal with equal content distinct.
        connection.execute(
            "INSERT OR REPLACE INTO facts VALUES ('stored', ?)", (secrets.token_hex(8),)
        )
    return gzip.compress(copy.read_bytes(), _LEVEL, mtime=0)


def is_there(place: JournalLocation) -> bool:
    """Whether an output in an object store has a journal."""
    return place.storage.exists(place.key) or place.earlier.is_file()


def is_held(place: JournalLocation) -> bool:
    """Whether an output in an object store is being written."""
    return is_running(place.path) or (
        not is_running_here(place.path)
        and lease_is_held(GuardedStorage(place.folder), place.lock_key)
    )


def connect_to_look(place: JournalLocation) -> sqlite3.Connection | Path:
    """The journal as it was stored last; a path where it lies on this machine.

    That is while a run on this machine writes it, and of an output of an earlier version. Raises
    `JournalError` when there is none, `InputError`.
    """
    if is_running(place.path) or is_running_here(place.path):
        return place.path
    there = GuardedStorage(place.folder).get_version(place.key)
    if there is None:
        return place.earlier
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(_unpacked(there[0], str(place)))
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM runs").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise JournalError(f"{place}: the journal cannot be used: {error}") from error
    return connection


def _unpacked(content: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, ValueError) as error:
        raise JournalError(f"{name}: the journal cannot be used: {error}") from error


def _remove(path: Path) -> None:
    """A journal with SQLite's companion files."""
    for ending in ("", "-wal", "-shm", "-journal", ".base"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
