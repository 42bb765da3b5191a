"""Parallel download of many files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from automap_tiles.errors import AutomapError, MissingExtra
from automap_tiles.scenes.download._files import RemoteFile
from automap_tiles.scenes.download._transfer import Transfer
from automap_tiles.scenes.download.retry_policy import Patience
from automap_tiles.scenes.failures import check_own
from automap_tiles.stopping import Stopped, raise_if_stopped

WORKERS = 8
"""Parallel transfers: more are rarely faster, and some servers reject clients that ask for more."""

_ASK_SECONDS = 0.2
"""Interval at which to check whether to stop."""


Gate = Callable[["RemoteFile", threading.Event], bool]
"""Blocks until a file may be fetched; False if the event was set meanwhile."""


class FetchStatus(StrEnum):
    """Outcome for a file."""

    FETCHED = "fetched"
    THERE = "there"
    """Already complete before."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One file of a download."""

    file: RemoteFile
    path: Path
    """Valid unless it failed."""
    status: FetchStatus
    bytes: int = 0
    """Bytes transferred in this run."""
    seconds: float = 0.0
    error: str | None = None
    """Why it failed."""


def fetch(
    files: Sequence[RemoteFile],
    folder: str | Path,
    *,
    workers: int = WORKERS,
    patience: Patience | None = None,
    progress: Callable[[int], None] | None = None,
    gate: Gate | None = None,
) -> Generator[Fetched]:
    """Fetch files into a folder; yields each one when it is done.

    Files appear complete or not at all. Partial transfers of an earlier run are resumed. A failed
    file does not stop the others; closing the iterator does, and keeps what has arrived. `progress`
    is called, from any thread, with the number of bytes received. `gate` is called before each
    file, in their order, and may block until there is room for it.
    """
    root = Path(folder)
    stop = threading.Event()
    patience = patience or Patience()

    def one(file: RemoteFile) -> Fetched:
        target = root / file.target
        if gate is not None and not gate(file, stop):
            return Fetched(file=file, path=target, status=FetchStatus.FAILED, error="stopped")
        return _one(file, target, patience, stop, progress or _nothing)

    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="fetch")
    try:
        jobs: set[Future[Fetched]] = {pool.submit(one, file) for file in _once(files)}
        while jobs:
            done, jobs = wait(jobs, _ASK_SECONDS, FIRST_COMPLETED)
            for job in done:
                yield job.result()
            raise_if_stopped()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def is_there(file: RemoteFile, target: Path) -> bool:
    """Whether it is complete; a file gets its name only then, so checking its size suffices."""
    try:
        size = target.stat().st_size
    except OSError:
        return False
    return file.size is None or file.size == size


def _one(
    file: RemoteFile,
    target: Path,
    patience: Patience,
    stop: threading.Event,
    progress: Callable[[int], None],
) -> Fetched:
    if is_there(file, target):
        return Fetched(file=file, path=target, status=FetchStatus.THERE)
    started = time.monotonic()
    try:
        transfer = Transfer(file, target, patience=patience, stop=stop, progress=progress)
        came = transfer.run()
    except MissingExtra:
        raise
    except AutomapError as error:
        check_own(error)
        seconds = time.monotonic() - started
        return Fetched(
            file=file, path=target, status=FetchStatus.FAILED, seconds=seconds, error=str(error)
        )
    except Stopped:
        return Fetched(file=file, path=target, status=FetchStatus.FAILED, error="stopped")
    seconds = time.monotonic() - started
    return Fetched(file=file, path=target, status=FetchStatus.FETCHED, bytes=came, seconds=seconds)


def _once(files: Sequence[RemoteFile]) -> list[RemoteFile]:
    return list({file.target: file for file in files}.values())


def _nothing(count: int) -> None:
    del count
