"""Types of parameters: a wrong value is refused before the first tile."""

from __future__ import annotations

from typing import Literal, TypeAlias

Resampling: TypeAlias = Literal[
    "nearest",
    "bilinear",
    "cubic",
    "cubic_spline",
    "lanczos",
    "average",
    "mode",
    "max",
    "min",
    "med",
    "q1",
    "q3",
    "sum",
    "rms",
]
"""Names of GDAL for reading on another grid (gauss is for overviews only)."""

Matching: TypeAlias = Literal["gdal", "min"]
"""How mapchete chooses the zoom of a tile directory; has no effect here."""
