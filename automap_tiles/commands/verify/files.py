"""The files of an output against the sizes and checksums that its journal keeps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from automap_tiles.commands.verify.readable import why_unreadable
from automap_tiles.commands.verify.target import Target, read_journal
from automap_tiles.errors import InputError
from automap_tiles.formats.protocols import StoredFile
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.storage import checksum, is_remote

if TYPE_CHECKING:
    from automap_tiles.engine.journal import Journal

# Files that are read at a time: a disk has enough of a few, an object store answers many.
_LOCAL_THREADS, _REMOTE_THREADS = 4, 32


class Problem(StrEnum):
    """What can be wrong with a file."""

    MISSING = "missing"
    SIZE = "another size"
    CONTENT = "another content"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A file that is not what was written."""

    name: str
    """Below the output's folder."""
    tile: TileIndex | None
    """The process tile it belongs to; None of a single file."""
    problem: Problem
    detail: str

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}: {self.detail}"


@dataclass(kw_only=True)
class FilesReport:
    """What came out; grows while `check_files` is read."""

    files: int = 0
    """Compared with a checksum."""
    bytes: int = 0
    only_read: int = 0
    """Without a checksum: it was only tried whether they can be read."""
    damaged: list[Damage] = field(default_factory=list)
    strays: int = 0
    """Files of tiles that the journal does not know as written."""
    stray: str = ""
    """One of them."""

    def notes(self) -> Iterator[Note]:
        """What could not be compared."""
        if self.only_read:
            yield Note(
                fate=Fate.IGNORED,
                subject=Subject.FILES,
                reason="no checksum was kept when they were written: they were read, not compared",
                count=self.only_read,
            )
        if self.strays:
            yield Note(
                fate=Fate.IGNORED,
                subject=Subject.FILES,
                reason="the journal does not know them: they were not compared",
                count=self.strays,
                examples=(self.stray,),
            )


@dataclass(frozen=True, slots=True)
class _Expected:
    """A file as the journal has it; without size and checksum it can only be read."""

    tile: TileIndex | None
    key: str
    size: int | None = None
    checksum: int | None = None


def check_files(target: Target, report: FilesReport) -> Iterator[Damage | None]:
    """Look at every file that the journal knows: one item each, None for a good one.

    The sums go into `report`. Raises `JournalError`, and `InputError` when the output as a whole
    cannot be read.
    """
    with read_journal(target) as journal:
        known: set[str] = set()
        for expected, damage in _in_parallel(_expected(journal, target), _checking(target)):
            known.add(expected.key)
            if expected.checksum is None:
                report.only_read += 1
            else:
                report.files += 1
                report.bytes += expected.size or 0
            if damage is not None:
                report.damaged.append(damage)
            yield damage
    for key in target.there():
        if key not in known:
            report.strays, report.stray = report.strays + 1, report.stray or key


def _expected(journal: Journal, target: Target) -> Iterator[_Expected]:
    for file in journal.single_files():
        yield _Expected(None, *file)
    for tile, file in journal.files():
        yield _Expected(tile, *file)
    if target.directory is None:
        if not any(True for _ in journal.single_files()):
            yield _Expected(None, "")
        return
    for tile in journal.written_without_files():
        there = target.storage.exists_many(target.keys_of(tile))
        # one that is missing altogether is missed as its first file
        yield from (_Expected(tile, key) for key in sorted(there) or target.keys_of(tile)[:1])


def _checking(target: Target) -> Callable[[_Expected], Damage | None]:
    def check(expected: _Expected) -> Damage | None:
        name = target.name(expected.key)
        found = _compared(target, name, expected)
        if found is None:
            return None
        problem, detail = found
        return Damage(name=name, tile=expected.tile, problem=problem, detail=detail)

    return check


def _compared(target: Target, name: str, expected: _Expected) -> tuple[Problem, str] | None:
    """What is wrong with a file; None when nothing is."""
    if expected.tile is None:
        return _single_file(target, name, expected)
    try:
        content = target.storage.get(name)
    except FileNotFoundError:
        return Problem.MISSING, "no such file"
    except InputError as error:
        return Problem.UNREADABLE, error.message
    if expected.checksum is None:
        why = why_unreadable(content, name)
        return None if why is None else (Problem.UNREADABLE, why)
    return _difference(StoredFile(name, len(content), checksum(content)), expected)


def _single_file(target: Target, name: str, expected: _Expected) -> tuple[Problem, str] | None:
    """A file that may be larger than memory: piece by piece."""
    from automap_tiles.commands.verify.large import measured, why_unreadable_raster

    try:
        found = StoredFile(name, *measured(target.storage, name))
    except FileNotFoundError:
        return Problem.MISSING, "no such file"
    except InputError as error:
        return Problem.UNREADABLE, error.message
    if expected.checksum is None:
        why = why_unreadable_raster(target.storage.url(name))
        return None if why is None else (Problem.UNREADABLE, why)
    return _difference(found, expected)


def _difference(found: StoredFile, expected: _Expected) -> tuple[Problem, str] | None:
    if found.size != expected.size:
        return Problem.SIZE, f"{found.size} bytes, {expected.size} were written"
    if found.checksum != expected.checksum:
        was = f"{expected.checksum:08x}"
        return Problem.CONTENT, f"checksum {found.checksum:08x}, {was} was written"
    return None


def _in_parallel(
    items: Iterable[_Expected], work: Callable[[_Expected], Damage | None]
) -> Iterator[tuple[_Expected, Damage | None]]:
    """Each item with what came of it, in order; a bounded number is in flight."""
    source = iter(items)
    with ThreadPoolExecutor(_REMOTE_THREADS) as pool:
        flying: deque[tuple[_Expected, Future[Damage | None]]] = deque()
        while True:
            for item in islice(source, 2 * _REMOTE_THREADS - len(flying)):
                flying.append((item, pool.submit(work, item)))
            if not flying:
                return
            item, future = flying.popleft()
            yield item, future.result()
