"""The phases of a run on a line of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automap_tiles.jobs import Job, Stretch

_LEAST = 0.6
"""Per cent of the line that the shortest phase takes."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One phase; `left` and `width` are per cent of the line."""

    name: str
    left: float
    width: float
    seconds: float
    is_open: bool
    attempt: int


def bars(job: Job, parts: Sequence[Stretch], now: float) -> list[Bar]:
    """From the launch to the end, or to now; the first one is the wait for a runner."""
    end = now if job.finished is None else job.finished
    first = parts[0].start if parts else job.started if job.started is not None else end
    waited = Stretch(name="queued", start=job.created, end=first)
    whole = max(end - job.created, 1e-3)
    return [_bar(each, job.created, whole, end) for each in (waited, *parts)]


def _bar(part: Stretch, begin: float, whole: float, now: float) -> Bar:
    end = now if part.end is None else part.end
    width = max(100 * (end - part.start) / whole, _LEAST)
    left = min(100 * (part.start - begin) / whole, 100 - _LEAST)
    return Bar(
        name=part.name,
        left=round(max(0.0, left), 2),
        width=round(min(width, 100 - max(0.0, left)), 2),
        seconds=max(0.0, end - part.start),
        is_open=part.end is None,
        attempt=part.attempt,
    )
