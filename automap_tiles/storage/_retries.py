"""Requests to an object store that are sent again when they fail, for a limited time and in words.

The client could do so by itself, and nobody would hear of it: a run that takes an hour longer
because its store fails would look like any other. So each request that is sent again is told.
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
"""Seconds without a byte after which a request is given up: 5 MB, the size of a part of a large
object, need 200 kB/s for that. What GDAL reads has the same name for it in the environment."""
_SILENCE_NAME = "GDAL_HTTP_LOW_SPEED_TIME"

ATTEMPTS = 8
"""How often a request is sent, at most."""

PATIENCE = 90.0
"""Seconds since it was sent first after which it is not sent again."""

# Pauses double; together they are about half a minute.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0

# RFC 9110, 15.5.9 and 15.6; RFC 6585, 4: what may be otherwise a moment later.
_PASSING = {408, 429, 500, 502, 503, 504}
_STATUS = re.compile(r"status(?: code)?: (\d{3})\b")

# How the client (reqwest, in the debug text of object_store) calls what went wrong on the way.
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
    """The package for object stores; raises `MissingExtra` where it is not installed."""
    try:
        import obstore
        import obstore.store
    except ImportError as error:
        raise MissingExtra("obstore", "s3") from error
    return obstore


def transient_failure(error: Exception) -> str | None:
    """What is wrong with a store that may work a moment later; None for all other errors."""
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
    """Tell what went wrong with a store that may work a moment later, and what became of it."""
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
    """How often one thing has been asked for, and for how long."""

    name: str
    """Of the object, to be told."""
    failures: int = 0
    since: float = 0.0

    def failed(self, error: Exception) -> None:
        """Wait before it is asked for again; raises the error where that is of no use any more."""
        trouble = transient_failure(error)
        now = time.monotonic()
        self.since = self.since or now
        self.failures += 1
        if trouble is None or self.failures >= ATTEMPTS or now - self.since > PATIENCE:
            raise error
        report_retry(f"{trouble}; asked again", self.name)
        # spread, so that workers that were turned away together do not come back together
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (self.failures - 1))
        time.sleep(pause * random.uniform(0.5, 1.0))

    @property
    def said(self) -> str:
        """To be added to an error."""
        return f", tried {self.failures} times" if self.failures > 1 else ""


def with_retries(name: str, ask: Callable[[], _Answer]) -> _Answer:
    """The answer to a request that may be sent again; raises the client's errors."""
    attempts = Attempts(name)
    while True:
        try:
            return ask()
        except obstore_package().exceptions.GenericError as error:
            attempts.failed(error)


UPLOADS = 3
"""How often an object that is sent while it is written is begun, at most."""


def upload_with_retries(send: Callable[[], _Answer]) -> _Answer:
    """What a `send` gives that writes an object from its beginning; raises `OutputError`.

    It is begun again where the store lost what cannot be sent again alone, such as the answer to
    the request that begins an upload.
    """
    for _ in range(UPLOADS - 1):
        try:
            return send()
        except UploadBrokeOff as error:
            report_retry("broke off an upload; sent again from its beginning", str(error.path))
    return send()


def stream_with_retries(name: str, begin: Callable[[int], Iterator[bytes]]) -> Iterator[bytes]:
    """The bytes of an object; `begin` gives those from a place on and is asked again for the rest.

    Raises the client's errors. What comes in between is a success: only attempts without a single
    byte are counted.
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
