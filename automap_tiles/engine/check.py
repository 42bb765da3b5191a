"""Dry run: what a run would do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from automap_tiles.engine._tile_counts import tile_counts
from automap_tiles.engine._warnings import free_bytes, warnings
from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal import JournalReader, has_journal, place_of
from automap_tiles.errors import ConfigError
from automap_tiles.formats import OutputKind, Sized
from automap_tiles.runtime import Process
from automap_tiles.runtime.steps import StepReader, all_steps


@dataclass(frozen=True, kw_only=True)
class ZoomReport:
    """The tiles of one zoom."""

    zoom: int
    tiles: int
    done: int
    """Written or empty by an earlier run, including tiles outside the current area."""
    failed: int
    pixel_size: tuple[float, float]
    """(x, y) in CRS units."""


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """One of several steps before the result."""

    name: str
    process: str
    """Process of the step."""
    reads: tuple[str, ...]
    """Inputs and steps by argument name: `argument: location`."""
    output: str | None
    """Path of its output; None: in memory, tile by tile."""
    margin: int
    """Margin in pixels around each tile that other steps need."""
    tiles: int = 0
    """Of its own run, if it is stored."""
    done: int = 0
    """Written or empty by an earlier run."""
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """A process that passed all checks."""

    name: str
    inputs: tuple[str, ...]
    """Names and paths, those of groups as `group/name: path`, and amounts of data."""
    output: str
    zooms: tuple[ZoomReport, ...]
    uncompressed_bytes: int | None
    """Upper bound of the uncompressed size of all tiles; None for features."""
    free_bytes: int | None = None
    """Free bytes on the disk of the output; None for object stores."""
    warnings: tuple[str, ...] = ()
    """Warnings about valid but probably unintended settings, one sentence each."""
    steps: tuple[StepReport, ...] = ()
    """The steps before the result, in order of computation."""

    @property
    def fits(self) -> bool:
        """Whether even the uncompressed tiles fit on the output's disk, as far as known."""
        needed, free = self.uncompressed_bytes, self.free_bytes
        return needed is None or free is None or needed <= free

    @property
    def tiles(self) -> int:
        return sum(zoom.tiles for zoom in self.zooms)

    def to_json(self) -> dict[str, Any]:
        """For JSON lines and databases."""
        said = {**asdict(self), "tiles": self.tiles, "fits": self.fits}
        if not self.steps:
            del said["steps"]
        return said


def check(process: Process) -> CheckReport:
    """Report what a run would do. Opens no data and writes nothing.

    Raises `ConfigError` when there is nothing to do.
    """
    known = _journal_counts(process)
    counts = tile_counts(process, process.zooms)
    zooms = tuple(
        ZoomReport(
            zoom=zoom,
            tiles=counts[zoom],
            done=known.get(zoom, {}).get(TileStatus.WRITTEN, 0)
            + known.get(zoom, {}).get(TileStatus.EMPTY, 0),
            failed=known.get(zoom, {}).get(TileStatus.FAILED, 0),
            pixel_size=process.pyramid.pixel_size(zoom),
        )
        for zoom in process.zooms
    )
    tiles = sum(zoom.tiles for zoom in zooms)
    if not tiles:
        raise ConfigError(
            "no tile of the wanted zooms touches area, bounds and inputs together",
            file=process.config_path,
            remedy="compare bounds, area and the extent of the inputs (are they in the right CRS?)",
        )
    return CheckReport(
        name=process.name,
        inputs=_inputs(process),
        output=process.writer.path,
        zooms=zooms,
        uncompressed_bytes=_size(process, tiles),
        free_bytes=free_bytes(process.writer.path),
        warnings=tuple(warnings(process)),
        steps=tuple(map(_step, all_steps(process))),
    )


def _step(reader: StepReader) -> StepReport:
    process = reader.process
    zooms = process.zooms if reader.is_stored else ()
    counts = _journal_counts(process) if reader.is_stored else {}

    def known(*statuses: TileStatus) -> int:
        return sum(counts.get(zoom, {}).get(each, 0) for zoom in zooms for each in statuses)

    return StepReport(
        name=reader.name,
        process=str(process.function),
        reads=tuple(f"{name}: {each.path}" for name, each in process.inputs.readers()),
        output=process.writer.path if reader.is_stored else None,
        margin=reader.margin,
        tiles=sum(tile_counts(process, zooms).values()),
        done=known(TileStatus.WRITTEN, TileStatus.EMPTY),
        failed=known(TileStatus.FAILED),
    )


def _inputs(process: Process) -> tuple[str, ...]:
    return tuple(
        f"{name}: {reader.path}" + (f" ({reader.contents()})" if isinstance(reader, Sized) else "")
        for name, reader in process.inputs_of_file.readers(max(process.base_zooms or process.zooms))
    )


def _size(process: Process, tiles: int) -> int | None:
    if process.writer.kind is OutputKind.VECTOR:
        return None
    edge = process.pyramid.tile_size * process.pyramid.metatiling
    return tiles * edge * edge * process.writer.bytes_per_pixel


def _journal_counts(process: Process) -> dict[int, dict[TileStatus, int]]:
    place = place_of(process.writer.path, process.config_path)
    if not has_journal(place):
        return {}
    with JournalReader.at(place) as journal:
        return journal.counts()
