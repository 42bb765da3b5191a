"""Whether the service can do its work: database, store, a runner."""

from __future__ import annotations

import threading
import time

from automap_service.service import Service
from automap_tiles.errors import AutomapError

_SECONDS = 120.0
"""A runner that was not heard of for so long is missing."""
_AGAIN = 15.0
"""Seconds for which what the store answered is good: anybody may ask, and it costs a request."""


class Readiness:
    """Asked by whatever watches the service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._store = False

    def parts(self) -> dict[str, bool]:
        """Each part, and whether it is there; raises as a database that is away does."""
        seen = self._service.store.runner_seen()
        now = self._service.database.clock()
        runner = seen is not None and now - seen < _SECONDS
        return {"database": True, "store": self._store_is_there(), "runner": runner}

    def _store_is_there(self) -> bool:
        """A store that is slow to answer keeps one thread waiting; others get its last word."""
        if self._lock.acquire(blocking=False):
            try:
                if self._asked is None or time.monotonic() - self._asked > _AGAIN:
                    self._store = self._ask()
                    self._asked = time.monotonic()
            finally:
                self._lock.release()
        return self._store

    def _ask(self) -> bool:
        try:
            self._service.results.reach()
        except AutomapError:
            return False
        return True
