"""What runs in a process that makes the tiles somebody looks at."""

from __future__ import annotations

import pickle
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from automap_tiles.engine.batching import Batch
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.plan import Step, StepKind
from automap_tiles.engine.pools.context import follow_parent
from automap_tiles.engine.watch import Watch
from automap_tiles.engine.worker import TileWorker
from automap_tiles.grid import TileIndex
from automap_tiles.layers.persistence import in_memory
from automap_tiles.runtime.process import Process

if TYPE_CHECKING:
    from automap_tiles.storage import Storage

_KNOWN = 8
"""Processes that a worker keeps, with their open inputs."""


@dataclass(frozen=True, kw_only=True)
class MadeTile:
    """A tile that a worker has made."""

    result: TileResult
    files: tuple[tuple[str, bytes], ...] = ()
    """Key and content of what it would have stored, when nothing is to be kept."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A process whose tiles are looked at, as it travels to the workers."""

    pickled: bytes
    keeps: bool
    """Whether tiles are stored where the process says; else they come back."""
    token: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def of(cls, process: Process, *, keeps: bool) -> Job:
        """To be made once: workers know it by its token."""
        return cls(pickled=pickle.dumps(process.for_workers()), keeps=keeps)


def failed(index: TileIndex, error: str, seconds: float) -> TileResult:
    """A tile that went with its worker."""
    return TileResult(
        index=index, status=TileStatus.FAILED, seconds=seconds, worker="lost", error=error
    )


class _Known:
    """A process that this worker knows."""

    def __init__(self, job: Job, watch: Watch | None) -> None:
        process: Process = pickle.loads(job.pickled)
        self._storage: Storage | None = None
        if not job.keeps:
            target = in_memory(process.writer)
            self._storage = target.files.storage
            process = replace(process, writer=target)
        self.function = process.function
        self._worker = TileWorker(process, watch)

    def make(self, index: TileIndex) -> MadeTile:
        try:
            (result,) = self._worker.run(Batch((Step(index, StepKind.PROCESS),)))
        except KeyboardInterrupt:  # nobody interrupts a worker: the function raises it
            return MadeTile(result=failed(index, traceback.format_exc(), 0.0))
        return MadeTile(result=result, files=tuple(self._taken()))

    def _taken(self) -> Iterator[tuple[str, bytes]]:
        """What was stored in memory, which is let go of."""
        if self._storage is not None:
            for key in self._storage.list():
                yield key, self._storage.get(key)
                self._storage.delete(key)


_known: OrderedDict[str, _Known] = OrderedDict()
_watch: list[Watch] = []


def begin(watch: Watch) -> None:
    """First thing in a worker."""
    follow_parent()
    _watch.append(watch)


def learn(job: Job) -> None:
    """Load a process, so that its first tile finds all in place."""
    _known[job.token] = _Known(job, _watch[0] if _watch else None)
    while len(_known) > _KNOWN:
        _known.popitem(last=False)
    try_out(_known[job.token].function.load, ())


def make_tile(token: str, job: Job | None, index: TileIndex) -> MadeTile | None:
    """The tile; None when the process is not known and does not come along."""
    if token not in _known:
        if job is None:
            return None
        learn(job)
    _known.move_to_end(token)
    return _known[token].make(index)


def try_out(work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    """Call something whose result and errors are nobody's business here."""
    try:
        work(*arguments)
    except BaseException:  # noqa: BLE001 - who asks calls it himself afterwards, and is told then
        return
