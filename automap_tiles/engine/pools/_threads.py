"""Threads: cheap to start; NumPy and GDAL release the GIL for most of their work."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from uuid import uuid4

from automap_tiles.engine import _worker
from automap_tiles.engine._batching import Batch
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note
from automap_tiles.runtime import Process


class ThreadsPool:
    """Pool for `--concurrency threads`."""

    batch_seconds = 0.5
    areas = 1
    queue_depth = 2
    lost_worker: tuple[type[BaseException], ...] = ()

    def __init__(self, process: Process, workers: int) -> None:
        self.workers = workers
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="automap")
        self._token = uuid4().hex
        self._flying: set[Results] = set()
        _worker.register(self._token, process)

    def submit(self, batch: Batch) -> Results:
        future = self._executor.submit(_worker.run_batch, self._token, batch)
        self._flying.add(future)
        future.add_done_callback(self._flying.discard)
        return future

    def overdue(self) -> dict[TileIndex, str]:
        """None: see `open_pool`."""
        return {}

    def restart(self) -> int | None:
        raise NotImplementedError("a thread does not die alone")

    def news(self) -> Sequence[Note]:
        return ()

    def close(self, *, grace: float | None) -> None:
        """A thread cannot be stopped: one that outlasts `grace` ends with its tile."""
        self._executor.shutdown(wait=grace is None, cancel_futures=True)
        if grace is not None:
            deadline = time.monotonic() + grace
            wait(list(self._flying), timeout=max(0.0, deadline - time.monotonic()))
        _worker.forget(self._token)
