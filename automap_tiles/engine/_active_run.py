"""An active run: tiles pass through a pool of workers into the journal and the events."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from automap_tiles.engine._areas import Homes
from automap_tiles.engine._batching import Batch, Batcher
from automap_tiles.engine._lost_tiles import is_lost, last_line, lost_alone, lost_tile
from automap_tiles.engine._plan import Plan, TileStep
from automap_tiles.engine._precompile import precompile_for
from automap_tiles.engine._run_options import RunOptions
from automap_tiles.engine._start import RunState, adoption
from automap_tiles.engine.events import (
    Event,
    Noted,
    RunFinished,
    RunStarted,
    Summary,
    TileDone,
    TileResult,
    TilesSkipped,
    TileStatus,
    WorkerLost,
)
from automap_tiles.engine.journal import Journal
from automap_tiles.engine.pools import Pool, open_pool
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.formats import StoredFile
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note, Notes, collecting
from automap_tiles.runtime import Process
from automap_tiles.stopping import NEVER, Stopped, StopToken, until_stopped

# Seconds that tiles in progress may take to finish after Ctrl-C before they are dropped.
GRACE_SECONDS = 3.0

STOPPED = "it was asked to stop"
"""`Summary.stopped_by` of a run that was asked to stop."""

# Polling interval for stop requests and the state of the workers.
_ASK_SECONDS = 0.25


@dataclass
class ActiveRun:
    """The state of one run in progress."""

    process: Process
    options: RunOptions
    journal: Journal
    state: RunState
    stop: StopToken = NEVER
    started: float = field(default_factory=time.perf_counter)
    flying: dict[Results, Batch] = field(default_factory=dict)
    suspects: deque[Batch] = field(default_factory=deque)
    """Batches that were in flight when a worker died; retried one at a time."""
    innocent: deque[Batch] = field(default_factory=deque)
    """Batches that were in flight when another tile timed out; retried with the others."""
    homes: Homes = field(default_factory=lambda: Homes(1))
    on_trial: Batch | None = None
    """The last suspect that was sent out alone."""
    stopped_by: str | None = None
    lost_workers: bool = False
    notes: Notes = field(default_factory=Notes)

    def __post_init__(self) -> None:
        writer = self.process.writer
        self.plan = Plan(self.process, self.state.known, buffer=writer.pyramid.pixelbuffer)
        self.sums = Summary(output=writer.path)

    def events(self) -> Iterator[Event]:
        total = self.plan.total()
        pool: Pool | None = None
        orderly = False
        try:
            steps = self.plan.steps()
            first = next(steps, None)
            if first is None:
                yield self._start_event(total, 0)
                yield from self._tell(self.journal.told)
            else:
                precompile_for(self.process, self.plan)
                pool = open_pool(
                    self.process.for_workers(),
                    self.options.concurrency,
                    self.options.workers,
                    self.options.dask_scheduler,
                    self.options.tile_seconds,
                )
                yield self._start_event(total, pool.workers)
                yield from self._tell(self.journal.told)
                yield from self._work(pool, chain((first,), steps), total)
            # The last tiles of the stream may already have been done.
            yield from self._skips()
            orderly = self.stopped_by is None
        finally:
            if pool is not None:
                pool.close(grace=None if orderly else GRACE_SECONDS)
                self._collect_late()
                self.journal.note_flying(tuple)
            self.journal.keep_notes(self.state.record, self.notes)
        if orderly and not self._lost_to_changed_inputs():
            self._finish()
        self.sums = replace(
            self.sums,
            skipped=self.plan.skipped,
            seconds=time.perf_counter() - self.started,
            stopped_by=self.stopped_by,
            notes=self.notes.grouped(),
        )
        yield RunFinished(summary=self.sums)

    def _lost_to_changed_inputs(self) -> bool:
        """Whether an input was replaced during the run.

        Then some tiles are made from old and some from new data, and it is unknown which: all tiles
        made by this run count as failed.
        """
        changed = self.state.changed_inputs(self.process)
        if not changed:
            return False
        names = ", ".join(changed)
        plural = len(changed) > 1
        self.stopped_by = (
            f"input{'s' if plural else ''} {names} changed while the run went on: its tiles may be "
            "of old and of new data; run it again"
        )
        lost = self.journal.mark_all_failed(self.stopped_by, run=self.state.record)
        self.sums = replace(self.sums, written=0, empty=0, failed=lost)
        return True

    def _finish(self) -> None:
        """Assemble single files at the end, which may be one long GDAL call."""
        if self.lost_workers:
            self.process.writer.clean()
        summary = self._summary()

        def finish() -> tuple[StoredFile, ...]:
            # In a separate thread, whose notes would otherwise be lost.
            with collecting() as told:
                files = self.process.writer.finish(summary)
            self.notes.extend(told)
            return files

        try:
            files = until_stopped(finish, self.stop, grace=GRACE_SECONDS)
        except Stopped:
            self.stopped_by = STOPPED
            return
        self.journal.keep_notes(self.state.record, self.notes)
        if files:
            self.journal.keep_single_files(files)
        self.journal.finish_run(self.state.record)

    def _summary(self) -> Mapping[str, Any] | None:
        """The process's summary of the whole output."""
        zoom = max(self.process.base_zooms, default=None)
        if zoom is None or not self.process.sums_up:
            return None
        return self.process.summary(self.journal.totals(self.state.record, zoom))

    def _start_event(self, total: int, workers: int) -> RunStarted:
        return RunStarted(
            output=self.process.writer.path,
            tiles=total,
            workers=workers,
            resumed=self.state.resumed,
            anew=None if self.state.outdated is None else self.state.outdated.anew,
            changed="" if self.state.outdated is None else str(self.state.outdated),
        )

    def _work(self, pool: Pool, steps: Iterator[TileStep], total: int) -> Iterator[Event]:
        self.homes = Homes(pool.areas)
        batcher = Batcher(
            steps,
            tiles=total - self.plan.skipped,
            workers=pool.workers,
            batch_seconds=pool.batch_seconds,
            fail_fast=self.options.fail_fast,
            areas=pool.areas,
            measures_memory=self.options.measures_memory,
        )
        while self.stopped_by is None:
            self._fill(pool, batcher)
            if not self.flying:
                if self.suspects or self.innocent:
                    continue
                break
            self.journal.note_flying(self._in_flight)
            done = yield from self._wait(pool, batcher)
            if not done:
                self.stopped_by = STOPPED
                break
            yield from self._receive(pool, batcher, done)
            yield from self._skips()

    def _receive(self, pool: Pool, batcher: Batcher, done: set[Results]) -> Iterator[Event]:
        """Process finished batches; new work is submitted before events are emitted."""
        lost = [future for future in done if is_lost(future, pool)]
        ended = [(self.flying.pop(future), future.result()) for future in done.difference(lost)]
        for batch, results in ended:
            self._count(batcher, batch, results)
            self.homes.returned(results[0].worker, batch.area)
        if pool.areas > 1 and not lost:
            self._fill(pool, batcher)  # Nothing is queued ahead: the workers are waiting.
        yield from self._remember([result for _, results in ended for result in results])
        if lost:
            yield from self._recover(pool, batcher, lost)

    def _wait(self, pool: Pool, batcher: Batcher) -> Generator[Event, None, set[Results]]:
        """Finished batches; none when the run is to stop. Workers that join get work."""
        workers = pool.workers
        while not self.stop.is_set():
            done, _ = wait(self.flying, timeout=_ASK_SECONDS, return_when=FIRST_COMPLETED)
            yield from self._tell(pool.news())
            if done:
                return done
            if pool.workers > workers:
                workers = pool.workers
                self._fill(pool, batcher)
        return set()

    def _in_flight(self) -> list[TileIndex]:
        return [step.index for batch in self.flying.values() for step in batch.steps]

    def _fill(self, pool: Pool, batcher: Batcher) -> None:
        """Keep the workers busy; while there are suspects, submit one at a time."""
        if self.stopped_by is not None:
            return
        if self.suspects:
            if not self.flying:
                self.on_trial = self.suspects.popleft()
                self._submit(pool, self.on_trial)
            return
        batcher.workers = pool.workers
        while len(self.flying) < pool.workers * pool.queue_depth:
            batch = self.innocent.popleft() if self.innocent else self._next(batcher)
            if batch is None:
                return
            self._submit(pool, batch)
            if self.suspects:
                return

    def _next(self, batcher: Batcher) -> Batch | None:
        return batcher.next(self.homes.next([each.area for each in self.flying.values()]))

    def _submit(self, pool: Pool, batch: Batch) -> None:
        try:
            self.flying[pool.submit(batch)] = batch
        except pool.lost_worker:
            # The pool broke between two calls: this batch has not run; those in flight will report
            # it.
            self.suspects.append(batch)
            if not self.flying:
                pool.restart()

    def _take(self, batcher: Batcher, batch: Batch, results: list[TileResult]) -> Iterator[Event]:
        self._count(batcher, batch, results)
        yield from self._remember(results)

    def _count(self, batcher: Batcher, batch: Batch, results: list[TileResult]) -> None:
        for result in results:
            batcher.finished(result.index, result.seconds, batch.area)
            self._add(result)

    def _remember(self, results: list[TileResult]) -> Iterator[Event]:
        self.journal.record(self.state.record, results)
        for result in results:
            yield TileDone(result=result)
            yield from self._tell(result.notes)

    def _tell(self, notes: Iterable[Note]) -> Iterator[Event]:
        for note in notes:
            if self.notes.add(note):
                yield Noted(note=note)

    def _add(self, result: TileResult) -> None:
        match result.status:
            case TileStatus.WRITTEN:
                self.sums = replace(self.sums, written=self.sums.written + 1)
            case TileStatus.EMPTY:
                self.sums = replace(self.sums, empty=self.sums.empty + 1)
            case TileStatus.FAILED:
                self.sums = replace(self.sums, failed=self.sums.failed + 1)
                if result.stops_run:
                    self.stopped_by = last_line(result.error)
                elif self.options.fail_fast:
                    self.stopped_by = f"tile {result.index} failed"

    def _recover(self, pool: Pool, batcher: Batcher, lost: list[Results]) -> Iterator[Event]:
        """Handle a dead worker. Which tile killed it is only certain for one retried alone.

        Or for one that timed out, which is recorded.
        """
        self.lost_workers = True
        alone = len(self.flying) == 1 and self.flying[lost[0]] is self.on_trial
        # A broken pool takes everything in flight with it, one future after the other: the last one
        # was not alone.
        code = pool.restart()
        self.homes.forget()
        lost += [f for f in self.flying if f not in lost and f.done() and is_lost(f, pool)]
        suspects = [self.flying.pop(future) for future in lost]
        overdue = pool.overdue()
        if overdue:
            yield from self._end_overdue(batcher, suspects, overdue)
        elif alone and len(suspects[0].steps) == 1:
            (step,) = suspects[0].steps
            has_limit = self.options.tile_seconds is not None
            yield from self._take(
                batcher, suspects[0], [lost_alone(step, code, has_limit=has_limit)]
            )
        else:
            # The steps keep their order, so a step comes after those it depends on.
            self.suspects.extend(
                replace(batch, steps=(step,)) for batch in suspects for step in batch.steps
            )
            yield WorkerLost(suspects=len(self.suspects))

    def _end_overdue(
        self, batcher: Batcher, lost: list[Batch], overdue: Mapping[TileIndex, str]
    ) -> Iterator[Event]:
        """Handle tiles that timed out and ended their workers; others in flight are retried."""
        seconds = self.options.tile_seconds or 0.0
        for batch in lost:
            over = [step for step in batch.steps if step.index in overdue]
            rest = tuple(step for step in batch.steps if step.index not in overdue)
            if rest:
                self.innocent.append(replace(batch, steps=rest))
            results = [lost_tile(step.index, overdue[step.index], seconds) for step in over]
            yield from self._take(batcher, batch, results)

    def _skips(self) -> Iterator[Event]:
        """Report finished tiles skipped by the plan; journal those without a row."""
        adopted = self.state.take_adopted()
        if adopted:
            self.journal.record(self.state.record, adopted)
            yield from self._tell([adoption(adopted)])
        count = self.plan.skipped - self.sums.skipped
        if count:
            self.sums = replace(self.sums, skipped=self.plan.skipped)
            yield TilesSkipped(count=count)

    def _collect_late(self) -> None:
        """Journal what finished while the pool was being closed early."""
        for future in list(self.flying):
            if future.done() and not future.cancelled() and future.exception() is None:
                results = future.result()
                self.journal.record(self.state.record, results)
                for result in results:
                    self._add(result)
                    self.notes.extend(result.notes)
