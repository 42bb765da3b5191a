"""An object of a store as a seekable file: each read is a range request."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

BUFFER = 1 << 18
"""Smallest request in bytes: reading an archive's index is many small adjacent reads."""

Fetch = Callable[[int, int], bytes]
"""Bytes from a start to an end (exclusive); raises `OSError`."""


class RangeFile(io.RawIOBase):
    """Raw file over range requests; wrap it in `io.BufferedReader`."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        super().__init__()
        self._size = size
        self._fetch = fetch
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._size)
        if end <= self._position:
            return 0
        found = self._fetch(self._position, end)
        view[: len(found)] = found
        self._position += len(found)
        return len(found)
