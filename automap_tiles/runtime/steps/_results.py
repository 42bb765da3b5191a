"""What the steps of a process have made of one tile, until nobody needs it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray

_current: ContextVar[StepResults | None] = ContextVar("results of steps", default=None)


class StepResults:
    """StepResults of steps by name, on one tile; several threads of a function may ask at once."""

    def __init__(self) -> None:
        self._made: dict[str, RasterArray | None] = {}
        self._users: dict[str, set[str]] = {}
        # One for each step and not one for all: a thread that a step starts asks for another one
        # while the step is being waited for. Steps make no circle, so neither do the locks.
        self._locks: dict[str, threading.RLock] = {}

    def of(
        self, step: str, users: frozenset[str], make: Callable[[], RasterArray | None]
    ) -> RasterArray | None:
        """The result of a step, made on the first call; `users` are the steps that will ask."""
        with self._locks.setdefault(step, threading.RLock()):
            if step not in self._made:
                self._users[step] = set(users)
                with working(self):
                    self._made[step] = make()
            return self._made[step]

    def used(self, steps: Iterable[str], user: str) -> None:
        """A step has ended: let go of what only it still needed."""
        for step in steps:
            waiting = self._users.get(step)
            if waiting is None:
                continue
            waiting.discard(user)
            if not waiting:
                self._made.pop(step, None)
                del self._users[step]

    @property
    def held(self) -> frozenset[str]:
        """Steps whose results are kept at the moment."""
        return frozenset(self._made)


@contextmanager
def working(results: StepResults | None = None) -> Iterator[StepResults]:
    """The results of the tile at hand: those given, those of the step around this one, or new."""
    found = current() if results is None else results
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)


def current() -> StepResults:
    """Those of the tile at hand; new ones where none is."""
    found = _current.get()
    return StepResults() if found is None else found
