"""Whether a process of this machine lives."""

from __future__ import annotations

import os
from pathlib import Path

# Seconds by which the clocks of processes and files may differ.
_SLACK = 60.0


def is_alive(pid: int, *, since: float | None = None) -> bool:
    """Whether a process lives; `since`: and has lived at that time (seconds since 1970) already.

    A zombie does not live: it is a process that has ended and that nobody has asked for yet. Where
    the system tells nothing about a process (only Linux does here), its id is all there is.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    fields = _fields(pid)
    if fields is None:
        return True
    if fields[0] in ("Z", "X"):
        return False
    started = _started(fields)
    return since is None or started is None or started <= since + _SLACK


def start_of(pid: int) -> str | None:
    """When a process started, as its system counts; None where it does not tell.

    With its id it names a process of one machine for as long as that is not started anew.
    """
    fields = _fields(pid)
    return None if fields is None or fields[0] in ("Z", "X") else fields[19]


def _fields(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the third on (proc_pid_stat(5)): state, …, start time."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _started(fields: list[str]) -> float | None:
    """Seconds since 1970."""
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
        return booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, StopIteration, ValueError):
        return None
