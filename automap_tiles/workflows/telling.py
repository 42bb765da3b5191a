"""What a step below tells, as events."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from automap_tiles.errors import AutomapError
from automap_tiles.notes import collecting
from automap_tiles.workflows.events import Event, Told

Result = TypeVar("Result")


def telling_first(work: Callable[[], Result]) -> Generator[Event, None, Result]:
    """Do something at once; what was lost, replaced, ignored or guessed in it comes as events.

    Also when it fails: the error is raised when all has been told.
    """
    failure: AutomapError | None = None
    with collecting() as notes:
        try:
            result = work()
        except AutomapError as error:
            failure = error
    for note in notes:
        yield Told(note=note)
    if failure is not None:
        raise failure
    return result
