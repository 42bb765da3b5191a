"""Dask: many machines through a scheduler's address, or a cluster on this one."""

from __future__ import annotations

import os
import pickle
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

from automap_tiles.engine import _worker
from automap_tiles.engine._batching import Batch
from automap_tiles.engine._watch import TileWatch, TimeLimit
from automap_tiles.engine.events import TileResult
from automap_tiles.engine.pools._agreement import Make, check_agreement, make_here, make_of
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.errors import ConfigError, MissingExtra
from automap_tiles.grid import TileIndex
from automap_tiles.runtime import Process
from automap_tiles.runtime.carried import packed, unpacked

# How long to wait for a scheduler and its first worker.
_CONNECT_SECONDS = 30


class DaskPool:
    """The pool for `--concurrency dask`."""

    batch_seconds = 1.0
    areas = 1
    queue_depth = 2

    def __init__(
        self,
        process: Process,
        *,
        workers: int | None,
        scheduler: str | None,
        tile_seconds: float | None = None,
    ) -> None:
        distributed = _distributed()
        self.lost_worker = _lost_worker(distributed)
        self._limit = TimeLimit.of(tile_seconds)
        # a tile that takes too long is not to be tried four times
        tries_again = self._limit is None
        self._cluster = (
            None if scheduler else _local_cluster(distributed, workers, tries_again=tries_again)
        )
        self._client = _connect(distributed, scheduler or self._cluster)
        self.workers = max(1, sum(self._client.nthreads().values()))
        if self._limit is not None and max(self._client.nthreads().values()) > 1:
            raise ConfigError(
                "workers with several threads cannot tell which tile hangs",
                key="tile-timeout",
                found=tile_seconds,
                remedy="start them with `dask worker --nthreads 1 --nworkers N`",
            )
        self._executor = self._client.get_executor(pure=False)
        self._token = uuid4().hex
        self._make = make_here()
        if scheduler is not None:
            _check_workers(self._client, self._make)
        sent = process, packed(process)
        self._pickled = pickle.dumps(sent, protocol=pickle.HIGHEST_PROTOCOL)
        self._flying: set[Results] = set()

    def submit(self, batch: Batch) -> Results:
        future: Results = self._executor.submit(
            _run_batch,
            self._token,
            self._pickled,
            batch,
            self._limit and self._limit.watch,
            self._make,
        )
        self._flying.add(future)
        future.add_done_callback(self._flying.discard)
        return future

    def overdue(self) -> dict[TileIndex, str]:
        """Of workers on this machine; those elsewhere leave word where nobody reads it."""
        return {} if self._limit is None else self._limit.overdue()

    def restart(self) -> int | None:
        """Nothing to do: the scheduler goes on with the other workers, nannies start new ones."""

    def close(self, *, grace: float | None) -> None:
        with self._limit or nullcontext():
            self._close(grace)

    def _close(self, grace: float | None) -> None:
        if grace is not None:
            deadline = time.monotonic() + grace
            for future in list(self._flying):
                future.cancel()
            wait(list(self._flying), timeout=max(0.0, deadline - time.monotonic()))
        self._executor.shutdown(wait=grace is None)
        if self._cluster is None:
            # The workers go on without this run, and so would what they keep for it.
            self._client.run(_worker.forget, self._token, wait=grace is None, on_error="ignore")
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


class DaskCrew:
    """Workers of a cluster for things that are not tiles; see `crew.Crew`."""

    shares_disk = False

    def __init__(self, *, workers: int | None, scheduler: str | None) -> None:
        distributed = _distributed()
        self.lost_worker = _lost_worker(distributed)
        # who was under way with a worker that died is tried again by `each`
        self._cluster = (
            None if scheduler else _local_cluster(distributed, workers, tries_again=False)
        )
        self._client = _connect(distributed, scheduler or self._cluster)
        self.workers = max(1, sum(self._client.nthreads().values()))
        self._executor = self._client.get_executor(pure=False)
        self._flying: set[Future[Any]] = set()

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        future: Future[Any] = self._executor.submit(work, *given)
        self._flying.add(future)
        future.add_done_callback(self._flying.discard)
        return future

    def restart(self) -> int | None:
        """Nothing to do, as in `DaskPool`."""

    def close(self, *, orderly: bool) -> None:
        for future in list(self._flying):
            future.cancel()
        self._executor.shutdown(wait=orderly)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtra("distributed", "dask") from error
    return distributed


def _lost_worker(distributed: Any) -> tuple[type[BaseException], ...]:
    return distributed.scheduler.KilledWorker, distributed.CancelledError


def _run_batch(
    token: str, pickled: bytes, batch: Batch, watch: TileWatch | None, make: Make
) -> list[TileResult]:
    """Workers come and go on a cluster, so each batch brings its process along."""
    if not _worker.is_registered(token):
        check_agreement(make, {_here(): make_of([*make])})
        process, luggage = pickle.loads(pickled)
        _worker.register(token, unpacked(process, luggage), watch)
    return _worker.run_batch(token, batch)


def _here() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _check_workers(client: Any, make: Make) -> None:
    """Raise `ConfigError` where one of the workers that are there is of another make."""
    check_agreement(make, client.run(make_of, [*make], on_error="return"))


def _local_cluster(distributed: Any, workers: int | None, *, tries_again: bool) -> Any:
    """A cluster of single-threaded processes that only this machine can reach.

    No dashboard; what the scheduler serves all the same gets a port that is free, for its own
    default is one for all clusters of a machine.
    """
    import dask

    known = {} if tries_again else {"distributed.scheduler.allowed-failures": 0}
    with dask.config.set(known):
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=50,
        )


def _connect(distributed: Any, address: Any) -> Any:
    try:
        client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        raise ConfigError(
            f"no Dask scheduler with a worker answers: {error}",
            key="dask-scheduler",
            found=str(address),
            remedy="start one with `dask scheduler` and `dask worker`, or leave the option out",
        ) from error
    return client
