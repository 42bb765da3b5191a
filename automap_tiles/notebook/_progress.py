"""How a run goes, in a notebook."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, TypeVar

from automap_tiles.engine.events import (
    Noted,
    RunFinished,
    RunStarted,
    Summary,
    TileDone,
    TilesSkipped,
    TileStatus,
)
from automap_tiles.pictures.html import bar, table

_EVERY = 0.2
"""Seconds between two looks: a notebook draws slowly."""

_Event = TypeVar("_Event")


def follow(events: Iterable[_Event]) -> _Event | None:
    """Carry out a run and show how it goes below the cell; gives its last event.

    `follow(process.execute())`, `follow(automap_tiles.run(...))`. Outside of a notebook nothing is
    shown. Interrupting the kernel ends the run with everything done kept.
    """
    tally, shown, last = _Tally(), _Display(), None
    for event in events:
        last = event
        tally.take(event)
        shown.update(tally.html())
    shown.update(tally.html(), now=True)
    return last


class _Tally:
    """What has come of a run so far."""

    def __init__(self) -> None:
        self.tiles = self.done = self.failed = self.skipped = 0
        self.notes: list[str] = []
        self.others = ""
        self.summary: Summary | None = None

    def take(self, event: object) -> None:
        """One event."""
        match event:
            case RunStarted():
                self.tiles, self.done = event.tiles, 0
            case TilesSkipped():
                self.skipped += event.count
            case TileDone():
                self.done += 1
                self.failed += event.result.status is TileStatus.FAILED
            case Noted():
                self.notes.append(str(event.note))
            case RunFinished():
                self.summary = event.summary
            case _:
                self.others = type(event).__name__

    def html(self) -> str:
        """As it is shown."""
        known = self.done + self.skipped
        failed = f", {self.failed} failed" if self.failed else ""
        text = f"{known} of {self.tiles} tiles{failed}" if self.tiles else self.others
        if (found := self.summary) is not None:
            text = (
                f"{found.written} written, {found.empty} empty, {found.skipped} done before, "
                f"{found.failed} failed in {found.seconds:.1f} s"
            )
        notes = table(("told",), [(note,) for note in self.notes]) if self.notes else ""
        return bar(known, self.tiles, text) + notes


class _Display:
    """One place below the cell, drawn again and again."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._drawn = 0.0
        self._html: Any = None
        try:
            from IPython import get_ipython
            from IPython.display import HTML, display
        except ImportError:
            return
        if get_ipython() is not None:
            self._html = HTML
            self._handle = display(HTML(""), display_id=True)

    def update(self, html: str, *, now: bool = False) -> None:
        """Draw, unless that was just done."""
        if self._handle is None or (not now and time.monotonic() - self._drawn < _EVERY):
            return
        self._drawn = time.monotonic()
        self._handle.update(self._html(html))
