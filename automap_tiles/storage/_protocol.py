"""What a place for bytes can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable


class Cleaned(NamedTuple):
    """What became of part files."""

    removed: int
    left: int
    """Whose writer may be alive: to be looked at again."""


class Sent(Protocol):
    """A content that is sent while it is written."""

    def write(self, data: bytes) -> int:
        """Raises `OutputError`."""
        ...


@runtime_checkable
class Storage(Protocol):
    """Bytes under keys such as `12/5/7.tif`, below one root.

    Implementations are picklable, may be used by many threads at once, open nothing before they
    are asked, and never show credentials.
    """

    @property
    def root(self) -> str:
        """Folder or address that all keys are below, as the user wrote it."""
        ...

    def url(self, key: str) -> str:
        """What GDAL opens for a key: a path, or `/vsis3/bucket/…`."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes; raises `FileNotFoundError` when absent, `InputError` when unreadable."""
        ...

    def chunks(self, key: str) -> Iterator[bytes]:
        """A large content piece by piece; raises as `get` does, also on the way."""
        ...

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Store whole or not at all; raises `OutputError`."""
        ...

    def staged(self, key: str) -> AbstractContextManager[Path]:
        """A local path to write a large file to; it is stored when the block ends well.

        Raises `OutputError` when it cannot be; whatever the block raises comes through, and then
        nothing is stored.
        """
        ...

    def exists(self, key: str) -> bool: ...

    def stamp(self, key: str) -> str:
        """Changes when the bytes do; raises as `get` does."""
        ...

    def exists_many(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that are there."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that start with the prefix, in no promised order."""
        ...

    def delete(self, key: str) -> None:
        """Remove; nothing happens when the key is absent. Raises `OutputError`."""
        ...

    def move(self, key: str, to: str) -> None:
        """Give the bytes another key; what that held is replaced.

        Raises `FileNotFoundError`, `OutputError`.
        """
        ...

    def clean_parts(self, key: str | None = None) -> Cleaned:
        """Remove what runs that died in the middle of a `put` left behind, of one key or of all.

        Only for who holds the lock of the output: what others are writing now must not go.
        """
        ...


@runtime_checkable
class Listable(Storage, Protocol):
    """A place where a list of everything costs less than many questions."""

    def listed_once(self) -> Storage:
        """The same, as it was when it was listed: for who asks what was there before."""
        ...


@runtime_checkable
class Streaming(Storage, Protocol):
    """A place that is not on this machine, for contents that need not be here as a whole."""

    def writing(self, key: str) -> AbstractContextManager[Sent]:
        """A content that goes out while it is written; it is there when the block ends well.

        Raises `OutputError`.
        """
        ...

    def part(self, key: str, start: int, end: int) -> bytes:
        """Bytes from `start` up to `end`; raises as `get` does."""
        ...
