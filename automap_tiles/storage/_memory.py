"""In-memory storage, for tiles that are viewed but not kept."""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from automap_tiles.storage._protocol import Cleaned

_numbers = itertools.count(1)


class MemoryStorage:
    """Keys and bytes of one process; the least recently used are evicted beyond the limit.

    Unlike other storages it cannot be pickled: another process would not see what is stored here.

    Every instance has a unique address, so that caches keyed by address never mix instances.
    """

    def __init__(self, limit: int = 256 * 2**20) -> None:
        """`limit` is in bytes; a single larger value is kept nevertheless."""
        self._limit = limit
        self._name = f"memory-{next(_numbers)}"
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._versions: dict[str, int] = {}
        self._size = 0
        self._guard = threading.Lock()

    @property
    def root(self) -> str:
        return self._name

    def url(self, key: str) -> str:
        """A unique address for every version of a key, usable as a cache key of decoded tiles."""
        return f"{self._name}/{key}#{self._versions.get(key, 0)}"

    def get(self, key: str) -> bytes:
        with self._guard:
            found = self._kept.get(key)
            if found is None:
                raise FileNotFoundError(self.url(key))
            self._kept.move_to_end(key)
            return found

    def chunks(self, key: str) -> Iterator[bytes]:
        yield self.get(key)

    def put(self, key: str, data: bytes | memoryview) -> None:
        content = bytes(data)
        with self._guard:
            self._drop(key)
            self._kept[key] = content
            self._versions[key] = self._versions.get(key, 0) + 1
            self._size += len(content)
            while self._size > self._limit and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        dropped = self._kept.pop(key, None)
        self._size -= 0 if dropped is None else len(dropped)

    @contextmanager
    def staged(self, key: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, Path(key).name)
            yield path
            self.put(key, path.read_bytes())

    def exists(self, key: str) -> bool:
        return key in self._kept

    def stamp(self, key: str) -> str:
        self.get(key)
        return str(self._versions[key])

    def exists_many(self, keys: Sequence[str]) -> set[str]:
        return {key for key in keys if key in self._kept}

    def list(self, prefix: str = "") -> Iterator[str]:
        with self._guard:
            found = [key for key in self._kept if key.startswith(prefix)]
        return iter(found)

    def delete(self, key: str) -> None:
        with self._guard:
            if key in self._kept:
                # So that a cached decoded tile is not mistaken for the new content.
                self._versions[key] = self._versions.get(key, 0) + 1
            self._drop(key)

    def move(self, key: str, to: str) -> None:
        content = self.get(key)
        self.put(to, content)
        if key != to:
            self.delete(key)

    def clean_parts(self, key: str | None = None) -> Cleaned:  # noqa: ARG002
        return Cleaned(0, 0)
