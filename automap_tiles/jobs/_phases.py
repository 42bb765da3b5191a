"""The phases of a job and when they began, read from its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automap_tiles.jobs.job import Entry

BEGINS = "begins: "
"""Prefix of the log line that marks the start of a phase."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """One phase, until the start of the next; seconds since 1970."""

    name: str
    start: float
    end: float | None
    """None: in progress."""
    attempt: int = 0


def stretches(entries: Sequence[Entry], finished: float | None) -> list[Stretch]:
    """Phases in order, from the lines of a log; the last one ends with the job."""
    begun = [each for each in entries if each.message.startswith(BEGINS)]
    ends = [*(each.time for each in begun[1:]), finished]
    return [
        Stretch(
            name=each.message.removeprefix(BEGINS),
            start=each.time,
            end=end,
            attempt=each.attempt,
        )
        for each, end in zip(begun, ends, strict=False)
    ]
