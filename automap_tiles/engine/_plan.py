"""The plan of a run: a lazy, ordered stream of the tiles to process.

Finest zoom first, along the Morton curve. Tiles of a base zoom come from the cover of the area;
an overview tile follows right after the last tile below it, so that it can be made at once; tiles
above the base zooms follow right after the tile that they are enlarged from. Nothing is kept but
the ancestors of the tile at hand: a plan of a million tiles costs as much memory as one of ten.

Where output tiles have a pixel buffer, a tile is made of those around the one below or above it as
well. Then zoom follows zoom, each along the curve; what is to be made of the zoom before is kept as
stretches of the curve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from typing import Protocol

from automap_tiles.engine import _neighbours
from automap_tiles.engine._morton_ranges import MortonRanges
from automap_tiles.engine._tile_counts import tile_counts
from automap_tiles.grid import TileIndex, child_indexes, cover
from automap_tiles.runtime import Process


class StepKind(IntEnum):
    """How the pixels of a tile are made."""

    PROCESS = 0
    """By the user's function."""
    LOWER = 1
    """Shrunk from the next finer zoom."""
    HIGHER = 2
    """Enlarged from the next coarser zoom."""


@dataclass(frozen=True, slots=True)
class TileStep:
    """One tile to make."""

    index: TileIndex
    kind: StepKind
    needs: tuple[TileIndex, ...] = ()
    """Tiles streamed earlier in this plan that must be finished first."""


class DoneBefore(Protocol):
    """What is done already."""

    def pending(self, tiles: list[TileIndex]) -> list[bool]:
        """For tiles of one zoom in Morton order: whether they still have to be made."""
        ...

    def outdated(
        self, tile: TileIndex, made_from: Sequence[TileIndex], *, strays: bool = True
    ) -> bool:
        """Whether a finished tile is older than one of its source tiles of one zoom.

        `strays`: source tiles of unknown age count as newer.
        """
        ...


class NothingKnown:
    """A fresh output: every tile is pending."""

    def pending(self, tiles: list[TileIndex]) -> list[bool]:
        return [True] * len(tiles)

    def outdated(
        self,
        tile: TileIndex,  # noqa: ARG002
        made_from: Sequence[TileIndex],  # noqa: ARG002
        *,
        strays: bool = True,  # noqa: ARG002
    ) -> bool:
        return False


# Tiles looked up together: one journal query per group.
_GROUP = 512


@dataclass(slots=True)
class _Open:
    """An overview tile whose descendants are being streamed."""

    index: TileIndex
    needs: list[TileIndex] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """The stream of one run; `skipped` is updated while it is consumed."""

    process: Process
    known: DoneBefore
    buffer: int = 0
    """Pixels around each tile of the output."""
    skipped: int = 0
    _counts: dict[int, int] = field(default_factory=dict)
    """Zoom → tiles, once they were counted."""

    def total(self, kind: StepKind | None = None) -> int:
        """Number of tiles, or of those of a kind, including finished ones."""
        return sum(
            self._count(zoom)
            for zoom in self.process.zooms
            if kind is None or self._kind(zoom) is kind
        )

    def _count(self, zoom: int) -> int:
        if zoom not in self._counts:
            self._counts = tile_counts(self.process, self.process.zooms)
        return self._counts[zoom]

    def steps(self) -> Iterator[TileStep]:
        """The pending tiles; may be consumed once."""
        zooms = set(self.process.zooms)
        if self.buffer:
            yield from self._zoom_by_zoom(zooms)
            return
        for zoom in sorted(zooms, reverse=True):
            if not self._is_derived(zoom, zooms):
                yield from self._from(zoom, zooms)

    def _kind(self, zoom: int) -> StepKind:
        base = self.process.baselevels
        if base is None or base.min <= zoom <= base.max:
            return StepKind.PROCESS
        return StepKind.LOWER if zoom < base.min else StepKind.HIGHER

    def _is_derived(self, zoom: int, zooms: set[int]) -> bool:
        """Whether the tiles of a zoom are streamed after those of another one."""
        kind = self._kind(zoom)
        if kind is StepKind.LOWER:
            return zoom + 1 in zooms
        return kind is StepKind.HIGHER and zoom - 1 in zooms

    def _from(self, zoom: int, zooms: set[int]) -> Iterator[TileStep]:
        """The leaves of a zoom with the tiles derived from them."""
        above = _consecutive(zoom, -1, {z for z in zooms if self._kind(z) is StepKind.LOWER})
        below = _consecutive(zoom, +1, {z for z in zooms if self._kind(z) is StepKind.HIGHER})
        coarsest_first = above[::-1]
        chain: list[_Open] = []
        kind = self._kind(zoom)
        leaves = cover.tiles(self.process.pyramid, self.process.area_at(zoom), zoom)
        for index, pending in self._looked_up(leaves, kind):
            yield from self._close(chain, keep=index)
            chain.extend(_Open(_ancestor(index, z)) for z in coarsest_first[len(chain) :])
            if pending:
                yield TileStep(index, kind)
                if chain:
                    chain[-1].needs.append(index)
            yield from self._enlarged(index, pending, below)
        yield from self._close(chain, keep=None)

    def _close(self, chain: list[_Open], keep: TileIndex | None) -> Iterator[TileStep]:
        """Close the overview tiles that do not contain the next leaf; finest first."""
        while chain:
            last = chain[-1]
            if keep is not None and _ancestor(keep, last.index.zoom) == last.index:
                return
            chain.pop()
            if last.needs or self._is_pending(last.index, StepKind.LOWER):
                yield TileStep(last.index, StepKind.LOWER, tuple(last.needs))
                if chain:
                    chain[-1].needs.append(last.index)

    def _enlarged(self, index: TileIndex, pending: bool, below: list[int]) -> Iterator[TileStep]:
        """The tiles of the finer zooms inside a tile, each after the one it is made from."""
        if not below or index.zoom + 1 not in below:
            return
        area = self.process.area_at(index.zoom + 1)
        pyramid = self.process.pyramid
        inside = set(cover.tiles(pyramid, area, index.zoom + 1, within=index))
        for child in child_indexes(pyramid, index):
            if child in inside:
                child_pending = pending or self._is_pending(child, StepKind.HIGHER)
                if child_pending:
                    yield TileStep(child, StepKind.HIGHER, (index,) if pending else ())
                yield from self._enlarged(child, child_pending, below)

    def _zoom_by_zoom(self, zooms: set[int]) -> Iterator[TileStep]:
        """Base zooms and coarser ones, finest first, then finer ones; zoom by zoom."""
        coming = {zoom: MortonRanges() for zoom in zooms}
        higher = sorted(zoom for zoom in zooms if self._kind(zoom) is StepKind.HIGHER)
        for zoom in [*sorted(zooms.difference(higher), reverse=True), *higher]:
            kind = self._kind(zoom)
            before = coming.get(zoom - 1 if kind is StepKind.HIGHER else zoom + 1, MortonRanges())
            for index, done in self._with_state(zoom):
                groups = [] if kind is StepKind.PROCESS else self._sources(index, kind)
                needs = [each for group in groups for each in group if each in before]
                if done and not needs and not self._is_outdated_of(index, groups):
                    self.skipped += 1
                    continue
                coming[zoom].add(index)
                yield TileStep(index, kind, tuple(needs))

    def _with_state(self, zoom: int) -> Iterator[tuple[TileIndex, bool]]:
        """The tiles of a zoom, and whether they are done."""
        stream = cover.tiles(self.process.pyramid, self.process.area_at(zoom), zoom)
        while group := list(islice(stream, _GROUP)):
            for index, pending in zip(group, self.known.pending(group), strict=True):
                yield index, not pending

    def _sources(self, index: TileIndex, kind: StepKind) -> list[list[TileIndex]]:
        pyramid = self.process.pyramid.replace(pixelbuffer=self.buffer)
        if kind is StepKind.HIGHER:
            return _neighbours.sources_above(pyramid, index)
        levels = self.process.baselevels
        return [] if levels is None else _neighbours.sources_below(pyramid, index, levels)

    def _is_outdated_of(self, index: TileIndex, groups: list[list[TileIndex]]) -> bool:
        """Like `_is_outdated`; a neighbour without a record may never get one."""
        own = set(self._made_from(index))
        return any(
            self.known.outdated(index, group, strays=not own.isdisjoint(group)) for group in groups
        )

    def _looked_up(
        self, leaves: Iterable[TileIndex], kind: StepKind
    ) -> Iterator[tuple[TileIndex, bool]]:
        stream = iter(leaves)
        while group := list(islice(stream, _GROUP)):
            for index, pending in zip(group, self.known.pending(group), strict=True):
                wanted = pending or self._is_outdated(index, kind)
                self.skipped += not wanted
                yield index, wanted

    def _is_pending(self, index: TileIndex, kind: StepKind) -> bool:
        (pending,) = self.known.pending([index])
        wanted = pending or self._is_outdated(index, kind)
        self.skipped += not wanted
        return wanted

    def _is_outdated(self, index: TileIndex, kind: StepKind) -> bool:
        """Whether a source of a tile was made after it: the run in between ended early."""
        if kind is StepKind.PROCESS:
            return False
        return self.known.outdated(index, self._made_from(index))

    def _made_from(self, index: TileIndex) -> list[TileIndex]:
        """The source tiles of the unbuffered pixels of a derived tile."""
        if self._kind(index.zoom) is StepKind.LOWER:
            return list(child_indexes(self.process.pyramid, index))
        return [_ancestor(index, index.zoom - 1)]


def _ancestor(index: TileIndex, zoom: int) -> TileIndex:
    """The tile of a coarser zoom that contains a tile."""
    shift = index.zoom - zoom
    return TileIndex(zoom, index.row >> shift, index.col >> shift)


def _consecutive(start: int, step: int, zooms: set[int]) -> list[int]:
    """The contiguous zooms next to `start` in one direction, nearest first."""
    found = []
    zoom = start + step
    while zoom in zooms:
        found.append(zoom)
        zoom += step
    return found
