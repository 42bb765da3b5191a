"""Angles of a Landsat scene, from its angle bands or from its path.

Level 1 of Collection 2 has a band for each angle (USGS, LSDS-1928). Other products state the sun's
position at the centre and the path, which gives the satellite's position to within some kilometres:
the Worldwide Reference System 2 has 233 paths in 16 days, inclined by 98.2° at 705 km (USGS,
Landsat 8 Data Users Handbook, 2.4). View angles, at most 7.5° off nadir, are thus accurate to half
a degree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from affine import Affine
from rasterio.warp import transform

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.missions._common.angles import AngleFiles, Angles, Degrees, Nodes
from automap_tiles.missions._common.outlines import LON_LAT, grid_of
from automap_tiles.missions._common.scene import Scene

_STEP = 5000.0
"""Metres between nodes, as for Sentinel-2; angles change little over this distance."""
_NAMES = ("sun_zenith", "sun_azimuth", "view_zenith", "view_azimuth")
_FIRST_NODE = -64.6
"""Longitude at which path 1 crosses the equator southwards, degrees."""
_PATHS = 233
_DAYS = 16
_INCLINATION = math.radians(98.2)
_HEIGHT = 705.0
_RADIUS = 6371.0  # km
_FLATTENING = 1 - 1 / 298.257223563
_GUESSED = "no angle bands: the sun at the scene's centre, the view from where its path runs"


def landsat_angles(scene: Scene, bands: Sequence[str], files: AngleFiles) -> Mapping[str, Angles]:
    """As `ReadAngles`."""
    file = scene.bands[bands[0]]
    grid = file.grid or grid_of(file.href)
    nodes, pixels = _nodes(grid)
    said = scene.metadata.get("angles") or {}
    if all(name in said for name in _NAMES):
        sun_zenith, sun_azimuth, *view = (files.degrees(name, pixels) for name in _NAMES)
        sun_zenith = np.where(sun_zenith == 0, np.nan, sun_zenith)  # all are 0 outside the scene
        guessed = ""
    else:
        sun_zenith, sun_azimuth, *view = _reckoned(scene, pixels)
        guessed = _GUESSED
    found = Angles(
        nodes=nodes,
        sun_zenith=sun_zenith,
        sun_azimuth=sun_azimuth,
        view_zenith=view[0][np.newaxis],
        view_azimuth=view[1][np.newaxis],
        guessed=guessed,
    )
    return dict.fromkeys(bands, found)


def _nodes(grid: Grid) -> tuple[Nodes, Grid]:
    """Nodes from edge to edge of a grid, and the grid whose pixel centres they are."""
    bounds = grid.bounds
    unit = 1.0 if not grid.crs.is_geographic else 1 / 111_320
    counts = [max(2, math.ceil(size / (_STEP * unit)) + 1)
              for size in (bounds.right - bounds.left, bounds.top - bounds.bottom)]  # fmt: skip
    # one pixel inside, where angle bands still have data
    pixel = grid.transform.a
    left, top = bounds.left + pixel / 2, bounds.top - pixel / 2
    width, height = bounds.right - bounds.left - pixel, bounds.top - bounds.bottom - pixel
    step = width / (counts[0] - 1), height / (counts[1] - 1)
    nodes = Nodes(crs=grid.crs.to_string(), left=left, top=top, step=step)
    corner = Affine(step[0], 0, left - step[0] / 2, 0, -step[1], top + step[1] / 2)
    return nodes, Grid(grid.crs, corner, (counts[1], counts[0]))


def _reckoned(scene: Scene, pixels: Grid) -> tuple[Degrees, Degrees, Degrees, Degrees]:
    """Sun and view angles at pixel centres, estimated from the scene's sun position and path."""
    if scene.sun_elevation is None or scene.sun_azimuth is None or scene.orbit is None:
        raise InputError("neither angle bands nor the sun's angles and the path (MTL)")
    rows, cols = np.mgrid[: pixels.height, : pixels.width] + 0.5
    xs, ys = pixels.transform @ (cols.ravel(), rows.ravel())
    found = transform(pixels.crs, LON_LAT, xs.tolist(), ys.tolist())
    longitude, latitude = (np.array(each).reshape(pixels.shape) for each in found)
    zenith, azimuth = view_from_path(scene.orbit, longitude, latitude)
    sun = np.full(pixels.shape, 90.0 - scene.sun_elevation)
    return sun, np.full(pixels.shape, scene.sun_azimuth), zenith, azimuth


def view_from_path(path: int, longitude: Degrees, latitude: Degrees) -> tuple[Degrees, Degrees]:
    """(zenith, azimuth) of the descending satellite as seen from the ground.

    Degrees; the satellite is assumed abreast of each place, looking across its track.
    """
    at, heading = _track(path, latitude)
    east = np.radians((longitude - at + 180) % 360 - 180) * np.cos(np.radians(latitude))
    # from the east-west distance to the cross-track distance
    across = np.arcsin(np.clip(np.sin(east) * np.cos(heading), -1, 1))
    apart = np.abs(across)
    zenith = np.arctan2(np.sin(apart), np.cos(apart) - _RADIUS / (_RADIUS + _HEIGHT))
    # east of the track the satellite is seen to the west, perpendicular to it
    azimuth = np.where(across > 0, 270.0, 90.0) + np.degrees(heading)
    return np.degrees(zenith), azimuth % 360


def _track(path: int, latitude: Degrees) -> tuple[Degrees, Degrees]:
    """Longitude of the ground track at given latitudes, and its angle west of south."""
    sphere = np.arctan(_FLATTENING**2 * np.tan(np.radians(latitude)))
    sine = np.clip(np.sin(sphere) / math.sin(_INCLINATION), -1.0, 1.0)
    along = -np.arcsin(sine)  # from the node, southwards
    day = _DAYS / _PATHS  # of one revolution, in days: the earth's rotation below it

    def longitude_at(angle: Degrees) -> Degrees:
        moved = np.arctan2(math.cos(_INCLINATION) * np.sin(angle), np.cos(angle))
        return np.asarray(moved - angle * day)

    first = _FIRST_NODE - (path - 1) * 360 / _PATHS
    small = 1e-4
    ahead, behind = along + small, along - small
    west = -(longitude_at(ahead) - longitude_at(behind)) * np.cos(sphere)
    south = np.arcsin(math.sin(_INCLINATION) * np.sin(ahead)) - np.arcsin(
        math.sin(_INCLINATION) * np.sin(behind)
    )
    return first + np.degrees(longitude_at(along)), np.arctan2(west, south)
