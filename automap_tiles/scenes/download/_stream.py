"""What the ways to a file have in common: its bytes from a place in it on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = 1 << 18
"""Bytes that are read at a time."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """An open file."""

    start: int
    """Byte that the chunks begin at: the one asked for, or 0 when there is no going on there."""
    size: int | None
    """Bytes of the whole file, where the server tells."""
    validator: str | None
    """Changes when the file does; None: the server gives nothing to tell it by."""
    chunks: Iterator[bytes]
    """Raises `TryAgain` when the connection breaks."""
