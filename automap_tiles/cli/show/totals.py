"""Totals of a run, summed from its events."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from automap_tiles.engine.events import Summary, TileResult, TileStatus
from automap_tiles.notes import Note
from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Finished,
    Noted,
    PhaseStarted,
    Skipped,
    Started,
)

_KEPT_FAILURES = 20


@dataclass(kw_only=True)
class RunTotals:
    """Sums of a run; `add` every event to it."""

    total: int = 0
    """Tiles of the selection, those done before included."""
    output: str = ""
    config: str | None = None
    """File of the process, where it has one."""
    written: int = 0
    empty: int = 0
    failed: int = 0
    skipped: int = 0
    """Done before."""
    failures: list[TileResult] = field(default_factory=list)
    """The first failed tiles."""
    told: list[Note] = field(default_factory=list)
    """What was shown as lost, replaced, ignored or guessed when it first happened."""
    summary: Summary | None = None
    """Set by the last event."""
    _started: float = field(default_factory=time.monotonic)

    def add(self, event: Event) -> None:
        """Count what an event tells."""
        match event:
            case Started() | PhaseStarted():
                self._begin(event)
            case Skipped():
                self.skipped += event.count
            case Done(item=TileResult() as result) | Failed(item=TileResult() as result):
                self._count(result)
            case Noted():
                self.told.append(event.note)
            case Finished(outcome=Summary() as summary):
                self.summary = summary
            case _:
                pass

    def _begin(self, event: Started | PhaseStarted) -> None:
        """Count from here: the tiles of a step before are no tiles of this one."""
        self.total, self.output = event.total or 0, str(event.facts["output"])
        config = event.facts.get("process")
        self.config = None if config is None else str(config)
        self.written = self.empty = self.failed = self.skipped = 0
        self._started = time.monotonic()

    def _count(self, result: TileResult) -> None:
        if result.status is TileStatus.WRITTEN:
            self.written += 1
        elif result.status is TileStatus.EMPTY:
            self.empty += 1
        else:
            self.failed += 1
            if len(self.failures) < _KEPT_FAILURES:
                self.failures.append(result)

    @property
    def computed(self) -> int:
        """Tiles worked on in this run."""
        return self.written + self.empty + self.failed

    @property
    def done(self) -> int:
        """Tiles that need no more work."""
        return self.computed + self.skipped

    @property
    def seconds(self) -> float:
        """Wall time since the run started."""
        return time.monotonic() - self._started

    @property
    def rate(self) -> float:
        """Computed tiles per second; 0 before the first one."""
        seconds = self.seconds
        return self.computed / seconds if seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds to go at the present rate; None when it cannot be told yet."""
        if not self.rate or self.total < self.done:
            return None
        return (self.total - self.done) / self.rate
