"""Angles of an EOPF store: of the sun, and of each band's view by detector.

As in SAFE the first node is the upper left corner of the tile, and nodes beside a detector's strip
are NaN. The arrays are (angle, y, x) and (band, detector, angle, y, x), zenith before azimuth, with
the numbers of the detectors that saw the tile in `detector`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from automap_tiles.errors import InputError
from automap_tiles.missions._common.angles import AngleFiles, Angles, Nodes, Pair
from automap_tiles.missions._common.outlines import grid_of
from automap_tiles.missions._common.scene import Scene
from automap_tiles.missions.sentinel2._bands import BAND_NAMES

GEOMETRY = "geometry"
"""Word of the folder of the arrays in `angles` of a scene's metadata."""
DETECTORS = "detectors_"
"""Word, with the name of a band behind it, of the raster of detector numbers (MSK_DETFOO)."""
_VIEW = "viewing_incidence_angles"
_SUN = "sun_angles"
_NEAR = 3.0
"""Degrees: the sun's zenith at the nodes of a tile is so near to their mean."""
_UNSAID = "no raster of the detectors (detector_footprint): the mean of those that saw a place"


def eopf_angles(scene: Scene, bands: Sequence[str], files: AngleFiles) -> Mapping[str, Angles]:
    """As `ReadAngles`."""
    zenith, azimuth = (files.plane(GEOMETRY, _SUN, (angle,)) for angle in (0, 1))
    mean = float(np.nanmean(zenith)) if np.isfinite(zenith).any() else np.nan
    if scene.sun_elevation is None or not abs(90 - scene.sun_elevation - mean) < _NEAR:
        raise InputError(f"{_SUN}: the first is not the zenith of the sun (mean {mean:.1f}°)")
    nodes = _nodes(scene, files, zenith.shape)
    numbers = tuple(int(each) for each in files.plane(GEOMETRY, "detector").ravel())
    said = scene.metadata["angles"]
    return {
        band: Angles.of_parts(
            nodes,
            (zenith, azimuth),
            _view(files, band, numbers),
            said.get(f"{DETECTORS}{band}"),
            _UNSAID,
        )
        for band in bands
    }


def _nodes(scene: Scene, files: AngleFiles, shape: tuple[int, ...]) -> Nodes:
    """Their step is that of the coordinates; the first is the tile's upper left corner."""
    x, y = (files.plane(GEOMETRY, name).ravel() for name in ("x", "y"))
    if (len(y), len(x)) != shape or len(x) < 2 or len(y) < 2:
        raise InputError(f"{_SUN} has {shape} nodes, and its coordinates {len(y)}, {len(x)}")
    file = next(iter(scene.bands.values()))
    grid = file.grid or grid_of(file.href)
    step = float(x[1] - x[0]), float(y[0] - y[1])
    bounds = grid.bounds
    if min(step) <= 0 or abs(x[0] - bounds.left) > step[0] or abs(y[0] - bounds.top) > step[1]:
        raise InputError(f"the nodes of {_SUN} lie elsewhere than the tile")
    return Nodes(crs=str(scene.crs), left=bounds.left, top=bounds.top, step=step)


def _view(files: AngleFiles, band: str, numbers: Sequence[int]) -> dict[int, Pair]:
    """Detector → (zenith, azimuth), those that any node has."""
    place = BAND_NAMES.index(band)
    found = {}
    for index, number in enumerate(numbers):
        zenith, azimuth = (files.plane(GEOMETRY, _VIEW, (place, index, angle)) for angle in (0, 1))
        if np.isfinite(zenith).any():
            found[number] = zenith, azimuth
    if not found:
        raise InputError(f"{_VIEW} has no angle of {band}")
    return found
