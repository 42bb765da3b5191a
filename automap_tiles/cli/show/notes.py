"""Print the notes of a command: what was lost, replaced, ignored or guessed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Protocol, runtime_checkable

import click

from automap_tiles.notes import Note, Notes, collecting
from automap_tiles.workflows.events import Event, Finished, Noted


@contextmanager
def showing_notes(show: Callable[[Note], None]) -> Iterator[Notes]:
    """Show each note that is told in the block when it first comes up.

    At the end those are shown again, with their sums, that came up more than once.
    """
    shown: list[Note] = []

    def first(note: Note) -> None:
        shown.append(note)
        show(note)

    with collecting(first) as notes:
        yield notes
    for note in increased(notes, shown):
        show(note)


def increased(notes: Iterable[Note], shown: Iterable[Note]) -> list[Note]:
    """The notes that count more than what was shown of them."""
    before = {note.cause: note.count for note in shown}
    return [note for note in notes if note.count > before.get(note.cause, 0)]


@runtime_checkable
class _WithNotes(Protocol):
    """An outcome that tells what was lost, replaced, ignored or guessed on the way."""

    @property
    def notes(self) -> tuple[Note, ...]: ...


def showing_notes_of(
    events: Generator[Event], show: Callable[[Note], None] | None = None
) -> Iterator[Event]:
    """The events of a workflow but its notes, which are shown as `showing_notes` shows them."""
    shown: list[Note] = []
    show = show or _echo
    with closing(events):
        for event in events:
            if isinstance(event, Noted):
                shown.append(event.note)
                show(event.note)
                continue
            if isinstance(event, Finished) and isinstance(event.outcome, _WithNotes):
                for note in increased(event.outcome.notes, shown):
                    show(note)
            yield event


def show_note(log_format: str) -> Callable[[Note], None]:
    """How commands without a reporter of their own show notes: lines or JSON on stderr."""
    if log_format != "json":
        return _echo
    from automap_tiles.cli.show.reporters import emit_note

    return emit_note


def _echo(note: Note) -> None:
    click.echo(str(note), err=True)
