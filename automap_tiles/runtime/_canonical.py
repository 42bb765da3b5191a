"""Canonical text and hash of values, independent of the order of keys."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import json
import pickle
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any


def canonical(value: object) -> str:
    """Canonical JSON: sorted keys, no white space; objects that JSON lacks by their meaning."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def digest(*parts: str | bytes) -> str:
    """Hex SHA-256 of parts; `("ab", "c")` and `("a", "bc")` differ.

    Names of files that are not UTF-8 count as the bytes that they are.
    """
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def file_hash(path: Path) -> str:
    """Hex SHA-256 of what stands in a file; of one that is not there, that of its absence."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "absent"


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date | dt.time | PurePath):
        return str(value)
    # only a Python dict can hold other objects; their pickle is as stable as they are
    return {type(value).__qualname__: digest(pickle.dumps(value))}
