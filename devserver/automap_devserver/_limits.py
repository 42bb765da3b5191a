"""Limits on time, size and concurrency, so that no request monopolises the server."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TimedOut
from threading import BoundedSemaphore, Event
from typing import TypeVar

from automap_devserver._failures import TooLong, TooMany
from automap_tiles.stopping import Stopped, stopping

LISTENERS = 8
"""Concurrent event listeners; each takes a thread of the server."""
REQUESTS = 16
"""Concurrent other requests; a browser sends six at once to one host."""
_READERS = 4
"""Threads that read files. Few, since each keeps files open and decoded tiles in memory."""
_WAITERS = 12
"""Threads waiting for tiles to be computed; fewer than requests, so that files can still be
served."""
BODY = 1 << 20
"""Largest request body, bytes."""
HEADERS = 1 << 15
"""Largest headers with the address, bytes: a colour map of 256 classes has 8000."""
IDLE = 30
"""Seconds after which an idle connection is closed."""
WHOLE = 20
"""Seconds in which a request with its body has to arrive."""
CONNECTIONS = 400
"""Largest number of connections; beyond that, idle ones are closed."""

Result = TypeVar("Result")


class Limits:
    """Runs the work of requests in a few threads, and waits no longer than a request may take."""

    def __init__(self, seconds: float, *, patient: bool = False) -> None:
        self.seconds = seconds
        self._patient = patient
        self._readers = ThreadPoolExecutor(_READERS, "reading")
        self._waiters = ThreadPoolExecutor(_WAITERS, "waiting")
        self._places = BoundedSemaphore(_WAITERS)
        self._stop = Event()

    def read(self, work: Callable[[], Result]) -> Result:
        """Read files; raises `TooLong`, and what the work raises."""
        return self._wait(self._readers, work)

    def compute(self, work: Callable[[], Result]) -> Result:
        """Compute tiles; raises `TooLong`, `TooMany`, and what the work raises.

        Work that has started continues when nobody waits any more; queued work is dropped.
        """
        if not self._places.acquire(timeout=self.seconds if self._patient else 0):
            raise TooMany("many tiles are being computed already; ask again")
        try:
            return self._wait(self._waiters, work)
        finally:
            self._places.release()

    def close(self) -> None:
        """Start nothing any more, and tell running work to stop."""
        self._stop.set()
        for pool in (self._readers, self._waiters):
            pool.shutdown(wait=False, cancel_futures=True)

    def _wait(self, pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        making = pool.submit(self._stoppable, work)
        try:
            return making.result(self.seconds)
        except TimedOut:
            if making.done():
                raise  # raised by the work itself
            making.cancel()
            raise TooLong(
                f"this takes longer than {self.seconds:g} s; what has begun goes on, ask again"
            ) from None
        except (CancelledError, Stopped):
            raise TooMany("the server is being stopped") from None

    def _stoppable(self, work: Callable[[], Result]) -> Result:
        with stopping(self._stop):
            return work()
