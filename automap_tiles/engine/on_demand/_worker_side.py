"""The worker side of tiles on demand."""

from __future__ import annotations

import pickle
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from uuid import uuid4

from automap_tiles.engine import _worker
from automap_tiles.engine._batching import Batch
from automap_tiles.engine._lost_tiles import lost_tile
from automap_tiles.engine._plan import StepKind, TileStep
from automap_tiles.engine._tile_timeout import TileWatch
from automap_tiles.engine.events import TileResult
from automap_tiles.formats.capabilities import tile_writer
from automap_tiles.grid import TileIndex
from automap_tiles.runtime import Process
from automap_tiles.storage import Storage

_KNOWN = 8
"""Number of processes that a worker caches, with their open inputs."""


@dataclass(frozen=True, kw_only=True)
class MadeTile:
    """A tile that a worker has made."""

    result: TileResult
    files: tuple[tuple[str, bytes], ...] = ()
    """Key and content that would have been stored, when nothing is to be kept."""


@dataclass(frozen=True, kw_only=True)
class PackedProcess:
    """A viewed process, serialised for the workers."""

    pickled: bytes
    keeps: bool
    """Whether tiles are stored in the process's output; else they are returned."""
    token: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def of(cls, process: Process, *, keeps: bool) -> PackedProcess:
        """Create once: workers identify it by its token."""
        return cls(pickled=pickle.dumps(process.for_workers()), keeps=keeps)


_known: OrderedDict[str, Storage | None] = OrderedDict()
"""Token of each registered process and, if nothing is to be kept, the storage of its tiles."""
_watch: list[TileWatch] = []


def begin(watch: TileWatch) -> None:
    """First thing in a worker."""
    _watch.append(watch)


def learn(packed: PackedProcess) -> None:
    """Load a process ahead of its first tile."""
    process: Process = pickle.loads(packed.pickled)
    storage = None
    if not packed.keeps:
        target = tile_writer(process.writer).in_memory()
        storage = target.files.storage
        process = replace(process, writer=target)
    _worker.register(packed.token, process, _watch[0] if _watch else None)
    _known[packed.token] = storage
    while len(_known) > _KNOWN:
        _worker.forget(_known.popitem(last=False)[0])
    try_out(process.function.load)


def make_tile(token: str, packed: PackedProcess | None, index: TileIndex) -> MadeTile | None:
    """Make a tile; None when the process is unknown and not passed along."""
    if token not in _known:
        if packed is None:
            return None
        learn(packed)
    _known.move_to_end(token)
    try:
        (result,) = _worker.run_batch(token, Batch((TileStep(index, StepKind.PROCESS),)))
    except KeyboardInterrupt:  # Nobody interrupts a worker: the function itself raised it.
        return MadeTile(result=lost_tile(index, traceback.format_exc()))
    return MadeTile(result=result, files=tuple(_taken(_known[token])))


def try_out(work: Callable[..., object], *arguments: object) -> None:
    """Call something and ignore its result and errors."""
    try:
        work(*arguments)
    except BaseException:  # noqa: BLE001 - who asks calls it himself afterwards, and is told then
        return


def _taken(storage: Storage | None) -> Iterator[tuple[str, bytes]]:
    """Take what was stored in memory."""
    if storage is not None:
        for key in storage.list():
            yield key, storage.get(key)
            storage.delete(key)
