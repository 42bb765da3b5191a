"""Retries of failed object store requests, for a limited time and reported to the user.

The client could retry by itself, but silently: a run that takes an hour longer because its store
fails would look like any other. So each retry is reported.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from automap_tiles.errors import MissingExtra, UploadBrokeOff
from automap_tiles.notes import Fate, Note, Subject, tell

_Answer = TypeVar("_Answer")

SILENCE = 25.0
"""Seconds without a byte after which a request is given up: 5 MB, the part size of large uploads,
need 200 kB/s for that. GDAL uses the same environment variable for its reads."""
_SILENCE_NAME = "GDAL_HTTP_LOW_SPEED_TIME"

ATTEMPTS = 8
"""Most attempts per request."""

PATIENCE = 90.0
"""Seconds since the first attempt after which a request is not retried."""

# Pauses double; they add up to about half a minute.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0

# Transient HTTP status codes: RFC 9110, 15.5.9 and 15.6; RFC 6585, 4.
_PASSING = {408, 429, 500, 502, 503, 504}
_STATUS = re.compile(r"status(?: code)?: (\d{3})\b")

# Wording of connection errors by the client (reqwest, in the debug text of object_store).
_NO_ANSWER = re.compile(r"kind: Timeout|operation timed out|TimedOut")
_CUT_OFF = re.compile(r"response body error|error decoding response body|end of file before")
_LOST = re.compile(r"error sending request|connection closed|Connection reset")


def silence() -> float:
    """Seconds without a byte after which a request is given up."""
    try:
        return max(1.0, float(os.environ.get(_SILENCE_NAME, SILENCE)))
    except ValueError:
        return SILENCE


def obstore_package() -> Any:
    """The obstore package; raises `MissingExtra` when it is not installed."""
    try:
        import obstore
        import obstore.store
    except ImportError as error:
        raise MissingExtra("obstore", "s3") from error
    return obstore


def transient_failure(error: Exception) -> str | None:
    """Description of a transient failure of a store; None for all other errors."""
    if not isinstance(error, obstore_package().exceptions.GenericError):
        return None
    text = str(error)
    if _NO_ANSWER.search(text):
        return f"sent nothing for {silence():g} s"
    if (status := _STATUS.search(text)) is not None:
        return f"answered {status[1]}" if int(status[1]) in _PASSING else None
    if _CUT_OFF.search(text):
        return "sent an answer that broke off"
    return "closed the connection, or could not be reached" if _LOST.search(text) else None


def report_retry(trouble: str, name: str) -> None:
    """Report a transient failure of a store and its outcome."""
    tell(
        Note(
            fate=Fate.REPEATED,
            subject=Subject.REQUESTS,
            reason=f"the object store {trouble}",
            examples=(name,),
        )
    )


@dataclass
class Attempts:
    """Number and duration of the attempts at one request."""

    name: str
    """Name of the object, for messages."""
    failures: int = 0
    since: float = 0.0

    def failed(self, error: Exception) -> None:
        """Wait before the next attempt; raises the error when retrying is pointless."""
        trouble = transient_failure(error)
        now = time.monotonic()
        self.since = self.since or now
        self.failures += 1
        if trouble is None or self.failures >= ATTEMPTS or now - self.since > PATIENCE:
            raise error
        report_retry(f"{trouble}; asked again", self.name)
        # Jittered, so that workers rejected at the same time do not retry at the same time.
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (self.failures - 1))
        time.sleep(pause * random.uniform(0.5, 1.0))

    @property
    def said(self) -> str:
        """Suffix for an error message."""
        return f", tried {self.failures} times" if self.failures > 1 else ""


def with_retries(name: str, ask: Callable[[], _Answer]) -> _Answer:
    """Response to a request that may be retried; raises the client's errors."""
    attempts = Attempts(name)
    while True:
        try:
            return ask()
        except obstore_package().exceptions.GenericError as error:
            attempts.failed(error)


UPLOADS = 3
"""Most times a streamed upload is restarted."""


def upload_with_retries(send: Callable[[], _Answer]) -> _Answer:
    """Result of `send`, which writes an object from its beginning; raises `OutputError`.

    The upload is restarted when something is lost that cannot be retried alone, such as the
    response to the request that initiates it.
    """
    for _ in range(UPLOADS - 1):
        try:
            return send()
        except UploadBrokeOff as error:
            report_retry("broke off an upload; sent again from its beginning", str(error.path))
    return send()


def stream_with_retries(name: str, begin: Callable[[int], Iterator[bytes]]) -> Iterator[bytes]:
    """The bytes of an object; `begin` streams them from an offset and is called again to resume.

    Raises the client's errors. Any byte received resets the count: only attempts without a single
    byte count as failures.
    """
    attempts, place = Attempts(name), 0
    while True:
        try:
            for chunk in begin(place):
                place += len(chunk)
                attempts = Attempts(name)
                yield chunk
            return
        except obstore_package().exceptions.GenericError as error:
            attempts.failed(error)
