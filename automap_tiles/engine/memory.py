"""Measure the peak memory of processing a tile or a scene."""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_RESET = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_PEAK = "5"
"""Written to the first, the peak of the process is what it holds now: proc_pid_clear_refs(5)."""


@dataclass(slots=True)
class MemorySpan:
    """The most memory that this process has held while something was done."""

    peak_bytes: int = 0
    """0: not known, since the system does not tell, or something else was done meanwhile."""
    is_alone: bool = True
    """Whether nothing else was measured meanwhile, from a peak that could be set back."""


@dataclass(slots=True)
class _Spans:
    """Those that are open in this process."""

    lock: threading.Lock
    open: list[MemorySpan]
    most: int = 0
    """What the process has held before peaks were set back."""


_spans = _Spans(lock=threading.Lock(), open=[])


def peak_memory() -> int:
    """Peak resident memory of this process in bytes: getrusage(2)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    most = most if sys.platform == "darwin" else most * 1024  # macOS: bytes, Linux: kilobytes
    return max(most, _spans.most)


@contextmanager
def memory_span() -> Iterator[MemorySpan]:
    """Measure a block; what it took is in the span when the block has ended.

    The peak of the process is set back, as Linux allows (4.0 and later), so that what was before
    does not count. It is one of the whole process: of two blocks at a time none is known.
    """
    span = MemorySpan()
    with _spans.lock:
        _spans.open.append(span)
        if len(_spans.open) > 1:
            for each in _spans.open:
                each.is_alone = False
        else:
            span.is_alone = _set_back()
    try:
        yield span
    finally:
        with _spans.lock:
            _spans.open.remove(span)
            if span.is_alone:
                span.peak_bytes = _peak() or 0


def _set_back() -> bool:
    _spans.most = peak_memory()
    try:
        _RESET.write_text(_PEAK)
    except OSError:
        return False
    return True


def _peak() -> int | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    said = next((line.split() for line in lines if line.startswith("VmHWM:")), None)
    return None if said is None else int(said[1]) * 1024
