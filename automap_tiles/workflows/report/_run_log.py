"""The events of a run, aggregated for its report in memory independent of the number of tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from automap_tiles.engine.events import Noted, TileResult, TileStatus, WorkerLost
from automap_tiles.notes import Note, Notes
from automap_tiles.workflows.events import (
    Done,
    Event,
    Fact,
    Failed,
    Finished,
    Json,
    PhaseFinished,
    PhaseStarted,
    Skipped,
    Started,
)

MOST_CELLS = 4096
"""Maximum number of cells in the map of a zoom: with more tiles, neighbours share one."""
_MOST_ERRORS = 50
"""Maximum number of distinct errors."""
_EXAMPLES = 5


@dataclass
class Cell:
    """Tiles that share one cell of the status map."""

    counts: dict[str, int] = field(default_factory=dict)
    """By status."""
    seconds: float = 0.0

    def add(self, other: Cell) -> None:
        for status, count in other.counts.items():
            self.counts[status] = self.counts.get(status, 0) + count
        self.seconds += other.seconds


@dataclass
class TileMap:
    """The tiles of a zoom."""

    shift: int = 0
    """A cell is 2^shift tiles wide."""
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    """(row, column) >> shift."""

    def add(self, result: TileResult) -> None:
        place = result.index.row >> self.shift, result.index.col >> self.shift
        one = Cell({result.status.name.lower(): 1}, result.seconds)
        self.cells.setdefault(place, Cell()).add(one)
        while len(self.cells) > MOST_CELLS:
            fine, self.cells, self.shift = self.cells, {}, self.shift + 1
            for (row, col), cell in fine.items():
                self.cells.setdefault((row >> 1, col >> 1), Cell()).add(cell)


@dataclass
class WorkerStats:
    """Statistics of one worker."""

    items: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0
    """Peak memory of its process so far; 0: unknown."""


@dataclass
class ErrorGroup:
    """Errors with the same last line."""

    count: int = 0
    examples: list[str] = field(default_factory=list)
    text: str = ""
    """Full text of the first one."""


@dataclass
class Step:
    """A phase of a run; the run of a single process has one."""

    name: str
    facts: Mapping[str, Fact]
    begun: datetime
    total: int | None = None
    ended: datetime | None = None
    counts: dict[str, int] = field(default_factory=dict)
    """Items by status."""
    workers: dict[str, WorkerStats] = field(default_factory=dict)
    maps: dict[int, TileMap] = field(default_factory=dict)
    """By zoom."""
    outcome: Json = field(default_factory=dict)


@dataclass
class RunLog:
    """The log of a run, built from its events."""

    order: Json
    """As `Order.to_json` writes it."""
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    facts: dict[str, Fact] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    troubles: dict[str, ErrorGroup] = field(default_factory=dict)
    """By their last line."""
    lost_workers: int = 0
    notes: tuple[Note, ...] = ()
    outcome: Json = field(default_factory=dict)
    _told: Notes = field(default_factory=Notes)

    def add(self, event: Event) -> None:
        """Add an event."""
        match event:
            case Started(total=total, facts=facts):
                self.facts |= facts
                if total is not None:
                    self._begin(Step("tiles", facts, _now(), total))
            case PhaseStarted(phase=phase, total=total, facts=facts):
                self._begin(Step(phase, facts, _now(), total))
            case PhaseFinished(outcome=outcome):
                self._end(outcome.to_json())
            case Skipped(count=count):
                self._count("done before", count)
            case Done(item=item) | Failed(item=item):
                self._item(item)
            case Noted(note=note):
                self._told.add(note)
            case WorkerLost():
                self.lost_workers += 1
            case Finished(outcome=outcome):
                self._end({})
                self.outcome, self.ended = outcome.to_json(), _now()
                self.notes = getattr(outcome, "notes", None) or self._told.grouped()

    @property
    def has_begun(self) -> bool:
        """Whether the initial checks have passed."""
        return bool(self.steps)

    @property
    def has_done_something(self) -> bool:
        """Whether a step, or an item of one, is finished."""
        return any(step.counts or step.ended is not None for step in self.steps)

    def break_off(self, reason: str) -> None:
        """Mark the log as ended by an error or interrupt."""
        self._end({})
        self.outcome, self.ended = {"stopped_by": reason}, _now()
        self.notes = self._told.grouped()

    def _begin(self, step: Step) -> None:
        self._end({})
        self.steps.append(step)

    def _end(self, outcome: Json) -> None:
        if self.steps and self.steps[-1].ended is None:
            self.steps[-1].ended, self.steps[-1].outcome = _now(), outcome

    def _count(self, status: str, count: int = 1) -> None:
        if self.steps:
            counts = self.steps[-1].counts
            counts[status] = counts.get(status, 0) + count

    def _item(self, item: Any) -> None:
        said: Json = item.to_json()
        name = _name_of(said)
        if "status" in said:
            self._count(str(said["status"]))
        if self.steps and "seconds" in said:
            worker = getattr(item, "worker", "") or "not told"
            work = self.steps[-1].workers.setdefault(worker, WorkerStats())
            work.items += 1
            work.seconds += float(said["seconds"])
            work.peak_bytes = max(work.peak_bytes, getattr(item, "peak_bytes", 0))
        if isinstance(item, TileResult) and self.steps and item.status in _ON_MAP:
            self.steps[-1].maps.setdefault(item.index.zoom, TileMap()).add(item)
        if said.get("error"):
            self._error(str(said["error"]), name)

    def _error(self, text: str, name: str) -> None:
        words = text.strip().splitlines()[-1][:300]
        if words not in self.troubles and len(self.troubles) >= _MOST_ERRORS:
            words = "others"
        trouble = self.troubles.setdefault(words, ErrorGroup(text=text))
        trouble.count += 1
        if len(trouble.examples) < _EXAMPLES:
            trouble.examples.append(name)


_ON_MAP = (TileStatus.WRITTEN, TileStatus.EMPTY, TileStatus.FAILED)


def _name_of(said: Json) -> str:
    """Name of an item: a tile, a scene, a result."""
    tile = said.get("tile")
    if isinstance(tile, list):
        return "/".join(map(str, tile))
    return str(said.get("scene") or said.get("what") or "")


def _now() -> datetime:
    return datetime.now(UTC)
