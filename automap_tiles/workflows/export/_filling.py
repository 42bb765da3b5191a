"""Render the missing tiles into a sink."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator

from automap_tiles.grid import TileIndex
from automap_tiles.layers import web
from automap_tiles.layers.files import is_bare
from automap_tiles.workflows.events import Done, Event, Skipped
from automap_tiles.workflows.export._painting import Painter
from automap_tiles.workflows.export._plan import ExportPlan
from automap_tiles.workflows.export._pool import paint_all
from automap_tiles.workflows.export._results import ExportOutcome, PaintedTile
from automap_tiles.workflows.export._sink import Sink


class Filling:
    """The tiles of a plan and their sink."""

    def __init__(self, painter: Painter, plan: ExportPlan, sink: Sink) -> None:
        self.outcome = ExportOutcome(style=painter.look.query)
        self._painter = painter
        self._plan = plan
        self._sink = sink
        self._ready: list[Event] = []

    def paint(self, workers: int | None) -> Generator[Event]:
        """All tiles; overview tiles first."""
        yield from self._coarse()
        for index, version, content in paint_all(self._painter, self._missing(), workers):
            self._put(index, version, content)
            yield from self._heard()
        yield from self._heard()

    def _coarse(self) -> Iterator[Event]:
        """Overview tiles; all of them if any pixel below has changed."""
        plan = self._plan
        if not plan.coarse_zooms:
            return
        below = hashlib.blake2b(digest_size=8)
        for index in plan.below():
            below.update(self._version(index).encode())
        version = below.hexdigest()
        coarse = [*plan.coarse_tiles()]
        if all(self._sink.has(index, version) for index in coarse):
            self._unchanged(len(coarse))
            yield from self._heard()
            return
        for index, content in self._painter.coarse(plan):
            self._put(index, version, content)
            yield from self._heard()

    def _missing(self) -> Iterator[tuple[TileIndex, str]]:
        for index in self._plan.readable_tiles():
            said = self._version(index)
            version = hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
            if self._sink.has(index, version):
                self._unchanged(1)
            elif is_bare(said):
                self._put(index, version, None)
            else:
                yield index, version

    def _version(self, index: TileIndex) -> str:
        return self._painter.layer.version(web.web_pyramid().tile(*index))

    def _put(self, index: TileIndex, version: str, content: bytes | None) -> None:
        self._sink.put(index, version, content)
        if content is None:
            self.outcome.empty += 1
        else:
            self.outcome.painted += 1
        self._ready.append(Done(item=PaintedTile(index=index, is_empty=content is None)))

    def _unchanged(self, number: int) -> None:
        self.outcome.unchanged += number
        self._ready.append(Skipped(count=number))

    def _heard(self) -> Iterator[Event]:
        """Events since the last call."""
        ready, self._ready = self._ready, []
        yield from ready
