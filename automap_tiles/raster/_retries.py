"""Read network sources again after a broken connection, and report it.

GDAL retries requests that a server answered with an error, but not those whose connection was lost
or whose response stalled or broke off: it takes the file for missing or damaged. Whether it exists,
an object store can be asked.
"""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from automap_tiles.errors import AutomapError, InputError, SourceBrokeOff, without_signatures
from automap_tiles.notes import Fate, Note, Subject, collecting, tell
from automap_tiles.storage import Address

_Result = TypeVar("_Result")

ATTEMPTS = 6
PATIENCE = 90.0
"""Seconds since the first attempt after which there are no more retries."""
_FIRST_PAUSE = 0.2

# GDAL's messages about transient failures: busy servers, and connections (in curl's wording).
_PASSING = re.compile(
    r"HTTP (?:error|response) code\D{0,80}(?:0|408|429|500|502|503|504)\b|sent less than|CURL error"
    r"|[Tt]imed out|[Cc]onnection (?:reset|refused|was)|Empty reply|Recv failure|too slow",
)
# Drivers describe truncated headers and blocks in many ways.
_UNREADABLE = re.compile(r"^cannot be (?:read|opened)")
_AGAIN = re.compile(r"HTTP error code ?:? ?(\d{3}).*Retrying again in")

_BUSY = (408, 429, 500, 502, 503, 504)


class _Within(threading.local):
    """Whether an outer call of this thread already retries."""

    persists = False


_within = _Within()


def with_retries(path: str, work: Callable[[], _Result]) -> _Result:
    """Result of `work` on a source over the network, retried while that may help.

    Nothing is kept of failed attempts. Raises what the last attempt raised.
    """
    if _within.persists:
        return work()
    _within.persists = True
    began = time.monotonic()
    try:
        for number in range(1, ATTEMPTS + 1):
            with collecting() as notes:
                try:
                    result, failure = work(), None
                except InputError as error:
                    failure = error
            if failure is None or not _shall_repeat(path, failure, number, began):
                tell(*notes)
                if failure is not None:
                    raise failure
                return result
            _tell(path, failure)
            time.sleep(_FIRST_PAUSE * 2.0 ** (number - 1) * random.uniform(0.5, 1.0))
        raise AssertionError("the last attempt is not repeated")
    finally:
        _within.persists = False


def _shall_repeat(path: str, error: InputError, number: int, began: float) -> bool:
    if number == ATTEMPTS or time.monotonic() - began > PATIENCE:
        return False
    if isinstance(error, SourceBrokeOff) or _PASSING.search(error.message):
        return True
    return bool(_UNREADABLE.search(error.message)) and _is_in_store(path)


def _is_in_store(path: str) -> bool:
    """Whether an object that GDAL cannot read exists; False outside object stores."""
    address = Address.of_url(path)
    try:
        return address is not None and address.exists()
    except AutomapError:
        return False


def _tell(path: str, error: InputError) -> None:
    silent = "sent less than" in error.message
    what = "stopped sending" if silent else "lost or broke off an answer"
    tell(
        Note(
            fate=Fate.REPEATED,
            subject=Subject.REQUESTS,
            reason=f"a source over the network {what}; read again",
            examples=(without_signatures(path),),
        )
    )


class _Repeats(logging.Handler):
    """Notes GDAL's own retries, which it reports as warnings."""

    def emit(self, record: logging.LogRecord) -> None:
        found = _AGAIN.search(record.getMessage())
        if found is not None:
            # When there was no response GDAL reports the code of the previous one.
            failed = int(found[1]) in _BUSY
            what = f"a server answered {found[1]}" if failed else "a connection was lost"
            tell(
                Note(
                    fate=Fate.REPEATED,
                    subject=Subject.REQUESTS,
                    reason=f"{what} when GDAL asked it; asked again",
                )
            )


_handler = _Repeats(logging.WARNING)


def report_gdal_retries() -> None:
    """Start reporting; further calls do nothing."""
    logging.getLogger("rasterio._env").addHandler(_handler)
