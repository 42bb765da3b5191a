"""Read network sources again after a broken connection, and report it.

GDAL sends a request again that a server answered with an error, but not one whose connection was
lost, whose answer stops or breaks off: it takes what was lost for a file that is not there, or is
broken. Whether it is there, an object store can be asked.
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
"""Seconds since the first attempt after which there is no other one."""
_FIRST_PAUSE = 0.2

# What GDAL says of requests that may go well a moment later: of servers that are busy, and of
# connections (the words are curl's).
_PASSING = re.compile(
    r"HTTP (?:error|response) code\D{0,80}(?:0|408|429|500|502|503|504)\b|sent less than|CURL error"
    r"|[Tt]imed out|[Cc]onnection (?:reset|refused|was)|Empty reply|Recv failure|too slow",
)
# What a header or a block that came in part looks like, drivers say in many ways.
_UNREADABLE = re.compile(r"^cannot be (?:read|opened)")
_AGAIN = re.compile(r"HTTP error code ?:? ?(\d{3}).*Retrying again in")

_BUSY = (408, 429, 500, 502, 503, 504)


class _Within(threading.local):
    """Whether an outer call of this thread tries again already."""

    persists = False


_within = _Within()


def with_retries(path: str, work: Callable[[], _Result]) -> _Result:
    """What `work` gives of a source over the network, done again while that may help.

    Nothing is kept of an attempt that failed. Raises what the last attempt did.
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
    """Whether an object is there that GDAL cannot read; of what lies in no store, no."""
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
    """Tells of the requests that GDAL sends again by itself, which it says in warnings."""

    def emit(self, record: logging.LogRecord) -> None:
        found = _AGAIN.search(record.getMessage())
        if found is not None:
            # where there was no answer GDAL says the code of the one before
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
    """From now on; a second call does nothing."""
    logging.getLogger("rasterio._env").addHandler(_handler)
