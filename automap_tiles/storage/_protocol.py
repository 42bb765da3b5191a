"""Protocols of storages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable


class Cleaned(NamedTuple):
    """Result of cleaning up part files."""

    removed: int
    left: int
    """Part files whose writer may be alive: to be checked again."""


class Sent(Protocol):
    """A file object whose content is uploaded while it is written."""

    def write(self, data: bytes) -> int:
        """Raises `OutputError`."""
        ...


@runtime_checkable
class Storage(Protocol):
    """Bytes under keys such as `12/5/7.tif`, below one root.

    Implementations are picklable and thread-safe, do no I/O before a method is called, and never
    expose credentials.
    """

    @property
    def root(self) -> str:
        """Folder or URL above all keys, as the user wrote it."""
        ...

    def url(self, key: str) -> str:
        """Name under which GDAL opens a key: a path, or `/vsis3/bucket/…`."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes; raises `FileNotFoundError` when absent, `InputError` when unreadable."""
        ...

    def chunks(self, key: str) -> Iterator[bytes]:
        """A large file in pieces; raises as `get` does, also during iteration."""
        ...

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Store atomically; raises `OutputError`."""
        ...

    def staged(self, key: str) -> AbstractContextManager[Path]:
        """A local path to write a large file to; it is stored when the block succeeds.

        Raises `OutputError` when storing fails; exceptions of the block propagate, and then nothing
        is stored.
        """
        ...

    def exists(self, key: str) -> bool: ...

    def stamp(self, key: str) -> str:
        """A stamp that changes with the content; raises as `get` does."""
        ...

    def exists_many(self, keys: Sequence[str]) -> set[str]:
        """The keys that exist."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that start with the prefix, in undefined order."""
        ...

    def delete(self, key: str) -> None:
        """Delete a key; does nothing when it is absent. Raises `OutputError`."""
        ...

    def move(self, key: str, to: str) -> None:
        """Rename a key, replacing the target if it exists.

        Raises `FileNotFoundError`, `OutputError`.
        """
        ...

    def clean_parts(self, key: str | None = None) -> Cleaned:
        """Delete what runs killed during a `put` left behind, for one key or all.

        Only for the holder of the output's lock: what others are still writing must not be deleted.
        """
        ...


@runtime_checkable
class Listable(Storage, Protocol):
    """A storage where one listing is cheaper than many existence checks."""

    def listed_once(self) -> Storage:
        """A snapshot of the storage for existence checks."""
        ...


@runtime_checkable
class Streaming(Storage, Protocol):
    """A remote storage for contents that are never on this machine as a whole."""

    def writing(self, key: str) -> AbstractContextManager[Sent]:
        """A content that is uploaded while it is written; it appears when the block succeeds.

        Raises `OutputError`.
        """
        ...

    def part(self, key: str, start: int, end: int) -> bytes:
        """Bytes from `start` up to `end`; raises as `get` does."""
        ...
