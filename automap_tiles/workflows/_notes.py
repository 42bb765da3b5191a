"""Turn notes that are reported during a step into events."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from automap_tiles.errors import AutomapError
from automap_tiles.notes import Note, Notes, collecting
from automap_tiles.workflows.events import Event, Finished, Noted

Result = TypeVar("Result")


def with_notes(events: Generator[Event]) -> Generator[Event]:
    """The events, interleaved with the notes made between them in this thread; counts come last.

    On failure, the error is raised after all notes.
    """
    notes, first = Notes(), list[Note]()
    failure: AutomapError | None = None
    last: Event | None = None
    while last is None or not isinstance(last, Finished):
        with collecting() as here:
            try:
                last = next(events, None)
            except AutomapError as error:
                failure = error
        for note in here:
            if notes.add(note):
                first.append(note)
                yield Noted(note=note)
        if failure is not None:
            raise failure
        if last is None:
            return
        if isinstance(last, Finished):
            before = {note.cause: note.count for note in first}
            for note in notes:
                if note.count > before[note.cause]:
                    yield Noted(note=note)
        yield last


def run_with_notes(work: Callable[[], Result]) -> Generator[Event, None, Result]:
    """Run something at once; its notes (lost, replaced, ignored, guessed) come as events.

    On failure, the error is raised after all notes.
    """
    failure: AutomapError | None = None
    with collecting() as notes:
        try:
            result = work()
        except AutomapError as error:
            failure = error
    for note in notes:
        yield Noted(note=note)
    if failure is not None:
        raise failure
    return result
