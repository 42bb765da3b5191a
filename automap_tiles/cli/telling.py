"""Showing what was lost, replaced, ignored or guessed in a command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import click

from automap_tiles.notes import Note, Notes, collecting


@contextmanager
def telling(show: Callable[[Note], None]) -> Iterator[Notes]:
    """Show each note that is told in the block when it first comes up.

    At the end those are shown again, with their sums, that came up more than once.
    """
    shown: list[Note] = []

    def first(note: Note) -> None:
        shown.append(note)
        show(note)

    with collecting(first) as notes:
        yield notes
    for note in grown(notes, shown):
        show(note)


def grown(notes: Iterable[Note], shown: Iterable[Note]) -> list[Note]:
    """The notes that count more than what was shown of them."""
    before = {note.cause: note.count for note in shown}
    return [note for note in notes if note.count > before.get(note.cause, 0)]


def show_note(log_format: str) -> Callable[[Note], None]:
    """How commands without a reporter of their own show notes: lines or JSON on stderr."""
    if log_format != "json":
        return _echo
    from automap_tiles.cli.reporters import emit_note

    return emit_note


def _echo(note: Note) -> None:
    click.echo(str(note), err=True)
