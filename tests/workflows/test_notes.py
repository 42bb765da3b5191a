"""What is told between two events."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from automap_tiles.errors import InputError
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.workflows._notes import with_notes
from automap_tiles.workflows.events import Event, Noted, Skipped

NOTE = Note(fate=Fate.GUESSED, subject=Subject.OPTIONS, reason="nobody said it")


def test_told_before_the_error() -> None:
    def events() -> Generator[Event]:
        yield Skipped(count=1)
        tell(NOTE)
        raise InputError("is broken", "scene")

    stream = with_notes(events())
    assert next(stream) == Skipped(count=1)
    assert next(stream) == Noted(note=NOTE)
    with pytest.raises(InputError, match="is broken"):
        next(stream)
