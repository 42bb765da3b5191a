"""What is known of the satellites: bands, product names, metadata, scaling and quality layers.

Tables and parsers; no pixels are opened here.

>>> from automap_tiles import missions
>>> missions.by_key("sentinel-2a").band("swir1").name
'B11'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automap_tiles.missions.common import guard
from automap_tiles.missions.common.flags import NAMES as FLAG_NAMES
from automap_tiles.missions.common.flags import Flag, combine
from automap_tiles.missions.common.quality import LEVELS, Confidence, Flags, QualityLayer
from automap_tiles.missions.common.scaling import ANGLE_STEP, Numbers, Scaling
from automap_tiles.missions.common.scene import (
    BandFile,
    CloudPolygon,
    Level,
    QualityFile,
    Scene,
)
from automap_tiles.missions.common.sensor import COMMON, Band, CommonName, Sensor
from automap_tiles.missions.quality_tables import layer as quality_layer
from automap_tiles.missions.registry import (
    by_key,
    by_satellite,
    common_bands,
    register,
    satellite_name,
    satellites,
    sensors,
)

if TYPE_CHECKING:
    from automap_tiles.missions.common.outlines import LON_LAT, center, grid_of, outline

__all__ = [
    "ANGLE_STEP",
    "COMMON",
    "FLAG_NAMES",
    "LEVELS",
    "LON_LAT",
    "Band",
    "BandFile",
    "CloudPolygon",
    "CommonName",
    "Confidence",
    "Flag",
    "Flags",
    "Level",
    "Numbers",
    "QualityFile",
    "QualityLayer",
    "Scaling",
    "Scene",
    "Sensor",
    "by_key",
    "by_satellite",
    "center",
    "combine",
    "common_bands",
    "grid_of",
    "guard",
    "outline",
    "quality_layer",
    "register",
    "satellite_name",
    "satellites",
    "sensors",
]


def __getattr__(name: str) -> Any:
    """What needs rasterio, which takes long to import and the tables do without."""
    if name in ("LON_LAT", "center", "grid_of", "outline"):
        from automap_tiles.missions.common import outlines

        return getattr(outlines, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
