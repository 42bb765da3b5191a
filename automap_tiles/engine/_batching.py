"""Group the steps of a plan into batches of tiles that can start now."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from automap_tiles.engine._areas import Areas
from automap_tiles.engine._plan import TileStep
from automap_tiles.grid import TileIndex

# The size of a batch is bounded, so that what is in flight is bounded however cheap the tiles are.
MAX_BATCH = 512

# A batch is at most this fraction of what is left per worker.
_SHARES = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """Tiles for one worker, one after the other."""

    steps: tuple[TileStep, ...]
    fail_fast: bool = False
    """Skip the rest of the batch when a tile fails."""
    area: int = 0
    """Index of the area, among those worked on in parallel."""
    ahead: tuple[TileIndex, ...] = ()
    """Tiles of the process that probably come next in the area."""
    measures_memory: bool = False
    """Whether the peak of each tile is to be told, not only that of the worker so far."""


class Batcher:
    """Takes steps from the plan as needed; holds back those that depend on unfinished ones.

    Only unfinished tiles are kept in memory: those of the current areas, those in flight and those
    waiting for them. `tiles` is the approximate number of steps, `areas` the number of areas worked
    on in parallel.
    """

    def __init__(
        self,
        steps: Iterator[TileStep],
        *,
        tiles: int,
        workers: int,
        batch_seconds: float,
        fail_fast: bool,
        areas: int = 1,
        measures_memory: bool = False,
    ) -> None:
        self._areas = Areas(steps, tiles=tiles, count=areas)
        self._left = tiles
        self.workers = workers
        """Who share what is left."""
        self._batch_seconds = batch_seconds
        self._fail_fast = fail_fast
        self._measures_memory = measures_memory
        self._ready: list[deque[TileStep]] = [deque() for _ in range(areas)]
        self._missing: dict[TileIndex, int] = {}
        self._waiters: defaultdict[TileIndex, list[TileStep]] = defaultdict(list)
        self._seconds_per_tile: float | None = None

    def next(self, area: int = 0) -> Batch | None:
        """The next tiles of an area that can start; None when there are currently none.

        An exhausted area takes over part of another one.
        """
        size = self._size()
        batch: list[TileStep] = []
        inside: set[TileIndex] = set()
        while len(batch) < size and self._ready[area]:
            batch.append(self._ready[area].popleft())
        while len(batch) < size and (step := self._areas.next(area)) is not None:
            missing = [need for need in step.needs if need in self._areas.unfinished]
            if inside.issuperset(missing):
                batch.append(step)
                inside.add(step.index)
            else:
                # Also for those in this batch: another worker may take over the step.
                self._hold(step, missing)
        if not batch:
            batch.extend(ready.popleft() for ready in self._ready if ready)
        self._left -= len(batch)
        if not batch:
            return None
        ahead = self._areas.ahead(area)
        return Batch(tuple(batch), self._fail_fast, area, ahead, self._measures_memory)

    def finished(self, index: TileIndex, seconds: float, area: int = 0) -> None:
        """Record that a tile has ended, successfully or not: steps waiting for it may start."""
        self._areas.unfinished.discard(index)
        for step in self._waiters.pop(index, ()):
            self._missing[step.index] -= 1
            if not self._missing[step.index]:
                del self._missing[step.index]
                self._ready[area].append(step)
        last = self._seconds_per_tile
        self._seconds_per_tile = seconds if last is None else 0.9 * last + 0.1 * seconds

    def _hold(self, step: TileStep, missing: list[TileIndex]) -> None:
        self._missing[step.index] = len(missing)
        for need in missing:
            self._waiters[need].append(step)

    def _size(self) -> int:
        """Number of tiles for a batch of the requested length; 1 until a tile has been timed.

        Batches shrink towards the end, so that all workers finish together.
        """
        if self._seconds_per_tile is None:
            return 1
        wanted = int(self._batch_seconds / max(self._seconds_per_tile, 1e-6))
        share = self._left // (_SHARES * self.workers)
        return max(1, min(wanted, share, MAX_BATCH))
