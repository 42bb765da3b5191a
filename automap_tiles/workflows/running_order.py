"""A workflow that goes on, in the hand of whoever started it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

from automap_tiles.workflows import run
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.events import Event, Finished, Serialisable

Outcome_co = TypeVar("Outcome_co", bound=Serialisable, covariant=True)


class RunningOrder(Generic[Outcome_co]):
    """An iterator of events, and the outcome when they are over; for one thread.

    An interrupt while an event is waited for ends the work in an orderly way before it is raised.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self._stop = threading.Event()
        self._events: Generator[Event] = run(order, stop=self._stop)
        self._outcome: Serialisable | None = None

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = next(self._events)
        if isinstance(event, Finished):
            self._outcome = event.outcome
        return event

    def result(self) -> Outcome_co:
        """Wait for the end; what it has come to.

        Raises what the workflow raises, and `RuntimeError` when it was closed before its end.
        """
        for _ in self:
            pass
        if self._outcome is None:
            raise RuntimeError("it was closed before its end, and has no outcome")
        return cast("Outcome_co", self._outcome)

    def stop(self) -> None:
        """Ask it to end, from any thread; the events go on to the outcome, within seconds."""
        self._stop.set()

    def close(self) -> None:
        """End it now; everything done is kept."""
        self._stop.set()
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
