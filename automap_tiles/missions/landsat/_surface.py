"""Landsat surface reflectance: scalings shared by all scenes."""

from __future__ import annotations

from automap_tiles.missions._common.scaling import Scaling

SURFACE_C2 = Scaling(multiply=2.75e-5, add=-0.2, nodata=0)
"""Collection 2 level 2, every satellite (LSDS-1618, LSDS-1619)."""

SURFACE_OLD = Scaling(multiply=1e-4, nodata=-9999)
"""On demand (USGS ESPA; LSDS-1368, LSDS-1370), the same before the collections."""
