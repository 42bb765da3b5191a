"""Processes that make the tiles somebody looks at.

A user's function may crash, end its process or never come back. Each worker here is a pool of one
process, so that what one tile does to it touches no other tile; it is replaced when it dies, and
ended when a tile takes too long or nobody wants its process any more.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as TimedOut
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing.process import BaseProcess
from typing import TypeVar

from automap_tiles.engine.pools.choice import usable_processors
from automap_tiles.engine.pools.context import worker_context
from automap_tiles.engine.watch import TimeLimit, too_long
from automap_tiles.grid import TileIndex
from automap_tiles.layers.worker_side import (
    Job,
    MadeTile,
    begin,
    failed,
    learn,
    make_tile,
    try_out,
)

TILE_SECONDS = 300.0
"""How long a tile may take that somebody looks at, when nobody says otherwise."""

_GRACE = 5.0
"""Seconds after which a worker is killed that should have ended itself, or said something."""

Result = TypeVar("Result")


class Workers:
    """As many processes as there are processors, each begun when it is needed."""

    def __init__(self, seconds: float = TILE_SECONDS, count: int | None = None) -> None:
        """`seconds` is how long a tile may take."""
        self.seconds = seconds
        self._free = [_Worker(seconds) for _ in range(count or usable_processors())]
        self._all = tuple(self._free)
        self._change = threading.Condition()

    def make(
        self, job: Job, index: TileIndex, began: Callable[[], None] = lambda: None
    ) -> MadeTile:
        """Have a tile of a base zoom made; waits for a free worker first, then calls `began`.

        A worker that dies or is ended gives a failed tile.
        """
        with self._worker(job) as worker:
            began()
            return worker.make(job, index)

    def warm(self, job: Job) -> None:
        """Let a free worker load a process, so that its first tile finds all in place."""
        with self._change:
            worker = self._free.pop() if self._free else None
        if worker is not None:
            threading.Thread(target=self._warm, args=(worker, job), daemon=True).start()

    def survives(self, work: Callable[..., object], *arguments: object) -> str | None:
        """Try something out in a worker: None, or how it ended the worker.

        What it raises is not told.
        """
        with self._worker(None) as worker:
            return worker.survives(work, arguments)

    def end(self, job: Job) -> None:
        """End the workers that are in the middle of a tile of a process."""
        for worker in self._all:
            if worker.job is job:
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

    def _warm(self, worker: _Worker, job: Job) -> None:
        try:
            worker.learn(job)
        finally:
            self._put_back(worker)

    @contextmanager
    def _worker(self, job: Job | None) -> Iterator[_Worker]:
        with self._change:
            self._change.wait_for(lambda: self._free)
            # the last that was used: it is warm; one that knows the process before all
            knowing = [each for each in self._free if job is not None and each.knows(job)]
            worker = (knowing or self._free)[-1]
            self._free.remove(worker)
            worker.job = job
        try:
            yield worker
        finally:
            worker.job = None
            self._put_back(worker)

    def _put_back(self, worker: _Worker) -> None:
        with self._change:
            self._free.append(worker)
            self._change.notify()


@cache
def shared_workers() -> Workers:
    """Those of all layers of this process that were not given others."""
    return Workers()


class _Worker:
    """One process; used by one thread at a time, but any may end it."""

    def __init__(self, seconds: float) -> None:
        self.job: Job | None = None
        self._seconds = seconds
        self._limit: TimeLimit | None = None
        self._executor: ProcessPoolExecutor | None = None
        self._child: BaseProcess | None = None
        self._known: set[str] = set()
        self._closed = False
        self._lock = threading.Lock()
        """Held to change which process this is: two that shut one down close files twice."""

    def knows(self, job: Job) -> bool:
        return job.token in self._known

    def make(self, job: Job, index: TileIndex) -> MadeTile:
        started = time.perf_counter()
        try:
            pickled = None if self.knows(job) else job
            made = self._call(make_tile, job.token, pickled, index)
            if made is None:  # it has forgotten the process over others
                made = self._call(make_tile, job.token, job, index)
        except (BrokenProcessPool, TimedOut) as error:
            words = self._replace(error)
            seconds = time.perf_counter() - started
            return MadeTile(result=failed(index, words, seconds))
        self._known.add(job.token)
        assert made is not None
        return made

    def learn(self, job: Job) -> None:
        try:
            self._call(learn, job)
        except (BrokenProcessPool, TimedOut) as error:
            self._replace(error)
        else:
            self._known.add(job.token)

    def survives(self, work: Callable[..., object], arguments: tuple[object, ...]) -> str | None:
        try:
            self._call(try_out, work, arguments)
        except (BrokenProcessPool, TimedOut) as error:
            return self._replace(error)
        return None

    def kill(self) -> None:
        """End the process whatever it does; who waits for it hears of it."""
        with self._lock:
            if self._child is not None:
                self._child.kill()

    def close(self) -> None:
        """End the process for good."""
        with self._lock:
            self._closed = True
        self._end(kill=True)
        self.tidy()

    def tidy(self) -> None:
        """Remove what the process may have left word in."""
        with self._lock:
            limit, self._limit = self._limit, None
        if limit is not None:
            with limit:
                pass

    def _end(self, *, kill: bool) -> int | None:
        """Let go of the process; its exit code where it is known."""
        with self._lock:
            executor, child = self._executor, self._child
            self._executor, self._child = None, None
            self._known.clear()
        if executor is None:
            return None
        if kill and child is not None:
            child.kill()
        # Its thread reads how the process ended; one who asks beside it may hear nothing.
        executor.shutdown(wait=True, cancel_futures=True)
        return None if child is None else child.exitcode

    def _call(self, work: Callable[..., Result], *arguments: object) -> Result:
        try:
            future = self._submit(work, *arguments)
        except BrokenProcessPool:  # it died while it had nothing to do
            self._end(kill=False)
            future = self._submit(work, *arguments)
        return future.result(self._seconds + _GRACE)

    def _submit(self, work: Callable[..., Result], *arguments: object) -> Future[Result]:
        with self._lock:
            if self._closed:
                raise BrokenProcessPool("it is closed")
            if self._executor is None:
                self._limit = self._limit or TimeLimit(self._seconds)
                self._executor = ProcessPoolExecutor(
                    1,
                    mp_context=worker_context(),
                    initializer=begin,
                    initargs=(self._limit.watch,),
                )
            future = self._executor.submit(work, *arguments)
            children = getattr(self._executor, "_processes", None) or {}
            self._child = next(iter(children.values()), None)
            return future

    def _replace(self, error: BaseException) -> str:
        """Let go of a process that died or hangs; what is to be said of its end."""
        hangs = isinstance(error, TimedOut)
        code = self._end(kill=hangs)
        overdue = {} if self._limit is None else self._limit.overdue()
        self.tidy()
        if hangs:
            return too_long(self._seconds)
        return next(iter(overdue.values()), None) or _last_words(code)


def _last_words(code: int | None) -> str:
    how = "died"
    if code is not None and code < 0:
        how = f"died of {signal.Signals(-code).name}"
    elif code is not None:
        how = f"ended itself with exit status {code}"
    return (
        f"WorkerLost: the worker process {how} (a crash in a native library, out of memory, or a "
        "call that ends the process); it was replaced"
    )
