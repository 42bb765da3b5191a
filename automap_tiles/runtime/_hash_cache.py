"""Expensive hashes, cached in the user's cache folder between runs."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{64}")


def cached_hash(key: str, compute: Callable[[], str]) -> str:
    """Return the hash stored for a key; the key must hash everything that the value depends on.

    It is recomputed each time when the cache folder is not writable.
    """
    file = _folder() / key
    with suppress(OSError, UnicodeDecodeError):
        found = file.read_text(encoding="ascii")
        if _HASH.fullmatch(found):
            return found
    value = compute()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{key}.{os.getpid()}.part")
        part.write_text(value, encoding="ascii")
        part.replace(file)
    return value


def _folder() -> Path:
    """By the XDG Base Directory Specification; a relative path there is to be ignored."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = given if given.is_absolute() else Path(tempfile.gettempdir())
    if not given.is_absolute():
        with suppress(RuntimeError):  # a user without a home
            base = Path.home() / ".cache"
    return base / "automap-tiles" / "hashes"
