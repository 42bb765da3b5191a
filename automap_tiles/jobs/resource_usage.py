"""Resource usage of a job: over all its attempts, and of its running child process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Usage = Mapping[str, Any]

COUNTED = ("seconds", "core_seconds", "fetched_bytes", "scenes")
"""What adds up from attempt to attempt."""
MEMORY = "memory_bytes"
"""The most that all processes of a job had at a time; what they share counts for each."""
PROCESSES = Path("/proc")
"""What the system tells of its processes."""
_SESSION, _TIMES, _RESIDENT = 3, slice(11, 15), 21
"""Of `/proc/PID/stat` behind the name (proc(5)): session; utime, stime, cutime, cstime; rss."""


def total(before: Usage, now: Usage) -> dict[str, Any]:
    """What earlier attempts and this one have taken together."""
    found: dict[str, Any] = {**before, **now}
    for name in COUNTED:
        if name in before or name in now:
            found[name] = round(before.get(name, 0) + now.get(name, 0), 2)
    if (most := max(before.get(MEMORY, 0), now.get(MEMORY, 0))) > 0:
        found[MEMORY] = most
    return found


def core_seconds(session: int) -> float:
    """That the living processes of a session and the ended ones they waited for have computed.

    0 where the system has no `/proc`: there it is known only when the child tells it at its end.
    """
    ticks = sum(sum(map(int, fields[_TIMES])) for fields in _processes(session))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_bytes(session: int) -> int:
    """That the living processes of a session have in memory; 0 without `/proc`."""
    pages = sum(int(fields[_RESIDENT]) for fields in _processes(session))
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processes(session: int) -> Iterator[list[str]]:
    for entry in PROCESSES.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if int(fields[_SESSION]) == session:
                yield fields
