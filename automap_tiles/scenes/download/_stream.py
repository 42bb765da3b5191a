"""Common interface of byte streams, from an offset on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = 1 << 18
"""Read size in bytes."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """An open file."""

    start: int
    """Offset of the first chunk: as requested, or 0 if the transfer cannot be resumed."""
    size: int | None
    """Size of the whole file, if the server states it."""
    validator: str | None
    """Changes when the file does; None: the server sends none."""
    chunks: Iterator[bytes]
    """Raises `TryAgain` if the connection breaks."""
