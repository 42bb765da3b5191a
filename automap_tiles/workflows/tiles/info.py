"""Information about a process, an output or a journal, and its progress."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal import (
    FailedTile,
    JournalLocation,
    JournalReader,
    RunRecord,
    has_journal,
    place_of,
)
from automap_tiles.errors import ConfigError
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.notes import Note
from automap_tiles.runtime import Process, open_process
from automap_tiles.runtime.steps import all_steps
from automap_tiles.workflows._notes import run_with_notes
from automap_tiles.workflows._order import NEVER, Order, StopToken
from automap_tiles.workflows.events import Event, Finished, Json, Started
from automap_tiles.workflows.tiles.stored_tiles import TileSelection, open_stored_tiles


@dataclass(frozen=True, kw_only=True)
class InfoOrder(Order):
    """Show information about a process, an output or a journal."""

    workflow: ClassVar[str] = "info"

    path: str
    """`.mapchete` file, output folder or file of a process, or a journal.sqlite."""
    failures: int = 10
    """Maximum number of failed tiles to show with their errors."""


@dataclass(frozen=True, kw_only=True)
class ZoomProgress:
    """The tiles of one zoom in the journal."""

    zoom: int
    written: int
    empty: int
    failed: int
    stale: int
    """To be remade, because an overwriting run has started."""


@dataclass(frozen=True, kw_only=True)
class JournalInfo:
    """The content of a journal."""

    path: str
    last_run: RunRecord | None
    zooms: tuple[ZoomProgress, ...]
    failed: tuple[FailedTile, ...]
    """The first failed tiles."""
    notes: tuple[Note, ...] = ()
    """What was lost, replaced, ignored or guessed in the last run."""

    def to_json(self) -> Json:
        return {
            "path": self.path,
            "last_run": None if self.last_run is None else asdict(self.last_run),
            "zooms": [asdict(zoom) for zoom in self.zooms],
            "failed": [{"tile": list(one.index), "error": one.error} for one in self.failed],
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class Info:
    """Result of `automap info`."""

    facts: tuple[tuple[str, str], ...]
    """Name and value of single-line facts."""
    tiles: tuple[tuple[int, int], ...] = ()
    """(zoom, number of existing output tiles); counted in folders only."""
    journal: JournalInfo | None = None

    def to_json(self) -> Json:
        return {
            "facts": [{"name": name, "value": value} for name, value in self.facts],
            "tiles": {str(zoom): number for zoom, number in self.tiles},
            "journal": None if self.journal is None else self.journal.to_json(),
        }


def check(order: InfoOrder) -> Info:
    """The answer; see `look_at`."""
    return look_at(order.path, failures=order.failures)


def run(order: InfoOrder, *, stop: StopToken = NEVER) -> Generator[Event]:  # noqa: ARG001 - at once
    """The answer as the outcome; see `look_at`."""
    yield Started(facts={"path": order.path})
    info = yield from run_with_notes(lambda: check(order))
    yield Finished(outcome=info)


def look_at(path: str, *, failures: int) -> Info:
    """Info about a `.mapchete` file, a journal, an output folder or a single output file.

    `failures`: how many failed tiles to fetch with their errors.

    Raises
    ------
    ConfigError
        It is none of them.

    """
    if is_process_file(path):
        process = open_process(path)
        place = place_of(process.writer.path, process.config_path)
        return Info(facts=tuple(_process_facts(process)), journal=_journal(place, failures))
    if path.endswith(".sqlite"):
        if not Path(path).is_file():
            raise ConfigError("is not there", file=path)
        return Info(facts=(("journal", path),), journal=_journal(Path(path), failures))
    place = place_of(path)
    if place.prefix and has_journal(place):
        return Info(facts=(("output", path),), journal=_journal(place, failures))
    return _of_directory(path, failures)


def _process_facts(process: Process) -> Iterator[tuple[str, str]]:
    yield "process", f"{process.name} ({process.function.name})"
    yield "output", process.writer.path
    yield "grid", str(process.pyramid)
    yield "zooms", _zooms(process.zooms)
    if process.baselevels is not None:
        levels = process.baselevels
        yield (
            "base zooms",
            f"{levels.min} to {levels.max}, lower {levels.lower}, higher {levels.higher}",
        )
    for step in all_steps(process):
        place = f"stored in {step.path}" if step.is_stored else "in memory"
        yield "step", f"{step.name}: {step.process.function.name}, {place}"
    for name, reader in process.inputs_of_file.readers():
        yield "input", f"{name}: {reader.path}"
    # as far as the inputs extend: without an area in the file it would be the whole pyramid
    area = process.area_at((process.base_zooms or process.zooms)[-1])
    yield (
        "area",
        " ".join(f"{value:.10g}" for value in area.bounds) if not area.is_empty else "none",
    )


def _of_directory(path: str, failures: int) -> Info:
    directory = open_stored_tiles(path)
    facts = (
        ("output", path),
        ("format", directory.metadata.format),
        ("grid", str(directory.pyramid)),
    )
    counts: dict[int, int] = {}
    for index in directory.existing(TileSelection()):
        counts[index.zoom] = counts.get(index.zoom, 0) + 1
    return Info(
        facts=facts,
        tiles=tuple(sorted(counts.items())),
        journal=_journal(directory.place, failures),
    )


def _journal(place: JournalLocation | Path, failures: int) -> JournalInfo | None:
    if isinstance(place, JournalLocation) and not has_journal(place):
        return None
    with JournalReader.at(place) as journal:
        zooms = tuple(
            ZoomProgress(
                zoom=zoom,
                written=counts.get(TileStatus.WRITTEN, 0),
                empty=counts.get(TileStatus.EMPTY, 0),
                failed=counts.get(TileStatus.FAILED, 0),
                stale=counts.get(TileStatus.STALE, 0),
            )
            for zoom, counts in journal.counts().items()
        )
        failed = tuple(tile for tile, _ in zip(journal.failed(), range(failures), strict=False))
        last = journal.last_run()
        return JournalInfo(
            path=str(place),
            last_run=last,
            zooms=zooms,
            failed=failed,
            notes=() if last is None else journal.notes(last),
        )


def _zooms(zooms: tuple[int, ...]) -> str:
    first, last = zooms[0], zooms[-1]
    if zooms == tuple(range(first, last + 1)):
        return str(first) if first == last else f"{first} to {last}"
    return ", ".join(map(str, zooms))
