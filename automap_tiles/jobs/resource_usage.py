"""Resource usage of a job: over all its attempts, and of its running child process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Usage = Mapping[str, Any]

COUNTED = ("seconds", "core_seconds", "fetched_bytes", "scenes")
"""Values that are summed over attempts."""
MEMORY = "memory_bytes"
"""Peak memory of all processes of a job together; shared memory counts for each."""
PROCESSES = Path("/proc")
"""Process information of the system."""
_SESSION, _TIMES, _RESIDENT = 3, slice(11, 15), 21
"""Fields of `/proc/PID/stat` after the name (proc(5)): session; utime, stime, cutime, cstime;
rss."""


def total(before: Usage, now: Usage) -> dict[str, Any]:
    """Combined usage of earlier attempts and this one."""
    found: dict[str, Any] = {**before, **now}
    for name in COUNTED:
        if name in before or name in now:
            found[name] = round(before.get(name, 0) + now.get(name, 0), 2)
    if (most := max(before.get(MEMORY, 0), now.get(MEMORY, 0))) > 0:
        found[MEMORY] = most
    return found


def core_seconds(session: int) -> float:
    """CPU time of a session: its living processes, and the ended ones they waited for.

    0 on systems without `/proc`, where it is only known when the child reports it at its end.
    """
    ticks = sum(sum(map(int, fields[_TIMES])) for fields in _processes(session))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_bytes(session: int) -> int:
    """Memory of the living processes of a session; 0 without `/proc`."""
    pages = sum(int(fields[_RESIDENT]) for fields in _processes(session))
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processes(session: int) -> Iterator[list[str]]:
    for entry in PROCESSES.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if int(fields[_SESSION]) == session:
                yield fields
