"""The protocol of worker pools."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from enum import Enum
from typing import Protocol

from automap_tiles.engine._batching import Batch
from automap_tiles.engine.events import TileResult
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note

Results = Future[list[TileResult]]


class Concurrency(Enum):
    """Where tiles are computed."""

    NONE = "none"
    THREADS = "threads"
    PROCESSES = "processes"
    LOKY = "loky"
    DASK = "dask"


class Pool(Protocol):
    """Workers that know one process and take batches of its tiles."""

    areas: int
    """Parts of the plan that are worked on beside each other: one for each worker that keeps blocks
    of the inputs for itself, one for all that share them."""
    batch_seconds: float
    """How much work a batch should hold: little enough to stop quickly, much enough to make the way
    to the worker cheap and to keep neighbours, which share blocks of the inputs, in one worker."""
    queue_depth: int
    """Batches in flight per worker."""
    lost_worker: tuple[type[BaseException], ...]
    """What a future raises when its worker died."""

    @property
    def workers(self) -> int:
        """Current number of workers, at least 1; on a cluster it varies."""
        ...

    def submit(self, batch: Batch) -> Results:
        """Submit a batch; may raise one of `lost_worker` when the pool has just broken."""
        ...

    def overdue(self) -> dict[TileIndex, str]:
        """Tiles that timed out, with their messages; each is reported once."""
        ...

    def restart(self) -> int | None:
        """Restore the pool after a worker died; returns its exit code, if known."""
        ...

    def news(self) -> Sequence[Note]:
        """What has happened to the workers since it was asked last, and is no error."""
        ...

    def close(self, *, grace: float | None) -> None:
        """Stop the workers: after jobs in flight (None), or after at most `grace` seconds.

        No child process is left behind.
        """
        ...
