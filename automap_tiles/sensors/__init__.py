"""What is known of the satellites: bands, product names, metadata, scaling and quality layers.

Tables and parsers; no pixels are opened here.

>>> from automap_tiles import sensors
>>> sensors.by_key("sentinel-2a").band("swir1").name
'B11'
"""

from automap_tiles.sensors.flags import Flag
from automap_tiles.sensors.quality import Confidence, QualityLayer
from automap_tiles.sensors.quality_tables import layer as quality_layer
from automap_tiles.sensors.registry import (
    by_key,
    by_satellite,
    common_bands,
    register,
    satellite_name,
    satellites,
    sensors,
)
from automap_tiles.sensors.scaling import Scaling
from automap_tiles.sensors.sensor import COMMON, Band, CommonName, Sensor

__all__ = [
    "COMMON",
    "Band",
    "CommonName",
    "Confidence",
    "Flag",
    "QualityLayer",
    "Scaling",
    "Sensor",
    "by_key",
    "by_satellite",
    "common_bands",
    "quality_layer",
    "register",
    "satellite_name",
    "satellites",
    "sensors",
]
