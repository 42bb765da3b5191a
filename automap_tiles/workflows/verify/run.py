"""The workflow `verify`."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from automap_tiles.errors import ConfigError
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.runtime import open_process
from automap_tiles.workflows._order import NEVER, StopToken
from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Finished,
    Json,
    Noted,
    PhaseFinished,
    PhaseStarted,
    Started,
)
from automap_tiles.workflows.verify._failures import write_failures
from automap_tiles.workflows.verify._order import VerifyOrder
from automap_tiles.workflows.verify._target import Target, open_target, read_journal
from automap_tiles.workflows.verify.files import check_files, mark
from automap_tiles.workflows.verify.files_report import Damage, FilesReport
from automap_tiles.workflows.verify.seams import Seam, check_seams

FILES, SEAMS = "files", "seams"
"""The phases."""


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """The files to verify."""

    output: str
    files: int
    """In the journal."""
    bytes: int
    """Their total size."""
    unknown_tiles: int
    """Written tiles without recorded files: they can only be read."""

    def to_json(self) -> Json:
        return {
            "output": self.output,
            "files": self.files,
            "bytes": self.bytes,
            "unknown_tiles": self.unknown_tiles,
        }


@dataclass(kw_only=True)
class SeamsReport:
    """Results; updated while tiles are recomputed."""

    tried: int = 0
    """Recomputed tiles."""
    alone: int = 0
    """Of these, tiles that cover their whole zoom and cannot be cut differently."""
    seams: tuple[Seam, ...] = ()

    def to_json(self) -> Json:
        return {
            "tried": self.tried,
            "alone": self.alone,
            "seams": [seam.to_json() for seam in self.seams],
        }


@dataclass(frozen=True, kw_only=True)
class VerifyOutcome:
    """Result of a verification."""

    output: str
    files: FilesReport
    seams: SeamsReport | None
    """None if not requested."""
    marked: bool
    """Whether the next run will remake the damaged tiles."""
    set_aside: bool
    """Whether that is because the damaged file was renamed."""
    failures: str | None
    """The map of failures; None if there are none."""
    stopped: bool
    """Whether it was stopped before the last file or tile."""

    @property
    def is_sound(self) -> bool:
        """Whether there were no failures in what was checked."""
        return self.failures is None

    def to_json(self) -> Json:
        return {
            "output": self.output,
            **self.files.to_json(),
            **({} if self.seams is None else self.seams.to_json()),
            "marked": self.marked,
            "set_aside": self.set_aside,
            "failures": self.failures,
            "stopped": self.stopped,
        }


def check(order: VerifyOrder) -> VerifyReport:
    """Count the files to compare.

    Raises `ConfigError` if there is no output or no journal to compare it with.
    """
    target = _target(order)
    with read_journal(target) as journal:
        files = [*journal.single_files(), *(file for _, file in journal.files())]
        unknown = 0 if target.directory is None else sum(1 for _ in journal.written_without_files())
    return VerifyReport(
        output=target.path,
        files=len(files),
        bytes=sum(file.size for file in files),
        unknown_tiles=unknown,
    )


def run(order: VerifyOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Compare the files, then search for seams; mark damaged tiles, and write a map of failures.

    A tile is recomputed completely: `stop` is checked between tiles. Raises as `check`,
    `InputError` if the output as a whole cannot be read, `ProcessChanged` if seams cannot be
    checked, `OutputBusy` while a run is writing the output to be marked.
    """
    target = _target(order)
    yield Started(facts={"output": target.path})
    files = FilesReport()
    yield from _files(target, files, stop)
    seams = SeamsReport() if order.seams else None
    if seams is not None and not stop.is_set():
        yield from _seams(order, target, seams, stop)
    if files.damaged and order.mark:
        mark(target, files.damaged)
    found = () if seams is None else seams.seams
    failures = order.failures or f"verify_{Path(target.path).stem}.geojson"
    has_failed = bool(files.damaged or found)
    if has_failed:
        write_failures(Path(failures), target.process_pyramid, files.damaged, found)
    yield Finished(
        outcome=VerifyOutcome(
            output=target.path,
            files=files,
            seams=seams,
            marked=bool(files.damaged) and order.mark,
            set_aside=bool(files.damaged) and order.mark and target.directory is None,
            failures=failures if has_failed else None,
            stopped=stop.is_set(),
        )
    )


def _target(order: VerifyOrder) -> Target:
    if order.seams and not is_process_file(order.output):
        raise ConfigError(
            "seams are found by computing tiles again",
            key="output",
            found=order.output,
            remedy="the .mapchete file of the process",
        )
    return open_target(order.output)


def _files(target: Target, report: FilesReport, stop: StopToken) -> Generator[Event]:
    yield PhaseStarted(phase=FILES)
    for found in check_files(target, report, stop=stop):
        yield Failed(item=found) if isinstance(found, Damage) else Done(item=found)
    yield PhaseFinished(phase=FILES, outcome=report)
    for note in report.notes():
        yield Noted(note=note)
    if target.steps:
        yield Noted(note=_of_steps(target.steps))


def _of_steps(paths: tuple[str, ...]) -> Note:
    return Note(
        fate=Fate.IGNORED,
        subject=Subject.FILES,
        reason="outputs of stored steps have journals of their own: they were not compared",
        count=len(paths),
        examples=paths[:3],
        remedy="automap verify FOLDER, for each of them",
    )


def _seams(
    order: VerifyOrder, target: Target, report: SeamsReport, stop: StopToken
) -> Generator[Event]:
    yield PhaseStarted(phase=SEAMS, total=order.sample)
    with read_journal(target) as journal:
        process = open_process(order.output)
        for tile in check_seams(process, journal, sample=order.sample, seed=order.seed):
            report.tried, report.alone = report.tried + 1, report.alone + (not tile.cuts)
            report.seams += tile.seams
            for seam in tile.seams:
                yield Failed(item=seam)
            if not tile.seams:
                yield Done(item=tile)
            if stop.is_set():
                break
    yield PhaseFinished(phase=SEAMS, outcome=report)
