"""Scenes whose pixel grid differs too much from the grid that most scenes share.

One grid serves scenes of neighbouring UTM zones well. Farther away its pixels shrink on the ground,
by about a tenth four zones off; a quarter of the globe away a place may have no coordinates in it
at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from affine import Affine

from automap_tiles.errors import GridError
from automap_tiles.grid import Grid
from automap_tiles.missions import Scene
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.reflectance import band_grid, pixel_metres
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from automap_tiles.scenes.reading import Reading

LARGEST_STRETCH = 1.25
"""Largest factor by which a pixel edge may appear longer or shorter on the lattice."""
_STEP = 100
"""Pixels over which it is measured; rounding is then below a millionth of it."""


def off_grid_scenes(
    lattice: Lattice, scenes: Sequence[Scene], reading: Reading
) -> tuple[Scene, ...]:
    """Scenes whose pixels a lattice stretches too much, or which it cannot represent."""
    stretches: dict[Grid, bool] = {}
    found = []
    for scene in scenes:
        grid = band_grid(scene, scene.band(reading.bands[0]))
        if grid.crs == lattice.crs:
            continue
        if grid not in stretches:
            stretches[grid] = _is_stretched(lattice, grid)
        if stretches[grid]:
            found.append(scene)
    return tuple(found)


def notes_of(scenes: Sequence[Scene]) -> Iterator[Note]:
    """Notes for scenes that are too far away: how all of them are read instead."""
    if scenes:
        yield Note.of(
            [scene.id for scene in scenes],
            fate=Fate.REPLACED,
            subject=Subject.SCENES,
            reason="too far from the grid that most scenes share: all dates are resampled onto the "
            "tiles one by one, as with grid: tile",
            remedy="area or bounds within some UTM zones keep the sensor's own grid",
        )


def _is_stretched(lattice: Lattice, grid: Grid) -> bool:
    if lattice.extent(grid) is None:
        return True
    corner = Affine.translation(grid.width / 2, grid.height / 2)
    middle = Grid(grid.crs, grid.transform @ corner, (_STEP, _STEP)).bounds.polygon()
    try:
        area = reproject_geometry(middle, grid.crs, lattice.crs).area / math.prod(lattice.pixel)
    except GridError:
        return True
    there = math.sqrt(area) / _STEP * _metres(lattice)
    own = _metres(Lattice.of(grid))
    return not 1 / LARGEST_STRETCH <= there / own <= LARGEST_STRETCH


def _metres(lattice: Lattice) -> float:
    """Ground length of a pixel's edge where the lattice is undistorted."""
    return math.sqrt(math.prod(pixel_metres(lattice)))
