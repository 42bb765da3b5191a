"""Retry policy: exponential back-off, and the delay that a server asks for."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_log = logging.getLogger(__name__)

_NOTICED = 5.0
"""Pauses longer than this many seconds are announced."""


class TryAgain(Exception):
    """A temporary failure; never leaves this package."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait
        """Seconds, as requested by the server."""


class Changed(TryAgain):
    """What has been received belongs to another version of the file."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """When to retry and when to give up."""

    attempts: int = 7
    """Consecutive attempts without a single byte; with the pauses below, about two minutes."""
    first: float = 1.0
    """First pause in seconds; doubled every time."""
    longest: float = 60.0
    """Longest pause, seconds."""
    longest_asked: float = 600.0
    """Longest pause accepted if a server requests one, seconds."""

    def pause(self, failures: int, asked: float | None) -> float:
        """Seconds to wait after this many consecutive failures."""
        own = min(self.longest, self.first * 2.0 ** (failures - 1))
        # Jitter, so that threads that were turned away together do not return together.
        own *= random.uniform(0.5, 1.0)
        return own if asked is None else max(own, min(asked, self.longest_asked))


def announce(place: str, error: TryAgain, pause: float) -> None:
    """Announce a pause that users would otherwise notice as a hang."""
    if pause < _NOTICED:
        return
    asked = "" if error.wait is None else f" (it asks for {error.wait:.0f} s)"
    _log.warning("%s: %s; waiting %.0f s%s before it is tried again", place, error, pause, asked)


def retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, a number or a date; None: missing."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
