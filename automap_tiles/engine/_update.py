"""Update an output whose input has changed in parts, such as by additional scenes.

Only the tiles that a changed part intersects, or has intersected, are remade. This is valid for
processes whose pixels depend on nothing else, which the caller states with `Update`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapely import union_all

from automap_tiles.engine.journal import JournalReader, Renewal, has_journal, place_of
from automap_tiles.formats.parts import Changes, Divided, Manifest, changes
from automap_tiles.grid import Grid, Tile, TileIndex, cover
from automap_tiles.grid.cover import clip_to_pyramid
from automap_tiles.runtime import Process
from automap_tiles.runtime.area import common
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_AROUND = 1e-3
"""Degrees, a hundred metres, around the outline of a part when tiles near it are looked at one by
one: outlines have corners and edges of a map are curves."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """How the pixels of a process depend on the parts of its only input."""

    apply: bool
    """Whether tiles are made anew; otherwise what has changed is refused, and told."""
    order_counts: bool = False
    """Whether pixels tell the places of dates among all of them."""


@dataclass(frozen=True, kw_only=True)
class Outdated:
    """What is to be remade."""

    changes: Changes | None
    """None: it is unknown what the tiles were made from."""
    inputs: tuple[str, ...]
    """Hashes of inputs of the tiles that are there, other than those of now."""
    stale: frozenset[TileIndex] = frozenset()
    """Finished tiles of the base zooms that are to be remade."""
    gone: frozenset[TileIndex] = frozenset()
    """Finished tiles that no part intersects any more."""
    kept: int = 0
    """Finished tiles of the base zooms that are kept."""
    total: int = 0
    """Tiles of the base zooms."""

    @property
    def anew(self) -> int:
        """Tiles of the base zooms that are to be made."""
        return self.total - self.kept

    @property
    def is_only_elsewhere(self) -> bool:
        """Whether the parts are those of the tiles, and only where they lie is another place."""
        same = self.changes is not None and not self.changes
        return same and not self.stale and not self.gone

    @property
    def renewal(self) -> Renewal:
        """For the journal."""
        return Renewal(inputs=self.inputs, stale=self.stale, gone=self.gone)

    def __str__(self) -> str:
        same = "though none of their parts"  # where they lie is another place, for instance
        what = "not known by part" if self.changes is None else str(self.changes) or same
        return f"{what}: {self.anew} of {self.total} tiles are to be made"


def manifest_of(process: Process) -> Manifest | None:
    """The parts of the only input of a process; None for other processes."""
    reader = _divided(process)
    return None if reader is None else reader.manifest()


def outdated(
    process: Process,
    journal: JournalReader,
    inputs: str,
    now: Manifest | None,
    *,
    order_counts: bool = False,
    area: BaseGeometry | None = None,
) -> Outdated | None:
    """What of an output is no longer what its inputs make; None where all of it is.

    `inputs` is the hash of those of now. `area` is what they reach, by default as far as the
    process knows them.
    """
    runs = [run for run in journal.runs_with_tiles() if run.inputs != inputs]
    look = _Look(process, area)
    look.add_unfinished(journal)
    if not runs and not look.gone:
        return None
    known: list[Changes | None] = []
    for earlier in dict.fromkeys(run.inputs for run in runs):
        before = journal.parts(earlier)
        found = None
        if before is not None and now is not None:
            found = changes(before, now, order_counts=order_counts)
        known.append(found)
        of_those = {run.id for run in runs if run.inputs == earlier}
        look.add(journal, of_those, None if found is None else found.grids)
    others = {run.id for run in journal.runs_with_tiles()} - {run.id for run in runs}
    look.add(journal, others, ())
    return Outdated(
        changes=known[0] if len(known) == 1 else None,
        inputs=tuple(dict.fromkeys(run.inputs for run in runs)),
        stale=frozenset(look.stale),
        gone=frozenset(look.gone),
        kept=look.kept,
        total=look.total,
    )


def expected(process: Process, now: Manifest, *, order_counts: bool = False) -> Outdated | None:
    """What a run would make anew of an output if the parts of its only input were these.

    The process may know fewer of them. None where there is no output yet.
    """
    place = place_of(process.writer.path, process.config_path)
    if not has_journal(place):
        return None
    from automap_tiles.missions import LON_LAT, outline  # most runs need none

    reach = union_all([outline(part.grid) for part in now.parts])
    there = clip_to_pyramid(
        process.pyramid, reproject_geometry(reach, LON_LAT, process.pyramid.crs)
    )
    with JournalReader.at(place) as journal:
        return outdated(
            process, journal, "", now, order_counts=order_counts, area=common(process.area, there)
        )


def delete_gone(process: Process, found: Outdated) -> None:
    """Delete the tiles that no part intersects any more; repeated after a kill."""
    for index in sorted(found.gone):
        process.writer.delete(Tile(process.pyramid, index))


def _divided(process: Process) -> Divided | None:
    readers = [reader for _, reader in process.inputs.readers()]
    if len(readers) != 1 or not isinstance(readers[0], Divided):
        return None
    return readers[0]


@dataclass
class _Look:
    """Done tiles, looked at one by one."""

    process: Process
    area: BaseGeometry | None
    """In place of that of the process."""
    stale: set[TileIndex] = field(default_factory=set)
    gone: set[TileIndex] = field(default_factory=set)
    kept: int = 0

    def add(self, journal: JournalReader, runs: set[int], grids: tuple[Grid, ...] | None) -> None:
        """Sort the done tiles of runs; `grids` as in `Changes`."""
        if not runs:
            return
        for zoom in self.process.base_zooms:
            touched = None if grids is None else set(self._touched(grids, zoom))
            for index in journal.done(zoom, runs):
                self._sort(index, is_stale=touched is None or index in touched)

    def add_unfinished(self, journal: JournalReader) -> None:
        """Those that are not done, and that nothing reaches any more."""
        for zoom in self.process.base_zooms:
            for index in journal.unfinished(zoom):
                if not self._is_in_area(index):
                    self._sort(index, is_stale=True)

    def _sort(self, index: TileIndex, *, is_stale: bool) -> None:
        if self._is_in_area(index):
            if is_stale:
                self.stale.add(index)
            else:
                self.kept += 1
        elif is_stale and self._is_in(index, self.process.area):
            self.gone.add(index)  # as far as the process goes no input is there any more
            self._add_above(index)
        elif is_stale:
            self.stale.add(index)

    def _add_above(self, index: TileIndex) -> None:
        zoom, row, col = index
        for above in range(zoom - 1, -1, -1):
            row, col = row >> 1, col >> 1
            there = TileIndex(above, row, col)
            if above in self.process.zooms and not self._is_in_area(there):
                self.gone.add(there)

    def _is_in_area(self, index: TileIndex) -> bool:
        return self._is_in(index, self._area(index.zoom))

    def _area(self, zoom: int) -> BaseGeometry:
        return self.process.area_at(zoom) if self.area is None else self.area

    @property
    def total(self) -> int:
        """Tiles of the base zooms."""
        pyramid = self.process.pyramid
        return sum(cover.count(pyramid, self._area(z), z) for z in self.process.base_zooms)

    def _is_in(self, index: TileIndex, area: BaseGeometry) -> bool:
        return cover.includes(self.process.pyramid, area, index)

    def _touched(self, grids: tuple[Grid, ...], zoom: int) -> Iterator[TileIndex]:
        """Tiles that parts on these grids reach."""
        reader, pyramid = _divided(self.process), self.process.pyramid
        assert reader is not None  # there is a manifest of it
        from automap_tiles.missions import LON_LAT, outline

        for grid in grids:
            around = reproject_geometry(outline(grid).buffer(_AROUND), LON_LAT, pyramid.crs)
            for index in cover.tiles(pyramid, around, zoom):
                if reader.reaches(grid, Tile(pyramid, index)):
                    yield index
