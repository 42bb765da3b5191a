"""Processes on this machine.

The standard library's pool breaks as a whole when one worker dies (out of memory, a crash in a
native library); it is replaced, and the run tries the tiles that were in flight one by one.
"""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from multiprocessing.process import BaseProcess
from uuid import uuid4

from automap_tiles.engine import worker
from automap_tiles.engine.batching import Batch
from automap_tiles.engine.pools.context import follow_parent, worker_context
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.engine.watch import TimeLimit, Watch
from automap_tiles.errors import ProcessError
from automap_tiles.grid import TileIndex
from automap_tiles.runtime.process import Process

# How often a new pool may die before it has done anything.
_STARTS = 3


class ProcessesPool:
    """The pool for `--concurrency processes`."""

    # Workers do not share GDAL's block cache: the larger their patches, the fewer blocks are
    # decoded twice (8 % of the CPU time of a composite of 8 dates, 1 s against 3 s).
    batch_seconds = 3.0
    queue_depth = 2
    lost_worker: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, process: Process, workers: int, tile_seconds: float | None = None) -> None:
        """`tile_seconds`: how long a tile may take before its worker is ended."""
        self.workers = workers
        self._limit = TimeLimit.of(tile_seconds)
        self._token = uuid4().hex
        self._pickled = pickle.dumps(process, protocol=pickle.HIGHEST_PROTOCOL)
        self._flying: set[Results] = set()
        self._executor = self._start()

    def submit(self, batch: Batch) -> Results:
        future = self._executor.submit(worker.run_batch, self._token, batch)
        self._flying.add(future)
        future.add_done_callback(self._flying.discard)
        return future

    def overdue(self) -> dict[TileIndex, str]:
        return {} if self._limit is None else self._limit.overdue()

    def restart(self) -> None:
        """Replace the pool; raises `ProcessError` when the new workers die without any work."""
        for _ in range(_STARTS):
            _kill(self._children())
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = self._start()
            try:
                self._executor.submit(worker.is_registered, self._token).result()
            except BrokenProcessPool:
                continue
            return
        raise ProcessError("worker processes end before their first tile; see what they printed")

    def close(self, *, grace: float | None) -> None:
        with self._limit or nullcontext():
            self._close(grace)

    def _close(self, grace: float | None) -> None:
        if grace is None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            return
        # The executor forgets its children when it is shut down: look first.
        children = self._children()
        self._executor.shutdown(wait=False, cancel_futures=True)
        wait(list(self._flying), timeout=grace)
        _kill(children)
        self._executor.shutdown(wait=True)

    def _start(self) -> ProcessPoolExecutor:
        watch = None if self._limit is None else self._limit.watch
        return ProcessPoolExecutor(
            self.workers,
            mp_context=worker_context(),
            initializer=_begin,
            initargs=(self._token, self._pickled, watch),
        )

    def _children(self) -> list[BaseProcess]:
        return list((getattr(self._executor, "_processes", None) or {}).values())


def _kill(children: list[BaseProcess]) -> None:
    """End workers whatever they do; their part files are removed by the next run."""
    for child in children:
        child.kill()
    for child in children:
        child.join()


def _begin(token: str, pickled: bytes, watch: Watch | None) -> None:
    """First thing in a worker."""
    follow_parent()
    worker.register(token, pickle.loads(pickled), watch)
