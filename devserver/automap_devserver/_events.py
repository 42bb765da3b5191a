"""What happens, told to whoever listens."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from automap_devserver._failures import TooMany
from automap_devserver._limits import LISTENERS

_WAIT = 5.0
"""Seconds without an event after which a listener is checked for being connected."""
_PERIOD = 0.5
"""Seconds between checks of files and journals."""
_BEHIND = 1000
"""Largest backlog of a listener; a slower one misses events, and is told so."""


@dataclass(frozen=True)
class Message:
    """One event."""

    kind: str
    data: Mapping[str, Any]


Listener = queue.Queue[Message | None]


class Hub:
    """Publishes events; polls in its own thread while there are listeners."""

    def __init__(self, look: Callable[[], None] = lambda: None) -> None:
        """`look` is called every half second and publishes what it finds."""
        self._look = look
        self._listeners: set[Listener] = set()
        self._guard = threading.Lock()
        self._watch: threading.Thread | None = None
        self._closed = threading.Event()

    def watch(self, look: Callable[[], None]) -> None:
        """Set the function to call while there are listeners."""
        self._look = look

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        """Publish an event to all listeners; never blocks."""
        with self._guard:
            for each in self._listeners:
                if each.qsize() < _BEHIND:
                    each.put(Message(kind, data))
                elif each.qsize() == _BEHIND:
                    each.put(Message("missed", {}))

    @contextmanager
    def listen(self) -> Iterator[Iterator[Message | None]]:
        """Events from now on; None periodically if there is none. Raises `TooMany`."""
        mine: Listener = queue.Queue()
        with self._guard:
            if len(self._listeners) >= LISTENERS:
                raise TooMany(
                    f"{LISTENERS} pages are open already; this one asks for news by itself"
                )
            self._listeners.add(mine)
            if self._watch is None:
                self._watch = threading.Thread(target=self._watching, name="watch", daemon=True)
                self._watch.start()
        try:
            yield self._events(mine)
        finally:
            with self._guard:
                self._listeners.discard(mine)

    def close(self) -> None:
        """End the streams of all listeners."""
        self._closed.set()
        with self._guard:
            for each in self._listeners:
                each.put(None)

    def _events(self, mine: Listener) -> Iterator[Message | None]:
        while not self._closed.is_set():
            try:
                yield mine.get(timeout=_WAIT)
            except queue.Empty:
                yield None

    def _watching(self) -> None:
        """Ends with the last listener."""
        while not self._closed.wait(_PERIOD):
            with self._guard:
                if not self._listeners:
                    self._watch = None
                    return
            self._look()
