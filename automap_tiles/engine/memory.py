"""How much memory work on a tile or a scene takes."""

from __future__ import annotations

import resource
import sys


def peak_memory() -> int:
    """Bytes of memory that this process has held at most: getrusage(2)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # BSD counts bytes, Linux kilobytes
