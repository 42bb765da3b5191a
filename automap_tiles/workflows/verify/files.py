"""Compare the files of an output with the sizes and checksums in its journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from automap_tiles.engine.journal import DAMAGED, Journal
from automap_tiles.errors import InputError, ResourceError, is_without_handles
from automap_tiles.grid import TileIndex
from automap_tiles.stopping import NEVER, Either, StopToken
from automap_tiles.storage import LocalStorage, checksum_of_chunks, is_remote
from automap_tiles.workflows.verify._readable import why_unreadable
from automap_tiles.workflows.verify._target import Target, read_journal
from automap_tiles.workflows.verify.files_report import Damage, FileProblem, FilesReport, SoundFile

if TYPE_CHECKING:
    from automap_tiles.engine.journal import JournalReader

_Item = TypeVar("_Item")

SET_ASIDE = ".damaged"
"""Suffix of a damaged single file when it is set aside."""

# Files read in parallel: few on a disk, many in an object store.
_LOCAL_THREADS, _REMOTE_THREADS = 4, 32

# Local files per task of a thread: a task's overhead is half the time of reading a file.
_LOCAL_BATCH = 8

# Files per query of the journal.
_ASKED = 500


@dataclass(frozen=True, slots=True)
class _Expected:
    """A file in the journal; without size and checksum it can only be read."""

    tile: TileIndex | None
    key: str
    size: int | None = None
    checksum: int | None = None


def check_files(
    target: Target, report: FilesReport, *, stop: StopToken = NEVER
) -> Iterator[SoundFile | Damage]:
    """Check every file in the journal.

    The counts are added to `report`. Raises `JournalError`, and `InputError` if the output as a
    whole cannot be read.
    """
    left = threading.Event()
    ended = Either(stop, left)
    ways = (_REMOTE_THREADS, 1) if is_remote(target.path) else (_LOCAL_THREADS, _LOCAL_BATCH)
    with (
        read_journal(target) as journal,
        closing(_expected(journal, target)) as files,  # before the journal, whatever happens
        closing(_in_parallel(files, _checking(target, ended), left, *ways)) as checked,
    ):
        for expected, found in checked:
            if found is None or stop.is_set():
                return
            report.add(expected.size if expected.checksum is not None else None, found)
            yield found
        if target.directory is not None and not stop.is_set():
            for known in _marked(journal, target):
                report.damaged.append(known)
                yield known
        for some in _batches(target.there(), _ASKED):
            if stop.is_set():
                return
            for _, key in journal.unknown_files(some):
                report.strays, report.stray = report.strays + 1, report.stray or key


def _marked(journal: JournalReader, target: Target) -> Iterator[Damage]:
    """Tiles found damaged by an earlier verification, and not remade since."""
    for failed in journal.failed():
        if failed.is_damaged:
            yield Damage(
                name=target.name(target.keys_of(failed.index)[0]),
                tile=failed.index,
                problem=FileProblem.MARKED,
                detail=failed.error.removeprefix(DAMAGED),
            )


def _expected(journal: JournalReader, target: Target) -> Generator[_Expected]:
    for file in journal.single_files():
        yield _Expected(None, *file)
    for tile, file in journal.files():
        yield _Expected(tile, *file)
    if target.directory is None:
        if not journal.single_files():
            yield _Expected(None, "")
        return
    for tile in journal.written_without_files():
        there = target.storage.exists_many(target.keys_of(tile))
        # a completely missing tile is reported as its first file
        yield from (_Expected(tile, key) for key in sorted(there) or target.keys_of(tile)[:1])


_Checked = SoundFile | Damage | None
"""None if the check was cancelled."""


def _checking(target: Target, stop: StopToken) -> Callable[[_Expected], _Checked]:
    def check(expected: _Expected) -> _Checked:
        name = target.name(expected.key)
        try:
            found = _compared(target, name, expected, stop)
        except _BrokenOffError:
            return None
        if found is None:
            return SoundFile(name=name, tile=expected.tile)
        problem, detail = found
        return Damage(name=name, tile=expected.tile, problem=problem, detail=detail)

    return check


class _BrokenOffError(Exception):
    """Raised in a thread when the check of a large file is cancelled."""


def _until(stop: StopToken, chunks: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    for chunk in chunks:
        if stop.is_set():
            raise _BrokenOffError
        yield chunk


def _compared(
    target: Target, name: str, expected: _Expected, stop: StopToken
) -> tuple[FileProblem, str] | None:
    """The problem of a file; None if there is none."""
    try:
        storage = target.storage
        read = storage.pieces if isinstance(storage, LocalStorage) else storage.chunks
        size, value = checksum_of_chunks(_until(stop, read(name)))
    except FileNotFoundError:
        return FileProblem.MISSING, "no such file"
    except InputError as error:
        if is_without_handles(error):
            raise ResourceError.without_handles() from error
        return FileProblem.UNREADABLE, error.message
    if expected.checksum is None:
        why = why_unreadable(target, name)
        return None if why is None else (FileProblem.UNREADABLE, why)
    if size != expected.size:
        return FileProblem.SIZE, f"{size} bytes, {expected.size} were written"
    if value != expected.checksum:
        return FileProblem.CONTENT, f"checksum {value:08x}, {expected.checksum:08x} was written"
    return None


def _in_parallel(
    items: Iterable[_Expected],
    work: Callable[[_Expected], _Checked],
    left: threading.Event,
    threads: int,
    size: int,
) -> Generator[tuple[_Expected, _Checked]]:
    """Each item with its result, in order; a bounded number is in flight, `size` per task.

    `left` is set as soon as the results are no longer needed, by an interrupt or otherwise.
    """
    source = _batches(items, size)

    def several(batch: Sequence[_Expected]) -> list[_Checked]:
        return [work(item) for item in batch]

    with ThreadPoolExecutor(threads) as pool:
        flying: deque[tuple[list[_Expected], Future[list[_Checked]]]] = deque()
        try:
            while True:
                for batch in islice(source, 4 * threads - len(flying)):
                    flying.append((batch, pool.submit(several, batch)))
                if not flying:
                    return
                batch, future = flying.popleft()
                yield from zip(batch, future.result(), strict=True)
        finally:
            left.set()
            pool.shutdown(cancel_futures=True)


def _batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def mark(target: Target, damaged: Sequence[Damage]) -> None:
    """Mark damaged tiles in the journal: the next run remakes them.

    A single file is set aside under another name, and all its tiles are remade. Raises `OutputBusy`
    while a run is writing the output.
    """
    with Journal.open(target.journal) as journal:
        if target.directory is not None:
            journal.mark_failed(
                (damage.tile, f"{DAMAGED}{damage}")
                for damage in damaged
                if damage.tile is not None and damage.problem is not FileProblem.MARKED
            )
            return
        journal.mark_all_failed(f"{DAMAGED}{damaged[0]}")
        journal.keep_single_files(())
        for damage in damaged:
            if damage.problem is not FileProblem.MISSING:
                target.storage.move(damage.name, f"{damage.name}{SET_ASIDE}")
