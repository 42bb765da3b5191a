"""Retry policy: exponential back-off, and the delay that a server asks for."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_log = logging.getLogger(__name__)

_NOTICED = 5.0
"""Seconds from which on a pause is announced."""


class TryAgain(Exception):
    """It did not work this time, and may later; never leaves this package."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait
        """Seconds that the server asks for."""


class Changed(TryAgain):
    """What has come so far belongs to another version of the file."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """When to try again and when to give up."""

    attempts: int = 7
    """In a row without a single byte; with the pauses below that is about two minutes."""
    first: float = 1.0
    """Seconds of the first pause; each one after it is twice as long."""
    longest: float = 60.0
    """Seconds."""
    longest_asked: float = 600.0
    """Seconds, where a server asks for a longer pause."""

    def pause(self, failures: int, asked: float | None) -> float:
        """Seconds to wait after so many failures in a row."""
        own = min(self.longest, self.first * 2.0 ** (failures - 1))
        # Spread, so that threads that were turned away together do not come back together.
        own *= random.uniform(0.5, 1.0)
        return own if asked is None else max(own, min(asked, self.longest_asked))


def announce(place: str, error: TryAgain, pause: float) -> None:
    """Say that it will take a while, where somebody would wonder why nothing goes on."""
    if pause < _NOTICED:
        return
    asked = "" if error.wait is None else f" (it asks for {error.wait:.0f} s)"
    _log.warning("%s: %s; waiting %.0f s%s before it is tried again", place, error, pause, asked)


def retry_after(value: str | None) -> float | None:
    """Seconds of a header Retry-After, which is a number or a date; None: it does not say."""
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
