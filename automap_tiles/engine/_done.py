"""Tiles that are done: rows of the journal, verified against the tiles that exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import Journal, Row, RunRecord
from automap_tiles.formats import Writer
from automap_tiles.grid import Pyramid, Tile, TileIndex, morton


@dataclass(kw_only=True)
class DoneTiles:
    """Tiles that are written or empty according to the journal; written ones must still exist.

    A complete tile without a row was written by mapchete or by a run that was killed before its
    last commit. If `adopt` permits, it counts as done and gets a row. A tile of several files is
    complete when all of them exist: otherwise it is unknown whether the missing ones were empty.
    """

    journal: Journal
    run: RunRecord
    writer: Writer
    pyramid: Pyramid
    adopt: bool
    adopted: list[TileResult] = field(default_factory=list)
    """Tiles that count as done without a row; taken by the run, which journals them."""

    def pending(self, tiles: list[TileIndex]) -> list[bool]:
        """Which of the tiles (of one zoom, in Morton order) still have to be made."""
        rows = _valid_rows(self.journal, self.run, tiles)
        empty = {index for index, row in rows.items() if row.status is TileStatus.EMPTY}
        written = {index for index, row in rows.items() if row.status is TileStatus.WRITTEN}
        strays = set(tiles).difference(rows) if self.adopt else set()
        there = self.writer.exists_many(self._tiles(written)) - self._incomplete(written)
        found = self.writer.whole_many(self._tiles(strays)) if strays else set()
        self.adopted.extend(_stray(index) for index in tiles if index in found)
        there |= found
        return [index not in empty and index not in there for index in tiles]

    def outdated(
        self, tile: TileIndex, made_from: Sequence[TileIndex], *, strays: bool = True
    ) -> bool:
        """Whether one of its source tiles was made by a later run, or exists without a row."""
        row = _valid_rows(self.journal, self.run, [tile]).get(tile)
        if row is None:
            return False
        rows = _valid_rows(self.journal, self.run, made_from)
        if _is_older(row, rows):
            return True
        unknown = [index for index in made_from if index not in rows]
        if not (self.adopt and strays and unknown):
            return False
        return bool(self.writer.whole_many(self._tiles(unknown)))

    def _incomplete(self, written: set[TileIndex]) -> set[TileIndex]:
        """Tiles of several files of which one listed in the journal is missing."""
        if not written or self.writer.pyramid.metatiling >= self.pyramid.metatiling:
            return set()
        keys = {morton.encode(index.row, index.col): index for index in written}
        zoom = next(iter(written)).zoom
        found = self.journal.file_names(zoom, min(keys), max(keys))
        names = {keys[key]: own for key, own in found.items() if key in keys}
        there = self.writer.stored(sorted({name for own in names.values() for name in own}))
        return {index for index, own in names.items() if not there.issuperset(own)}

    def _tiles(self, indexes: Iterable[TileIndex]) -> list[Tile]:
        return [Tile(self.pyramid, index) for index in indexes]


@dataclass(frozen=True, kw_only=True)
class AllButFailed:
    """For `--retry-failed`: only tiles that failed according to the journal are pending."""

    journal: Journal
    run: RunRecord

    def pending(self, tiles: list[TileIndex]) -> list[bool]:
        """Which of the tiles (of one zoom, in Morton order) failed."""
        rows = _valid_rows(self.journal, self.run, tiles)
        return [index in rows and rows[index].status is TileStatus.FAILED for index in tiles]

    def outdated(
        self,
        tile: TileIndex,
        made_from: Sequence[TileIndex],
        *,
        strays: bool = True,  # noqa: ARG002
    ) -> bool:
        """Whether one of its source tiles was made by a later run."""
        row = _valid_rows(self.journal, self.run, [tile]).get(tile)
        return row is not None and _is_older(row, _valid_rows(self.journal, self.run, made_from))


def _is_older(row: Row, sources: Mapping[TileIndex, Row]) -> bool:
    """Whether a tile was made before one of its sources."""
    return any(
        source.run > row.run and source.status in (TileStatus.WRITTEN, TileStatus.EMPTY)
        for source in sources.values()
    )


def _valid_rows(
    journal: Journal, run: RunRecord, tiles: Sequence[TileIndex]
) -> dict[TileIndex, Row]:
    """The rows of tiles not declared stale by an overwriting run."""
    if not tiles:
        return {}
    keys = {morton.encode(index.row, index.col): index for index in tiles}
    rows = journal.rows(tiles[0].zoom, min(keys), max(keys))
    return {
        keys[key]: row for key, row in rows.items() if key in keys and row.run >= run.fresh_from
    }


def _stray(index: TileIndex) -> TileResult:
    return TileResult(index=index, status=TileStatus.WRITTEN, seconds=0.0, worker="found")
