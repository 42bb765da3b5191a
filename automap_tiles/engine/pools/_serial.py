"""No pool: every batch runs in the calling thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar
from uuid import uuid4

from automap_tiles.engine import _worker
from automap_tiles.engine._batching import Batch
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note
from automap_tiles.runtime import Process

P = ParamSpec("P")
T = TypeVar("T")


class SerialExecutor(Executor):
    """An executor whose futures are already done when returned."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run now. What the call raises on purpose of the user (Ctrl-C) is raised here."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - an executor hands every error to the future
            future.set_exception(error)
        return future


class SerialPool:
    """Pool for `--concurrency none`."""

    workers = 1
    batch_seconds = 0.1
    areas = 1
    queue_depth = 1
    lost_worker: tuple[type[BaseException], ...] = ()

    def __init__(self, process: Process) -> None:
        self._executor = SerialExecutor()
        self._token = uuid4().hex
        _worker.register(self._token, process)

    def submit(self, batch: Batch) -> Results:
        return self._executor.submit(_worker.run_batch, self._token, batch)

    def overdue(self) -> dict[TileIndex, str]:
        """None: see `open_pool`."""
        return {}

    def restart(self) -> int | None:
        raise NotImplementedError("the caller cannot die and be restarted")

    def news(self) -> Sequence[Note]:
        return ()

    def close(self, *, grace: float | None) -> None:  # noqa: ARG002 - nothing can be in flight
        _worker.forget(self._token)
