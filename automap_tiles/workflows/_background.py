"""Run work that yields no events itself, such as a search or a training, in a background thread.

It goes on in a thread of its own, so that whoever follows the stream hears at once what is told in
it, and need not wait for its end when the work is stopped or interrupted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeAlias, TypeVar

from automap_tiles.notes import Notes, collecting
from automap_tiles.stopping import Stopped, StopToken, stopping
from automap_tiles.workflows.events import Event, Noted

Result = TypeVar("Result")
Say: TypeAlias = Callable[[Event], None]
"""Receives an event of the work, from any thread."""

GRACE_SECONDS = 3.0
"""Time for the work to reach a point where it can stop. After that it is abandoned: reads and
computations continue in its thread and are discarded; writes check once more before they appear."""
_ASK_SECONDS = 0.1


@dataclass(frozen=True)
class _End(Generic[Result]):
    """The last item from the thread."""

    result: Result | None = None
    error: BaseException | None = None


def run_in_background(
    work: Callable[[Say], Result], *, stop: StopToken, notes: Notes | None = None
) -> Generator[Event, None, Result]:
    """Run the work; its events and notes are yielded, each cause of a note once.

    All notes with their counts are added to `notes` at the end. Raises `Stopped` if the work was
    stopped early, else what the work raises.
    """
    said: SimpleQueue[Event | _End[Result]] = SimpleQueue()
    token = threading.Event()
    told = Notes()

    def go() -> None:
        try:
            with stopping(token), collecting(lambda note: said.put(Noted(note=note))) as found:
                try:
                    result = work(said.put)
                finally:
                    told.extend(found)
        except BaseException as error:  # noqa: BLE001 - it is raised where the stream is read
            said.put(_End(error=error))
        else:
            said.put(_End(result=result))

    thread = threading.Thread(target=go, name="run_in_background", daemon=True)
    thread.start()
    patience = GRACE_SECONDS
    try:
        end = yield from _until_the_end(said, stop, token)
        patience = 0.0 if end is None else GRACE_SECONDS  # it had its time
    finally:
        token.set()
        thread.join(patience)
        if notes is not None:
            notes.extend(told)
    if end is None:
        raise Stopped
    if end.error is not None:
        raise end.error
    return end.result  # type: ignore[return-value]  # without an error it is one


def _until_the_end(
    said: SimpleQueue[Event | _End[Result]], stop: StopToken, token: threading.Event
) -> Generator[Event, None, _End[Result] | None]:
    """The last item; None if the work was stopped and does not end in time."""
    given_up: float | None = None
    while True:
        if given_up is None and stop.is_set():
            token.set()
            given_up = time.monotonic() + GRACE_SECONDS
        try:
            event = said.get(timeout=_ASK_SECONDS)
        except Empty:
            if given_up is not None and time.monotonic() > given_up:
                return None
            continue
        if isinstance(event, _End):
            return event
        yield event
