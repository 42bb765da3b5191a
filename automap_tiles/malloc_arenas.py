"""How many heaps the threads of a server share."""

from __future__ import annotations

import ctypes
import os

_M_ARENA_MAX = -8
"""malloc.h of glibc."""


def limit_malloc_arenas(heaps: int = 2) -> bool:
    """Let the threads of this process have so many heaps together; whether glibc was told.

    By itself it makes one for each of up to eight threads a processor, and each keeps what was
    freed in it: measured with `automap serve` of 28 threads, 20 MB more. Does nothing where another
    C library serves or the environment says how it is to be.
    """
    if "MALLOC_ARENA_MAX" in os.environ or "GLIBC_TUNABLES" in os.environ:
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, heaps))
    except (OSError, TypeError, AttributeError):
        return False
