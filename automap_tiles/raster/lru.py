"""A least recently used cache bounded by bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_part = 1.0


def keep_less(part: float) -> None:
    """Scale the caches of threads started from now on by this fraction of a worker's.

    For programs with many threads that each do little, such as a server.
    """
    global _part  # noqa: PLW0603 - one setting of the whole process
    _part = part


def share(capacity: int) -> int:
    """The capacity in bytes of a thread's cache, scaled from that of a worker."""
    return int(capacity * _part)


class ByteLRU(Generic[Value]):
    """Values by key, bounded by their total size. Not thread-safe."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        """Bytes."""
        self.size = 0
        """Bytes held now."""
        self._entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Store a value of the given size in bytes, unless it exceeds the whole cache."""
        self.discard(key)
        if size > self.capacity:
            return
        self._entries[key] = (value, size)
        self.size += size
        while self.size > self.capacity:
            self.drop_oldest()

    def drop_oldest(self) -> None:
        """Evict the least recently used value; raises `KeyError` when the cache is empty."""
        _, (_, freed) = self._entries.popitem(last=False)
        self.size -= freed

    def discard(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry[1]

    def clear(self) -> None:
        self._entries.clear()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)
