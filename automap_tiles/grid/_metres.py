"""Units of coordinate systems in metres."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rasterio.crs import CRS

METRES_PER_DEGREE = 111_319.490_793_273_57
"""Along the equator of WGS 84 (OGC 17-083r2, 6.1.1)."""


def metres_per_unit(crs: CRS) -> float:
    """Metres per unit of a CRS; for degrees those along the equator."""
    return METRES_PER_DEGREE if crs.is_geographic else float(crs.linear_units_factor[1])
