"""Processes on this machine.

The standard library's pool breaks as a whole when one worker dies (out of memory, a crash in a
native library); it is replaced, and the run tries the tiles that were in flight one by one.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from contextlib import nullcontext
from uuid import uuid4

from automap_tiles.engine import _worker
from automap_tiles.engine._batching import Batch
from automap_tiles.engine._tile_timeout import TileWatch, TimeLimit
from automap_tiles.engine.pools.group import LokyGroup, WorkerDied, WorkerGroup
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.errors import ProcessError
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note
from automap_tiles.runtime import Process

# Times a new pool may die before it has completed anything.
_STARTS = 3

# Seconds that workers may take to exit after another one died.
_END_SECONDS = 5.0


class ProcessesPool:
    """Pool for `--concurrency processes`."""

    batch_seconds = 3.0
    lost_worker: tuple[type[BaseException], ...] = (WorkerDied,)
    group: type[WorkerGroup] = WorkerGroup
    """Whose processes they are."""

    def __init__(self, process: Process, workers: int, tile_seconds: float | None = None) -> None:
        """`tile_seconds`: timeout of a tile, after which its worker is terminated."""
        # Workers do not share blocks. Each has an area of its own, and nothing is sent ahead, so
        # that the worker which has ended a batch is the one that takes the next of the same area.
        self.workers = self.areas = workers
        self.queue_depth = 1 if workers > 1 else 2
        self._limit = TimeLimit.of(tile_seconds)
        self._token = uuid4().hex
        self._pickled = pickle.dumps(process, protocol=pickle.HIGHEST_PROTOCOL)
        self._group = self._start()

    def submit(self, batch: Batch) -> Results:
        return self._group.submit(_worker.run_batch, self._token, batch)

    def overdue(self) -> dict[TileIndex, str]:
        return {} if self._limit is None else self._limit.overdue()

    def restart(self) -> int | None:
        """Replace the pool; raises `ProcessError` when the new workers die without any work."""
        code = self._group.end(_END_SECONDS)
        for _ in range(_STARTS):
            self._group = self._start()
            try:
                self._group.submit(_worker.is_registered, self._token).result()
            except WorkerDied:
                self._group.end(_END_SECONDS)
                continue
            return code
        raise ProcessError("worker processes end before their first tile; see what they printed")

    def news(self) -> Sequence[Note]:
        return ()

    def close(self, *, grace: float | None) -> None:
        with self._limit or nullcontext():
            self._group.end(grace)

    def _start(self) -> WorkerGroup:
        watch = None if self._limit is None else self._limit.watch
        return self.group(self.workers, _begin, self._token, self._pickled, watch)


class LokyPool(ProcessesPool):
    """Pool for `--concurrency loky`."""

    group = LokyGroup


def _begin(token: str, pickled: bytes, watch: TileWatch | None) -> None:
    """Initial arguments of each worker."""
    _worker.register(token, pickle.loads(pickled), watch)
