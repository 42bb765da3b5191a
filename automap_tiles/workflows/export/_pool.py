"""Render tiles in several processes, with results in order."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import TYPE_CHECKING

from automap_tiles.engine.pools.choice import usable_processors
from automap_tiles.engine.pools.group import WorkerDied, WorkerGroup
from automap_tiles.errors import ProcessError
from automap_tiles.workflows.export._painting import Painted, Painter

if TYPE_CHECKING:
    from automap_tiles.grid import TileIndex

_BATCH = 32
"""Tiles per batch: a tenth of a second of work, some megabytes of results."""
_QUEUE = 3
"""Batches in flight per worker."""
_FEW = 64
"""Tiles that are finished before worker processes would have started."""

Wanted = tuple["TileIndex", str]
"""A tile and the version of its pixels."""


def paint_all(painter: Painter, wanted: Iterable[Wanted], workers: int | None) -> Iterator[Painted]:
    """Render tiles; only tiles in flight are in memory.

    Raises `InputError` for unreadable input, `ProcessError` if a worker dies.
    """
    rest = iter(wanted)
    first = list(islice(rest, _FEW))
    count = workers or usable_processors()
    if count == 1 or len(first) < _FEW:
        for index, version in (*first, *rest):
            yield Painted(index, version, painter.paint(index))
        return
    yield from _spread(painter, _chained(first, rest), count)


def _chained(first: Sequence[Wanted], rest: Iterator[Wanted]) -> Iterator[Wanted]:
    yield from first
    yield from rest


def _spread(painter: Painter, wanted: Iterator[Wanted], count: int) -> Iterator[Painted]:
    pool = WorkerGroup(count, _begin, pickle.dumps(painter))
    flying: deque[Future[list[Painted]]] = deque()
    try:
        while batch := list(islice(wanted, _BATCH)):
            flying.append(pool.submit(_paint, batch))
            if len(flying) >= count * _QUEUE:
                yield from flying.popleft().result()
        while flying:
            yield from flying.popleft().result()
    except WorkerDied as error:
        raise ProcessError(
            "a worker process ended in the middle of its tiles (out of memory?); what is done is "
            "kept, the same command goes on"
        ) from error
    finally:
        pool.end()


class _Worker:
    """State of a worker process."""

    painter: Painter


def _begin(pickled: bytes) -> None:
    _Worker.painter = pickle.loads(pickled)


def _paint(batch: Sequence[Wanted]) -> list[Painted]:
    painter = _Worker.painter
    return [Painted(index, version, painter.paint(index)) for index, version in batch]
