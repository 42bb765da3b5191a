"""Limit concurrent requests that do long work: few at a time, and one for each user.

Nobody stands in line: every one who waited would take a thread of the web server from all others.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from automap_service.problems import Problem

_AGAIN = {"Retry-After": "10"}


class ConcurrencyLimit:
    """A limit for one kind of work in this process."""

    def __init__(self, what: str, at_a_time: int) -> None:
        """`what`: such as `upload`."""
        self._what = what
        self._most = at_a_time
        self._lock = threading.Lock()
        self._users: set[str] = set()

    @contextmanager
    def of(self, user: str) -> Iterator[None]:
        """Hold a slot for a user; raises `Problem` at once when none is free."""
        if self._take(user):
            try:
                yield
            finally:
                self._give_back(user)
            return
        if user in self._users:
            detail = f"your other {self._what} is not at its end"
            raise Problem(status=429, type="too-many-requests", detail=detail, headers=_AGAIN)
        detail = f"too many at a time: {self._what}"
        raise Problem(status=503, type="unavailable", detail=detail, headers=_AGAIN)

    @contextmanager
    def perhaps(self, user: str) -> Iterator[bool]:
        """Try to hold a slot for a user, who may ask again; yields whether it was free."""
        is_theirs = self._take(user)
        try:
            yield is_theirs
        finally:
            if is_theirs:
                self._give_back(user)

    def _take(self, user: str) -> bool:
        with self._lock:
            if user in self._users or len(self._users) >= self._most:
                return False
            self._users.add(user)
            return True

    def _give_back(self, user: str) -> None:
        with self._lock:
            self._users.discard(user)
