"""Limit the number of malloc arenas that the threads of a server use."""

from __future__ import annotations

import ctypes
import os

_M_ARENA_MAX = -8
"""malloc.h of glibc."""


def limit_malloc_arenas(heaps: int = 2) -> bool:
    """Limit glibc to this many malloc arenas; return whether glibc accepted the limit.

    By default glibc creates up to eight arenas per processor, and each keeps the memory that was
    freed in it: measured with `automap serve` of 28 threads, 20 MB more. Does nothing where another
    C library serves or the environment says how it is to be.
    """
    if "MALLOC_ARENA_MAX" in os.environ or "GLIBC_TUNABLES" in os.environ:
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, heaps))
    except (OSError, TypeError, AttributeError):
        return False
