"""Worker processes for tiles on demand.

A user's function may crash, exit its process or never return. Each worker here is a group of one
process, so that one tile cannot affect others; it is replaced when it dies, and terminated when a
tile times out or its process is no longer wanted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TimedOut
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from automap_tiles.engine._lost_tiles import died, lost_tile
from automap_tiles.engine._tile_timeout import TimeLimit, timeout_message
from automap_tiles.engine.on_demand._worker_side import (
    MadeTile,
    PackedProcess,
    begin,
    learn,
    make_tile,
    try_out,
)
from automap_tiles.engine.pools.choice import usable_processors
from automap_tiles.engine.pools.group import WorkerDied, WorkerGroup
from automap_tiles.grid import TileIndex

TILE_SECONDS = 300.0
"""Default timeout of a tile on demand (seconds)."""

_GRACE = 5.0
"""Seconds after which a worker is killed that should have exited or responded."""

Result = TypeVar("Result")


class TileWorkers:
    """One process per CPU, each started when needed."""

    def __init__(self, seconds: float = TILE_SECONDS, count: int | None = None) -> None:
        """`seconds` is how long a tile may take."""
        self.seconds = seconds
        self._free = [_Worker(seconds) for _ in range(count or usable_processors())]
        self._all = tuple(self._free)
        self._change = threading.Condition()

    @property
    def count(self) -> int:
        """Number of tiles that can be made in parallel."""
        return len(self._all)

    def make(
        self, process: PackedProcess, index: TileIndex, began: Callable[[], None] = lambda: None
    ) -> MadeTile:
        """Make a tile of a base zoom; waits for a free worker first, then calls `began`.

        If the worker dies or is terminated, the tile fails.
        """
        with self._worker(process) as worker:
            began()
            return worker.make(process, index)

    def warm(self, process: PackedProcess) -> None:
        """Let a free worker load a process ahead of its first tile."""
        with self._change:
            worker = self._free.pop() if self._free else None
        if worker is not None:
            threading.Thread(target=self._warm, args=(worker, process), daemon=True).start()

    def survives(self, work: Callable[..., object], *arguments: object) -> str | None:
        """Try something in a worker: None, or how it ended the worker.

        Exceptions are ignored.
        """
        with self._worker(None) as worker:
            return worker.survives(work, arguments)

    def end(self, process: PackedProcess) -> None:
        """Terminate the workers that are computing a tile of a process."""
        for worker in self._all:
            if worker.process is process:
                worker.kill()

    def leave(self) -> None:
        """Before this process ends, while its threads still wait for tiles: leave no file behind.

        The workers end when it has ended.
        """
        for worker in self._all:
            worker.tidy()

    def close(self) -> None:
        """End all of them."""
        for worker in self._all:
            worker.close()

    def _warm(self, worker: _Worker, process: PackedProcess) -> None:
        try:
            worker.learn(process)
        finally:
            self._put_back(worker)

    @contextmanager
    def _worker(self, process: PackedProcess | None) -> Iterator[_Worker]:
        with self._change:
            self._change.wait_for(lambda: self._free)
            # the last that was used: it is warm; one that knows the process before all
            knowing = [each for each in self._free if process is not None and each.knows(process)]
            worker = (knowing or self._free)[-1]
            self._free.remove(worker)
            worker.process = process
        try:
            yield worker
        finally:
            worker.process = None
            self._put_back(worker)

    def _put_back(self, worker: _Worker) -> None:
        with self._change:
            self._free.append(worker)
            self._change.notify()


@cache
def shared_workers() -> TileWorkers:
    """The default workers, shared by all layers of this process."""
    return TileWorkers()


class _Worker:
    """One process; used by one thread at a time, but any thread may terminate it."""

    def __init__(self, seconds: float) -> None:
        self.process: PackedProcess | None = None
        self._seconds = seconds
        self._limit: TimeLimit | None = None
        self._group: WorkerGroup | None = None
        self._known: set[str] = set()
        self._closed = False
        self._lock = threading.Lock()
        """Guards replacement of the process: shutting one down twice would close files twice."""

    def knows(self, process: PackedProcess) -> bool:
        return process.token in self._known

    def make(self, process: PackedProcess, index: TileIndex) -> MadeTile:
        started = time.perf_counter()
        try:
            pickled = None if self.knows(process) else process
            made = self._call(make_tile, process.token, pickled, index)
            if made is None:  # It has evicted the process in favour of others.
                made = self._call(make_tile, process.token, process, index)
        except (WorkerDied, TimedOut) as error:
            words = self._replace(error)
            seconds = time.perf_counter() - started
            return MadeTile(result=lost_tile(index, words, seconds))
        self._known.add(process.token)
        assert made is not None
        return made

    def learn(self, process: PackedProcess) -> None:
        try:
            self._call(learn, process)
        except (WorkerDied, TimedOut) as error:
            self._replace(error)
        else:
            self._known.add(process.token)

    def survives(self, work: Callable[..., object], arguments: tuple[object, ...]) -> str | None:
        try:
            self._call(try_out, work, *arguments)
        except (WorkerDied, TimedOut) as error:
            return self._replace(error)
        return None

    def kill(self) -> None:
        """Kill the process; waiting callers are notified."""
        with self._lock:
            if self._group is not None:
                self._group.kill()

    def close(self) -> None:
        """Terminate the process for good."""
        with self._lock:
            self._closed = True
        self._end(grace=0.0)
        self.tidy()

    def tidy(self) -> None:
        """Remove what the process may have left word in."""
        with self._lock:
            limit, self._limit = self._limit, None
        if limit is not None:
            with limit:
                pass

    def _end(self, grace: float | None = None) -> int | None:
        """Let go of the process; its exit code where it is known."""
        with self._lock:
            group, self._group = self._group, None
            self._known.clear()
        return None if group is None else group.end(grace)

    def _call(self, work: Callable[..., Result], *arguments: object) -> Result:
        try:
            future = self._submit(work, *arguments)
        except WorkerDied:  # It died while idle.
            self._end()
            future = self._submit(work, *arguments)
        try:
            return future.result(self._seconds + _GRACE)
        except CancelledError as error:  # Its group was ended before the work had reached it.
            raise WorkerDied("it was closed before it began") from error

    def _submit(self, work: Callable[..., Result], *arguments: object) -> Future[Result]:
        with self._lock:
            if self._closed:
                raise WorkerDied("it is closed")
            if self._group is None:
                self._limit = self._limit or TimeLimit(self._seconds)
                self._group = WorkerGroup(1, begin, self._limit.watch)
            return self._group.submit(work, *arguments)

    def _replace(self, error: BaseException) -> str:
        """Release a process that died or hangs; returns the message about its end."""
        hangs = isinstance(error, TimedOut)
        code = self._end(0.0 if hangs else None)
        overdue = {} if self._limit is None else self._limit.overdue()
        self.tidy()
        if hangs:
            return timeout_message(self._seconds)
        return next(iter(overdue.values()), None) or _last_words(code)


def _last_words(code: int | None) -> str:
    return (
        f"WorkerLost: the worker process {died(code)} (a crash in a native library, out of memory, "
        "or a call that ends the process); it was replaced"
    )
