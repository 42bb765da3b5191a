"""A run on many simulated workers: `python -m bench.scale.workers [tiles] [workers] [seconds]`.

The real engine, plan and journal; only the pool is made up. A batch takes as long as the seconds of
its tiles, drawn around the mean that is given (0.2: a tile of a small composite), on a clock that
goes on with the processor time of this process and jumps while it has nothing to do. So what is
found does not depend on what else the machine does. What Dask itself needs for its messages, and
the store for its files, is not in it.
"""

from __future__ import annotations

import heapq
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from automap_tiles.engine import _active_run
from automap_tiles.engine._batching import Batch
from automap_tiles.engine.events import RunFinished, TileResult, TileStatus
from automap_tiles.engine.pools._dask import DaskPool
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.formats import StoredFile
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note
from automap_tiles.runtime import Process, open_process
from bench.scale.measure import peak, resident

_SPREAD = 0.6
"""Of the logarithm of the seconds."""
_SHOWN = 100_000
_GRID = 1 << 22
"""Pixels along the edge of the world of this run."""


class SimulatedPool:
    """Workers that only take time, as a cluster deals with them."""

    areas = DaskPool.areas
    batch_seconds = DaskPool.batch_seconds
    queue_depth = DaskPool.queue_depth
    lost_worker: tuple[type[BaseException], ...] = ()

    def __init__(self, workers: int, mean: float) -> None:
        self.workers = workers
        self._mean = mean
        self._random = random.Random(7)
        self._free = [0.0] * workers
        self._due: list[tuple[float, int, Future[list[TileResult]]]] = []
        self._skipped = 0.0
        self._own = 0.0
        """Seconds of processor that the simulation itself took."""
        self._number = 0
        self.worked = 0.0
        self.batches = 0

    @property
    def now(self) -> float:
        """Seconds of the run, without those of the simulation."""
        return time.process_time() - self._own + self._skipped

    @property
    def parent_seconds(self) -> float:
        """Of processor, of the run alone."""
        return time.process_time() - self._own

    def submit(self, batch: Batch) -> Future[list[TileResult]]:
        now, begin = self.now, time.process_time()
        results = [self._result(step.index) for step in batch.steps]
        took = sum(result.seconds for result in results)
        start = max(now, heapq.heappop(self._free))
        heapq.heappush(self._free, start + took)
        future: Future[list[TileResult]] = Future()
        future.set_result(results)
        self._number += 1
        heapq.heappush(self._due, (start + took, self._number, future))
        self.worked += took
        self.batches += 1
        self._own += time.process_time() - begin
        return future

    def wait(
        self, futures: Iterable[Any], *, timeout: float, return_when: str
    ) -> tuple[set[Any], set[Any]]:
        """In place of `concurrent.futures.wait`: to the next batch that ends."""
        del futures, timeout, return_when
        now, begin = self.now, time.process_time()
        if self._due[0][0] > now:
            self._skipped += self._due[0][0] - now
            now = self._due[0][0]
        done = set()
        while self._due and self._due[0][0] <= now:
            done.add(heapq.heappop(self._due)[2])
        self._own += time.process_time() - begin
        return done, set()

    def overdue(self) -> dict[TileIndex, str]:
        return {}

    def restart(self) -> int | None:
        return None

    def news(self) -> tuple[Note, ...]:
        return ()

    def close(self, *, grace: float | None) -> None:
        del grace

    def _result(self, index: TileIndex) -> TileResult:
        seconds = self._mean * self._random.lognormvariate(-(_SPREAD**2) / 2, _SPREAD)
        name = f"{index.zoom}/{index.row}/{index.col}.tif"
        return TileResult(
            index=index,
            status=TileStatus.WRITTEN,
            seconds=seconds,
            worker=f"node-{index.col % 20:02}:{index.row % 10}",
            files=(StoredFile(name, 123_456, hash(index) & 0xFFFFFFFF),),
        )


def square_process(folder: Path, tiles: int, output: str = "out") -> Process:
    """A process of one zoom with about so many tiles: whole rows of a square."""
    side = 1
    while side * side < tiles:
        side *= 2
    edge = float(_GRID)
    grid = {"shape": [1, 1], "bounds": [0, 0, edge, edge], "srs": {"epsg": 3857}}
    (folder / "sleep.py").write_text("def execute():\n    return 'empty'\n", encoding="utf-8")
    config = {
        "process": "sleep.py",
        "pyramid": {"grid": {**grid, "is_global": False}},
        "zoom_levels": side.bit_length() - 1,
        "bounds": [0, 0, edge, edge * -(-tiles // side) / side],
        "output": {"format": "GTiff", "path": output, "bands": 1, "dtype": "uint8"},
    }
    (folder / "sleep.mapchete").write_text(json.dumps(config), encoding="utf-8")
    return open_process(folder / "sleep.mapchete")


def put_to_work(pool: SimulatedPool) -> None:
    """Let runs of this process have these workers and no others."""
    vars(_active_run).update(wait=pool.wait, open_pool=lambda *_: pool)


def main(tiles: int, workers: int, mean: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        process = square_process(place, tiles)
        pool = SimulatedPool(workers, mean)
        put_to_work(pool)
        begin = pool.now
        before = pool.parent_seconds
        for done, event in enumerate(execute(process, RunOptions()), start=1):
            if isinstance(event, RunFinished):
                tiles = event.summary.written
                print(f"written {tiles:,}")
            if done % _SHOWN == 0:
                spent = pool.parent_seconds - before
                print(f"{done:>10,}: {resident():.0f} MB, parent {spent:.1f} s CPU", flush=True)
        lasted, spent = pool.now - begin, pool.parent_seconds - before
        rate = tiles / lasted
        journal = sum(each.stat().st_size for each in place.rglob("journal.sqlite*"))
        print(f"{workers} workers, {mean} s a tile, {pool.batches:,} batches")
        busy = pool.worked / lasted / workers
        print(f"lasted {lasted:,.0f} s: {rate:,.0f} tiles/s, workers busy {busy:.1%}")
        share = spent / lasted / (rate / 1000)
        print(
            f"parent: {spent:.1f} s CPU, {share:.1%} of a core for 1 000 tiles/s, {peak():.0f} MB"
        )
        print(f"journal: {journal / 1e6:.1f} MB, {journal / tiles:.0f} bytes a tile")


if __name__ == "__main__":
    words = sys.argv[1:]
    main(
        int(words[0]) if words else 1_000_000,
        int(words[1]) if len(words) > 1 else 200,
        float(words[2]) if len(words) > 2 else 0.2,
    )
