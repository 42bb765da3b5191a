"""What a simulation took: seconds of this process on a processor, and its memory."""

from __future__ import annotations

import time
from pathlib import Path


def resident() -> float:
    """MB that this process holds now."""
    return _status("VmRSS")


def peak() -> float:
    """MB that this process has held at most."""
    return _status("VmHWM")


def _status(word: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (value,) = (line.split()[1] for line in lines if line.startswith(f"{word}:"))
    return int(value) / 1024


class Watch:
    """Seconds of processor since it was made."""

    def __init__(self) -> None:
        self._start = time.process_time()

    @property
    def seconds(self) -> float:
        return time.process_time() - self._start
