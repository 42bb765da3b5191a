"""Whether a local process is alive."""

from __future__ import annotations

import os
from pathlib import Path

# Tolerance in seconds between process start times and file times.
_SLACK = 60.0


def is_alive(pid: int, *, since: float | None = None) -> bool:
    """Whether a process is alive; with `since`: and was already at that time (Unix seconds).

    A zombie is not alive: it has ended but has not been reaped. Where the system gives no details
    (only Linux is supported), only the process id is checked.
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
    """Start time of a process in the system's units; None where it is not available.

    Together with the id it identifies a process of a machine until the machine reboots.
    """
    fields = _fields(pid)
    return None if fields is None or fields[0] in ("Z", "X") else fields[19]


def _fields(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the third onwards (proc_pid_stat(5)): state, …, start time."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _started(fields: list[str]) -> float | None:
    """Start time in Unix seconds."""
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
        return booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, StopIteration, ValueError):
        return None
