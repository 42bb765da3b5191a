"""A running workflow, controlled by its caller."""

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
    """An iterator of events, with an outcome at the end; for one thread.

    An interrupt while waiting for an event stops the work cleanly before it is raised.
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
        """Wait for the end and return the outcome.

        Raises what the workflow raises, and `RuntimeError` if it was closed before.
        """
        for _ in self:
            pass
        if self._outcome is None:
            raise RuntimeError("it was closed before its end, and has no outcome")
        return cast("Outcome_co", self._outcome)

    def stop(self) -> None:
        """Request a stop, from any thread; events continue up to the outcome, within seconds."""
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
