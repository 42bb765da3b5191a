"""How long, how large and how many: so that no request takes the server from the others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TimedOut
from threading import BoundedSemaphore, Event
from typing import TypeVar

from automap_devserver._failures import TooLong, TooMany
from automap_tiles.stopping import Stopped, stopping

LISTENERS = 8
"""Pages that may listen to events at once; each takes a thread of the server."""
REQUESTS = 16
"""Requests besides those; a browser has six at once to one address."""
_READERS = 4
"""Threads that read files. Few, for each keeps files open and decoded tiles in memory."""
_WAITERS = 12
"""Threads that wait for tiles to be computed; fewer than requests: the others show files still."""
BODY = 1 << 20
"""Bytes that a request may send."""
HEADERS = 1 << 15
"""Bytes of its headers, with the address: a colour map of 256 classes has 8000."""
IDLE = 30
"""Seconds after which a connection without a request is closed."""
WHOLE = 20
"""Seconds in which a request has to arrive, with its body."""
CONNECTIONS = 400
"""Connections at a time; beyond that those that ask for nothing make room."""

Result = TypeVar("Result")


class Limits:
    """Work of requests in a few threads, none waited for longer than a request may take."""

    def __init__(self, seconds: float, *, patient: bool = False) -> None:
        self.seconds = seconds
        self._patient = patient
        self._readers = ThreadPoolExecutor(_READERS, "reading")
        self._waiters = ThreadPoolExecutor(_WAITERS, "waiting")
        self._places = BoundedSemaphore(_WAITERS)
        self._stop = Event()

    def read(self, work: Callable[[], Result]) -> Result:
        """Have files read; raises `TooLong`, and what the work raises."""
        return self._wait(self._readers, work)

    def compute(self, work: Callable[[], Result]) -> Result:
        """Have tiles computed; raises `TooLong`, `TooMany`, and what the work raises.

        What has begun goes on when nobody waits any more; what has not is left.
        """
        if not self._places.acquire(timeout=self.seconds if self._patient else 0):
            raise TooMany("many tiles are being computed already; ask again")
        try:
            return self._wait(self._waiters, work)
        finally:
            self._places.release()

    def close(self) -> None:
        """Begin nothing any more, and leave what asks whether it shall stop."""
        self._stop.set()
        for pool in (self._readers, self._waiters):
            pool.shutdown(wait=False, cancel_futures=True)

    def _wait(self, pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        making = pool.submit(self._stoppable, work)
        try:
            return making.result(self.seconds)
        except TimedOut:
            if making.done():
                raise  # the work's own
            making.cancel()
            raise TooLong(
                f"this takes longer than {self.seconds:g} s; what has begun goes on, ask again"
            ) from None
        except (CancelledError, Stopped):
            raise TooMany("the server is being stopped") from None

    def _stoppable(self, work: Callable[[], Result]) -> Result:
        with stopping(self._stop):
            return work()
