"""Work that takes long while a request waits: few at a time, and one of each user.

Nobody stands in line: every one who waited would take a thread of the web server from all others.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from automap_service.problems import Problem

_AGAIN = {"Retry-After": "10"}


class Turns:
    """Turns at one kind of work in this process."""

    def __init__(self, what: str, at_a_time: int) -> None:
        """`what`: such as `upload`."""
        self._what = what
        self._most = at_a_time
        self._lock = threading.Lock()
        self._users: set[str] = set()

    @contextmanager
    def of(self, user: str) -> Iterator[None]:
        """The turn of a user; raises `Problem` at once where it is not."""
        with self._lock:
            if user in self._users:
                detail = f"your other {self._what} is not at its end"
                raise Problem(status=429, type="too-many-requests", detail=detail, headers=_AGAIN)
            if len(self._users) >= self._most:
                detail = f"too many at a time: {self._what}"
                raise Problem(status=503, type="unavailable", detail=detail, headers=_AGAIN)
            self._users.add(user)
        try:
            yield
        finally:
            with self._lock:
                self._users.discard(user)
