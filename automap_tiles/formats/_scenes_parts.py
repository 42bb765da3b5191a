"""Scenes as parts of an input: which of them contribute to a tile."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from automap_tiles.formats.parts import InputPart, Manifest
from automap_tiles.grid import Grid, Tile
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.reading import Reading, frame_of
from automap_tiles.scenes.reflectance import band_grid
from automap_tiles.scenes.select import Overpass

_PHASE_DIGITS = 6


def manifest_of(
    dates: Sequence[Overpass],
    reading: Reading,
    lattice: Lattice | None,
    stamps: Mapping[str, str],
) -> Manifest:
    """Every scene of the dates; `stamps`: id → stamp that changes with its files.

    Raises `InputError` for one that cannot be opened.
    """
    parts = [
        InputPart(
            name=scene.id,
            version=hashlib.sha256(f"{scene.time} {stamps[scene.id]}".encode()).hexdigest()[:16],
            group=number,
            day=str(date.time.date()),
            grid=band_grid(scene, scene.band(reading.bands[0])),
        )
        for number, date in enumerate(dates)
        for scene in date.scenes
    ]
    frame = "" if lattice is None else _frame(lattice, [part.grid for part in parts])
    return Manifest(frame=f"{reading!r} {frame}", parts=tuple(parts))


def _frame(lattice: Lattice, grids: Sequence[Grid]) -> str:
    """The properties of a lattice that determine pixels.

    If all scenes are aligned with it, its pixels do not depend on which scene's corner it has.
    Scenes on another grid are resampled in blocks counted from the corner.
    """
    (width, height), to_map = lattice.pixel, lattice.transform
    corner = to_map.c, to_map.f
    if all(lattice.offset(grid, lattice.factor(grid)) is not None for grid in grids):
        corner = (
            round(to_map.c % width, _PHASE_DIGITS) % width,
            round(to_map.f % height, _PHASE_DIGITS) % height,
        )
    return repr((lattice.crs.to_wkt(), lattice.pixel, corner))


def reaches(lattice: Lattice | None, grid: Grid, tile: Tile) -> bool:
    """Whether a scene on a grid can affect pixels of a tile.

    If the tile is aligned with the lattice only its own pixels count, otherwise also those around
    it that resampling reads.
    """
    own = Grid(tile.crs, tile.transform, tile.shape)
    start = None if lattice is None else lattice.offset(own)
    if lattice is not None and start is not None:
        (row, col), (height, width) = start, own.shape
        window = range(row, row + height), range(col, col + width)
        return NativeFrame(lattice, window).part_of(grid) is not None
    frame = frame_of(tile, lattice)
    return frame is not None and frame.part_of(grid) is not None
