"""Angles of an EOPF store: sun, and view per band and detector.

As in SAFE, the first node is the upper left corner of the tile, and nodes outside a detector's
strip are NaN. The arrays are (angle, y, x) and (band, detector, angle, y, x), zenith before
azimuth; `detector` holds the numbers of the detectors that saw the tile.
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
"""Key of the folder of angle arrays in the `angles` of a scene's metadata."""
DETECTORS = "detectors_"
"""Key prefix, followed by a band name, of the raster of detector numbers (MSK_DETFOO)."""
_VIEW = "viewing_incidence_angles"
_SUN = "sun_angles"
_NEAR = 3.0
"""Degrees: largest deviation of the sun zenith at a tile's nodes from their mean."""
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
    """Nodes with the step of the coordinates, from the tile's upper left corner."""
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
    """Detector → (zenith, azimuth), for detectors with at least one valid node."""
    place = BAND_NAMES.index(band)
    found = {}
    for index, number in enumerate(numbers):
        zenith, azimuth = (files.plane(GEOMETRY, _VIEW, (place, index, angle)) for angle in (0, 1))
        if np.isfinite(zenith).any():
            found[number] = zenith, azimuth
    if not found:
        raise InputError(f"{_VIEW} has no angle of {band}")
    return found
