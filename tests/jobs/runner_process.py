"""A runner as a process of its own, to be killed.

Its store takes its time, so that packing is a phase that one can be killed in.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert

from automap_tiles.jobs import Job, QueueLimits
from automap_tiles.jobs.results import ResultStore, Writable
from automap_tiles.jobs.runner import Pace, Runner
from tests.jobs.parts import Parts

ENDINGS = Table(
    "endings",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("job", String(36), nullable=False),
    Column("status", String(12), nullable=False),
)
"""What hangs on the end of a job, as mails do."""
LEASE = 1.5


def write_down(connection: Connection, job: Job, _: object) -> None:
    connection.execute(insert(ENDINGS).values(job=job.id, status=job.status))


def parts_of(folder: Path, url: str) -> Parts:
    limits = QueueLimits(lease=LEASE, losses=1000, per_user=2)
    return Parts(folder, url, limits, on_final=(write_down,))


class _Slow:
    def __init__(self, file: Writable) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        time.sleep(0.02)
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class SlowStore(ResultStore):
    @contextmanager
    def writing(self, key: str, about: Mapping[str, str] | None = None) -> Iterator[Writable]:
        with super().writing(key, about) as file:
            yield _Slow(file)


def main(folder: Path, url: str) -> None:
    parts = parts_of(folder, url)
    place = replace(parts.place, results=SlowStore(parts.place.results.root))
    runner = Runner(parts.queue, place, Pace(slots=2, poll=0.1))
    signal.signal(signal.SIGTERM, lambda *_: runner.leave())
    runner.run()


def begin() -> None:
    """As a process of its own: FOLDER and URL are its arguments."""
    main(Path(sys.argv[1]), sys.argv[2])
