"""An output of many objects gone on with: `python -m bench.scale.stored s3://bucket/empty [tiles]`.

The store is found by the variables of its client (`AWS_S3_ENDPOINT` and so on). A first run of
simulated workers leaves an object for each tile and the journal beside them; what is measured is
the second one, which finds all of it done.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from automap_tiles.engine._batching import Batch
from automap_tiles.engine.events import RunFinished, TileResult
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.runtime import Process
from automap_tiles.storage import open_storage
from bench.scale.measure import Watch, peak
from bench.scale.workers import SimulatedPool, put_to_work, square_process

_THREADS = 32
_WORKERS = 200
_SECONDS = 0.02


class StoringPool(SimulatedPool):
    """Workers that leave a small object for each tile."""

    def __init__(self, address: str) -> None:
        super().__init__(_WORKERS, _SECONDS)
        self._storage = open_storage(address)
        self._threads = ThreadPoolExecutor(_THREADS)

    def submit(self, batch: Batch) -> Future[list[TileResult]]:
        future = super().submit(batch)
        names = [file.key for result in future.result() for file in result.files]
        list(self._threads.map(lambda name: self._storage.put(name, b"tile"), names))
        return future


def run(process: Process, said: str) -> None:
    watch, begin = Watch(), time.perf_counter()
    for event in execute(process, RunOptions()):
        if isinstance(event, RunFinished):
            done = event.summary
    lasted = time.perf_counter() - begin
    print(
        f"{said}: {done.written:,} written, {done.skipped:,} there; {lasted:.1f} s, "
        f"{watch.seconds:.1f} s CPU, at most {peak():.0f} MB",
        flush=True,
    )


def main(address: str, tiles: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        process = square_process(Path(folder), tiles, address)
        put_to_work(StoringPool(address))
        run(process, "made")
        run(process, "gone on with")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
