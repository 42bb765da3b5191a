"""Search for seams between tiles of a process.

A process has no seams if its pixels do not depend on the tiling. To test this, tiles are recomputed
as parts of larger and of smaller ones, whose borders are elsewhere, and compared with the stored
pixels.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.overviews import without_buffer
from automap_tiles.errors import ConfigError, GridError, ProcessChanged
from automap_tiles.formats import OutputKind
from automap_tiles.grid import Tile, TileIndex
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    from automap_tiles.engine.journal import JournalReader
    from automap_tiles.formats import RasterArray
    from automap_tiles.runtime import Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """A tile that depends on the metatiling."""

    tile: TileIndex
    """Of the process."""
    metatiling: int
    """Of the other tiling."""
    pixels: int
    """Number of (band, y, x) values that differ."""
    largest: float
    """Largest difference of values valid in both; 0 if only the masks differ."""

    def __str__(self) -> str:
        return (
            f"{self.tile}: {self.pixels} values differ from those of metatiling {self.metatiling}, "
            f"by up to {self.largest:g}"
        )

    def to_json(self) -> Json:
        return {
            "tile": list(self.tile),
            "metatiling": self.metatiling,
            "pixels": self.pixels,
            "largest": self.largest,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedTile:
    """A tile of the sample."""

    tile: TileIndex
    cuts: tuple[int, ...]
    """Metatilings that were used; empty if each would be the whole zoom."""
    seams: tuple[Seam, ...]

    def to_json(self) -> Json:
        return {"tile": list(self.tile), "cuts": list(self.cuts), "seams": len(self.seams)}


def check_seams(
    process: Process, journal: JournalReader, *, sample: int, seed: int
) -> Iterator[TriedTile]:
    """Recompute a sample of the written tiles with other metatilings.

    The reference is the stored tile or, for lossy formats, the tile computed by itself. Raises
    `ConfigError` for features, `ProcessChanged` if the output was made by another process.
    """
    if process.writer.kind is not OutputKind.RASTER:
        raise ConfigError(
            "seams are looked for in rasters only", file=process.config_path, key="--seams"
        )
    _refuse_changes(process, journal)
    for index in _sample(process, journal, sample, seed):
        yield _tried(process, journal, Tile(process.pyramid, index))


def _refuse_changes(process: Process, journal: JournalReader) -> None:
    now, earlier = process.hashes(), process.earlier_hashes()
    for run in journal.runs_with_tiles():
        changed = [
            word
            for word in ("function", "parameters", "inputs")
            if run.hashes[word] not in {getattr(now, word), *earlier.get(word, ())}
        ]
        if changed:
            raise ProcessChanged(
                f"{process.writer.path}: {' and '.join(changed)} changed since tiles were written: "
                "computed again they would differ without any seam; run the process first"
            )


def _sample(process: Process, journal: JournalReader, size: int, seed: int) -> list[TileIndex]:
    """Written tiles of all base zooms, with equal probability (reservoir, Vitter 1985)."""
    chance = random.Random(seed)
    kept: list[TileIndex] = []
    seen = 0
    for zoom in process.base_zooms:
        for index in journal.written(zoom):
            seen += 1
            if len(kept) < size:
                kept.append(index)
            elif (place := chance.randrange(seen)) < size:
                kept[place] = index
    return sorted(kept)


def _tried(process: Process, journal: JournalReader, tile: Tile) -> TriedTile:
    cuts: list[int] = []
    seams: list[Seam] = []
    for metatiling in (tile.pyramid.metatiling * 2, tile.pyramid.metatiling // 2):
        others = _others(tile, metatiling)
        if not others:
            continue
        cuts.append(metatiling)
        for other in others:
            seams += _compare(process, journal, tile, other)
    return TriedTile(tile=tile.index, cuts=tuple(cuts), seams=tuple(seams))


def _others(tile: Tile, metatiling: int) -> list[Tile]:
    """The tiles of another metatiling on the pixels of a tile; none if it is the same."""
    try:
        pyramid = tile.pyramid.replace(metatiling=metatiling)
    except GridError:  # there are no smaller, or no larger ones
        return []
    others = list(tile.unbuffered().intersecting(pyramid))
    return [] if [other.shape for other in others] == [tile.shape] else others


def _compare(process: Process, journal: JournalReader, tile: Tile, other: Tile) -> Iterator[Seam]:
    """Compare a tile of another metatiling with all tiles of the process that it overlaps."""
    computed = process.compute(other)
    bare_other = other.unbuffered()
    found = None if computed is None else without_buffer(other, computed).data
    for near in bare_other.intersecting(tile.pyramid):
        row = journal.tile(near.index)
        if row is None or row.status is TileStatus.FAILED:
            continue
        bare = near.unbuffered()
        ours, theirs = _windows(bare, bare_other)
        difference = _difference(
            _cut(_as_it_is(process, near, row.status), ours), _cut(found, theirs)
        )
        if difference is not None:
            pixels, largest = difference
            yield Seam(
                tile=near.index,
                metatiling=other.pyramid.metatiling,
                pixels=pixels,
                largest=largest,
            )


def _as_it_is(process: Process, tile: Tile, status: TileStatus) -> RasterArray | None:
    if status is TileStatus.EMPTY:
        return None
    if process.writer.lossless:
        stored = process.writer.read(tile.unbuffered())
        return None if stored is None else stored.data
    computed = process.compute(tile)
    return None if computed is None else without_buffer(tile, computed).data


_Window = tuple[slice, slice]


def _windows(one: Tile, two: Tile) -> tuple[_Window, _Window]:
    """Windows of the overlap of two tiles in each of them."""
    (top, left), (other_top, other_left) = one.pixel_offset, two.pixel_offset
    bottom = min(top + one.shape[0], other_top + two.shape[0])
    right = min(left + one.shape[1], other_left + two.shape[1])
    first_row, first_col = max(top, other_top), max(left, other_left)
    return (
        (slice(first_row - top, bottom - top), slice(first_col - left, right - left)),
        (
            slice(first_row - other_top, bottom - other_top),
            slice(first_col - other_left, right - other_left),
        ),
    )


def _cut(data: RasterArray | None, window: _Window) -> RasterArray | None:
    return None if data is None else data[:, window[0], window[1]]


def _difference(one: RasterArray | None, two: RasterArray | None) -> tuple[int, float] | None:
    """Number of differing values, and the largest difference; None if there are none."""
    if one is None and two is None:
        return None
    if one is None or two is None:
        data = two if one is None else one
        assert data is not None  # at least one of them exists
        count = int((~np.ma.getmaskarray(data)).sum())
        return (count, 0.0) if count else None
    masks = np.ma.getmaskarray(one), np.ma.getmaskarray(two)
    both = ~(masks[0] | masks[1])
    apart = both & ~_equal(one.data, two.data)
    count = int((apart | (masks[0] != masks[1])).sum())
    if not count:
        return None
    values = np.abs(one.data[apart].astype(np.float64) - two.data[apart].astype(np.float64))
    return count, float(np.nanmax(values)) if values.size and not np.isnan(values).all() else 0.0


def _equal(one: np.ndarray[Any, Any], two: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Whether values are equal; NaN equals NaN."""
    equal: np.ndarray[Any, Any] = (one == two) | ((one != one) & (two != two))  # noqa: PLR0124
    return equal
