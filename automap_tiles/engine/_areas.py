"""Split the plan into contiguous areas, so that each worker reuses the blocks it has read.

Neighbouring tiles read the same blocks of their inputs, and workers that are processes of their own
keep the blocks apart: where two of them took turns along the curve, nearly every block would be
unpacked by both. So each gets a stretch of the curve, a compact patch, and what is left of the
largest is shared when there is nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from automap_tiles.engine._plan import StepKind, TileStep
from automap_tiles.grid import TileIndex

LONGEST = 1024
"""Steps of a stretch: a patch of some 30 x 30 tiles has few neighbours relative to its size, and
little of the plan is held in memory."""

AHEAD = 16
"""Tiles of which is known that they come next: with so many, 1.14 of the blocks of a composite of
8 dates are unpacked in two workers, with 4 of them 1.22, with none 1.28, with all 1.11."""


class Areas:
    """Stretches of a stream of about `tiles` steps, `count` of them open at a time."""

    def __init__(self, steps: Iterator[TileStep], *, tiles: int, count: int) -> None:
        self._steps = steps
        # A single one needs no end.
        self._length = 1 if count == 1 else max(1, min(LONGEST, -(-tiles // count)))
        self._least = AHEAD if count == 1 else 0
        self._stretches: list[deque[TileStep]] = [deque() for _ in range(count)]
        self.unfinished: set[TileIndex] = set()
        """Tiles taken from the stream and not yet reported as finished."""

    def next(self, number: int) -> TileStep | None:
        """The next step of an area; None when all areas are exhausted."""
        own = self._stretches[number]
        while len(own) <= self._least and self._take(own):
            pass
        if not own:
            self._share(own)
        return own.popleft() if own else None

    def ahead(self, number: int) -> tuple[TileIndex, ...]:
        """The next tiles of the process in an area."""
        found = islice(self._stretches[number], AHEAD)
        return tuple(step.index for step in found if step.kind is StepKind.PROCESS)

    def _take(self, own: deque[TileStep]) -> bool:
        """Take a stretch of the stream; False if the stream is exhausted."""
        taken = list(islice(self._steps, self._length))
        self.unfinished.update(step.index for step in taken)
        own.extend(taken)
        return bool(taken)

    def _share(self, own: deque[TileStep]) -> None:
        """Take the second half of the longest remaining stretch."""
        longest = max(self._stretches, key=len)
        own.extendleft(longest.pop() for _ in range(-(-len(longest) // 2)))


class Homes:
    """Which area each worker continues with: the one whose blocks it has cached.

    We cannot choose who takes a batch: of two waiting workers, either may.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._homes: dict[str, int] = {}
        self._waiting: deque[int] = deque()

    def returned(self, worker: str, area: int) -> None:
        """Record that a worker has finished a batch of an area and is idle."""
        if worker not in self._homes:
            taken = self._homes.values()
            free = [each for each in (area, *range(self._count)) if each not in taken]
            self._homes[worker] = free[0] if free else area
        self._waiting.append(self._homes[worker])

    def next(self, busy: Sequence[int]) -> int:
        """The area of the next batch, while batches of the `busy` areas are in flight."""
        if self._waiting:
            return self._waiting.popleft()
        return min(range(self._count), key=busy.count)

    def forget(self) -> None:
        """Reset, because the workers have been replaced."""
        self._homes.clear()
        self._waiting.clear()
