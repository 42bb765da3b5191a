"""Processing of tiles inside a worker: a thread, a process or a cluster node.

A worker receives batches of indexes and returns the outcome of each tile. The process itself is
sent once. Pixels are never sent: arrays of tiles whose overview is about to be made are kept for a
moment, so that the overview is made from memory if one worker made all of its tiles.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from automap_tiles.engine._areas import AHEAD
from automap_tiles.engine._batching import Batch
from automap_tiles.engine._plan import StepKind, TileStep
from automap_tiles.engine._tile_timeout import TileWatch
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.memory import memory_span, peak_memory
from automap_tiles.engine.overviews import make_higher, make_lower, without_buffer
from automap_tiles.errors import (
    OutputError,
    ResourceError,
    is_without_handles,
    without_signatures,
)
from automap_tiles.formats import Counts, OutputKind, StoredFile, Tiled
from automap_tiles.grid import Tile, TileIndex
from automap_tiles.notes import collecting
from automap_tiles.raster.read_ahead import expect_tiles
from automap_tiles.runtime import Process
from automap_tiles.storage import Group, together

# Bytes of tile arrays that a worker keeps for overviews; depth-first order needs at most three
# siblings per zoom.
_KEPT_BYTES = 128 * 2**20

# Seconds a tile may be written without being visible to others.
_UNNAMED_SECONDS = 0.25

# Reasons why every further tile would fail as well.
_HOPELESS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


@dataclass(slots=True)
class _Kept:
    """Arrays of finished tiles; the oldest are dropped first."""

    arrays: OrderedDict[TileIndex, Tiled] = field(default_factory=OrderedDict)
    size: int = 0

    def put(self, index: TileIndex, data: Tiled) -> None:
        self.arrays[index] = data
        self.size += data.data.nbytes
        while self.size > _KEPT_BYTES:
            _, dropped = self.arrays.popitem(last=False)
            self.size -= dropped.data.nbytes

    def take(self, index: TileIndex) -> Tiled | None:
        data = self.arrays.pop(index, None)
        if data is not None:
            self.size -= data.data.nbytes
        return data


class _Made(NamedTuple):
    """A tile that was stored."""

    counts: Counts
    files: tuple[StoredFile, ...]


class Unwanted(Exception):
    """The result being computed is no longer needed."""


class TileWorker:
    """Computes the tiles of one process; one per thread."""

    def __init__(self, process: Process, watch: TileWatch | None = None) -> None:
        """`watch`: terminates the worker process when a tile times out."""
        self._process = process
        self._watch = watch
        self._is_wanted: Callable[[], bool] = _always
        self._kept = _Kept()
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        base = process.baselevels
        # With a buffer a tile is needed by up to four others, a whole zoom later: nothing is kept.
        buffer = process.writer.pyramid.pixelbuffer
        self._overviews = process.pyramid.replace(pixelbuffer=buffer)
        is_raster = process.writer.kind is OutputKind.RASTER
        self._keeps = base is not None and is_raster and not buffer
        self._from_memory = process.writer.lossless

    def run(
        self, batch: Batch, is_wanted: Callable[[], bool] | None = None
    ) -> Iterator[TileResult]:
        """Compute the tiles of a batch in order; an error in one does not affect the others.

        Files appear in groups, before their results are yielded. Once they are no longer wanted
        none appears: another worker has made them, or another run may be making them. Then it
        raises `Unwanted`.
        """
        self._is_wanted = is_wanted or _always
        with together() as group:
            waiting: list[TileResult] = []
            coming, place = _coming(batch), 0
            for step in batch.steps:
                place += step.kind is StepKind.PROCESS
                expect_tiles(self._process.pyramid, coming[place : place + AHEAD])
                waiting.append(result := self._measured(step, batch.measures_memory))
                if result.stops_run or (batch.fail_fast and result.status is TileStatus.FAILED):
                    break
                if group.age() > _UNNAMED_SECONDS:
                    yield from self._committed(group, waiting)
                    waiting = []
            yield from self._committed(group, waiting)

    def _committed(self, group: Group, results: list[TileResult]) -> list[TileResult]:
        """Results of tiles whose files have been stored, or failures if that was not possible."""
        self._check_wanted()
        try:
            group.commit()
        except OSError as error:
            path = self._process.writer.path
            lost = OutputError(f"cannot be written: {error.strerror}", path)
            lost.__cause__ = error
            # Also those without files of their own: they may have spooled some, or markers.
            return [
                each if each.status is TileStatus.FAILED else self._lost(each, lost)
                for each in results
            ]
        return results

    def _lost(self, result: TileResult, error: OutputError) -> TileResult:
        return replace(
            result,
            status=TileStatus.FAILED,
            error="".join(traceback.format_exception(error)),
            counts=None,
            files=(),
            stops_run=_is_hopeless(error),
        )

    def _measured(self, step: TileStep, is_wanted: bool) -> TileResult:
        if not is_wanted:
            return self._result(step)
        with memory_span() as span:
            result = self._result(step)
        peak = max(result.peak_bytes, span.peak_bytes)
        return replace(result, tile_peak_bytes=span.peak_bytes, peak_bytes=peak)

    def _result(self, step: TileStep) -> TileResult:
        started = time.perf_counter()
        with collecting() as notes, self._watched(step):
            result = self._tried(step, started)
        return replace(result, notes=notes.grouped()) if notes else result

    def _watched(self, step: TileStep) -> AbstractContextManager[None]:
        return nullcontext() if self._watch is None else self._watch.over(step.index)

    def _tried(self, step: TileStep, started: float) -> TileResult:
        try:
            made = self._make(step)
        except (KeyboardInterrupt, Unwanted):
            raise
        # The edge where a user's code meets the engine: whatever it raises belongs to its tile,
        # is kept with its traceback and shown. sys.exit() too: it would end the run without a word.
        except BaseException as error:  # noqa: BLE001
            short = is_without_handles(error)
            last = f"\n{ResourceError.without_handles()}" if short else ""
            return TileResult(
                index=step.index,
                status=TileStatus.FAILED,
                seconds=time.perf_counter() - started,
                worker=self._name,
                peak_bytes=peak_memory(),
                error=without_signatures(traceback.format_exc()) + last,
                stops_run=short or _is_hopeless(error),
            )
        return TileResult(
            index=step.index,
            status=TileStatus.EMPTY if made is None else TileStatus.WRITTEN,
            seconds=time.perf_counter() - started,
            worker=self._name,
            peak_bytes=peak_memory(),
            counts=made.counts or None if made is not None else None,
            files=made.files if made is not None else (),
        )

    def _make(self, step: TileStep) -> _Made | None:
        """Compute and store one tile; None when there was nothing to store."""
        tile = Tile(self._process.pyramid, step.index)
        if step.kind is StepKind.PROCESS:
            data = self._process.compute(tile)
        else:
            tile = Tile(self._overviews, step.index)
            data = (
                make_lower(self._process, tile, self._stored)
                if step.kind is StepKind.LOWER
                else make_higher(self._process, tile)
            )
        self._check_wanted()
        if data is None:
            self._process.writer.delete(tile)
            return None
        files = self._process.writer.write(tile, data)
        if self._keeps and self._from_memory and step.kind is not StepKind.HIGHER:
            self._kept.put(step.index, without_buffer(tile, data))
        return _Made(data.counts, files)

    def _check_wanted(self) -> None:
        if not self._is_wanted():
            raise Unwanted

    def _stored(self, tile: Tile) -> Tiled | None:
        """A finished tile: from memory if it was made here, otherwise read back."""
        return self._kept.take(tile.index) or self._process.writer.read(tile)


def _always() -> bool:
    return True


def _coming(batch: Batch) -> tuple[TileIndex, ...]:
    """The tiles of the process computed in a batch, and those that probably follow."""
    own = (step.index for step in batch.steps if step.kind is StepKind.PROCESS)
    return *own, *batch.ahead


def _is_hopeless(error: BaseException) -> bool:
    """Whether no further tile can be written."""
    cause = error.__cause__ or error.__context__
    return (
        isinstance(error, OutputError) and isinstance(cause, OSError) and cause.errno in _HOPELESS
    )


class _Registered:
    """A process in a worker; it and its open inputs outlive a batch."""

    def __init__(self, process: Process, watch: TileWatch | None) -> None:
        self.process = process
        self._watch = watch
        self._threads = threading.local()

    def of_thread(self) -> TileWorker:
        """The tile worker of this thread."""
        if not hasattr(self._threads, "worker"):
            self._threads.worker = TileWorker(self.process, self._watch)
        found: TileWorker = self._threads.worker
        return found


_registered: dict[str, _Registered] = {}


def register(token: str, process: Process, watch: TileWatch | None = None) -> None:
    """Register a process with this worker; `watch` enforces the timeout of tiles."""
    _registered[token] = _Registered(process, watch)


def forget(token: str) -> None:
    """Release a process and the arrays kept by its threads when its run has ended."""
    _registered.pop(token, None)


def is_registered(token: str) -> bool:
    """Whether this worker knows a process."""
    return token in _registered


def run_batch(
    token: str, batch: Batch, is_wanted: Callable[[], bool] | None = None
) -> list[TileResult]:
    """Run a batch of a registered process; `is_wanted` as in `TileWorker.run`."""
    return list(_registered[token].of_thread().run(batch, is_wanted))
