"""Angles of a Sentinel-2 tile from MTD_TL.xml: sun, and view per band and detector.

The first node is the upper left corner of the tile (HLS, mapchete-eo; senbox-org/s2tbx#137). Nodes
outside a detector's strip are NaN.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from automap_tiles.errors import InputError
from automap_tiles.missions._common import xml
from automap_tiles.missions._common.angles import AngleFiles, Angles, Nodes, Pair
from automap_tiles.missions._common.scene import Scene
from automap_tiles.missions.sentinel2._bands import BAND_NAMES
from automap_tiles.missions.sentinel2._elements import need, number_of, numbers, whole
from automap_tiles.missions.sentinel2._eopf_angles import DETECTORS, GEOMETRY, eopf_angles

GRANULE = "granule"
"""Key of MTD_TL.xml in the `angles` of a scene's metadata."""
_STANDS_IN = "B06"
"""Substitute for bands without their own grids: HLS uses its angles for all bands."""
_UNSAID = "no raster of the detectors (MSK_DETFOO as JPEG 2000): the mean of those that saw a place"

"""Zenith and azimuth (row, column)."""


def sentinel2_angles(scene: Scene, bands: Sequence[str], files: AngleFiles) -> Mapping[str, Angles]:
    """As `ReadAngles`."""
    said = scene.metadata.get("angles") or {}
    if GEOMETRY in said:
        return eopf_angles(scene, bands, files)
    if GRANULE not in said:
        raise InputError(
            said.get("reason") or "no MTD_TL.xml, which tells the angles of sun and view"
        )
    root = xml.parse(files.read(GRANULE))
    place = root.find(".//Geoposition")
    sun = _pair(root.find(".//Sun_Angles_Grid"))
    if place is None or sun is None:
        raise InputError("MTD_TL.xml without the grid of the sun's angles")
    zenith = root.find(".//Sun_Angles_Grid/Zenith")
    step = 0.0 if zenith is None else number_of(zenith, "COL_STEP")
    if step <= 0:
        raise InputError("MTD_TL.xml with a grid of angles whose step is 0")
    nodes = Nodes(
        crs=need(root, "HORIZONTAL_CS_CODE"),
        left=number_of(place, "ULX"),
        top=number_of(place, "ULY"),
        step=(step, step),
    )
    views = _views(root, sun[0].shape)
    if not views:
        raise InputError("MTD_TL.xml without the grids of the view's angles")
    return {
        band: Angles.of_parts(
            nodes, sun, views.get(band) or _stand_in(views), _places(said, band), _UNSAID
        )
        for band in bands
    }


def _stand_in(views: Mapping[str, Mapping[int, Pair]]) -> Mapping[int, Pair]:
    return views.get(_STANDS_IN) or next(iter(views.values()))


def _places(said: Mapping[str, Any], band: str) -> str | None:
    found = said.get(f"{DETECTORS}{band}")
    return None if found is None else str(found)


def _views(root: Element, shape: tuple[int, ...]) -> dict[str, dict[int, Pair]]:
    """Band → detector → angles, for detectors with at least one valid node."""
    found: dict[str, dict[int, Pair]] = defaultdict(dict)
    for grid in root.iter("Viewing_Incidence_Angles_Grids"):
        band, detector = whole(grid.get("bandId")), whole(grid.get("detectorId"))
        pair = _pair(grid)
        if band is None or detector is None or not 0 <= band < len(BAND_NAMES) or pair is None:
            continue
        if pair[0].shape == shape and np.isfinite(pair[0]).any():
            found[BAND_NAMES[band]][detector] = pair
    return dict(found)


def _pair(grid: Element | None) -> Pair | None:
    """Zenith and azimuth; None for missing grids or rows of unequal length."""
    if grid is None:
        return None
    tables = [
        [numbers(row.text) for row in angles.iter("VALUES")]
        for name in ("Zenith", "Azimuth")
        for angles in grid.findall(name)
    ]
    widths = {len(row) for table in tables for row in table}
    if len(tables) != 2 or len(tables[0]) != len(tables[1]) or len(widths) != 1 or not tables[0]:
        return None
    zenith, azimuth = (np.array(table, dtype=np.float64) for table in tables)
    return zenith, azimuth
