"""A cache that forgets what was not used for longest once it holds too many bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_part = 1.0


def keep_less(part: float) -> None:
    """Let caches of threads that start from now on keep this part of what they do in a worker.

    For programs of many threads that each do little, such as a server.
    """
    global _part  # noqa: PLW0603 - one setting of the whole process
    _part = part


def share(capacity: int) -> int:
    """The bytes that a thread may keep in place of so many."""
    return int(capacity * _part)


class ByteLRU(Generic[Value]):
    """Values by key, bounded by the sum of their sizes. Not for several threads at once."""

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
        """Keep a value of so many bytes; one larger than the whole cache is not kept."""
        self.discard(key)
        if size > self.capacity:
            return
        self._entries[key] = (value, size)
        self.size += size
        while self.size > self.capacity:
            self.drop_oldest()

    def drop_oldest(self) -> None:
        """Forget what was not used for longest; raises `KeyError` when there is nothing."""
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
