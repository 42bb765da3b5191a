"""Satellite missions: bands, product names, metadata, scaling and quality layers.

Each mission is one folder and one line in `_registry`; other packages add theirs through an entry
point. No pixels are read here.

>>> from automap_tiles import missions
>>> missions.sensor_of("sentinel-2a").band("swir1").name
'B11'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automap_tiles.missions._common import guard
from automap_tiles.missions._common.angles import (
    AngleFiles,
    Angles,
    NadirFactor,
    Nodes,
    ReadAngles,
)
from automap_tiles.missions._common.deliveries import SAME_TIME, Deliveries, Merit, utc
from automap_tiles.missions._common.dialect import PlatformDialect, UsualDialect
from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.flags import NAMES as FLAG_NAMES
from automap_tiles.missions._common.flags import Flag, combine
from automap_tiles.missions._common.layout import ProductLayout
from automap_tiles.missions._common.mission import (
    Collection,
    Mission,
    NoProducts,
    PlainMission,
    Products,
    Satellite,
    TileNames,
)
from automap_tiles.missions._common.quality import (
    LEVELS,
    Bit,
    Code,
    Confidence,
    Flags,
    NoneOf,
    QualityLayer,
    TwoBits,
    classes,
)
from automap_tiles.missions._common.scaling import ANGLE_STEP, Numbers, Scaling
from automap_tiles.missions._common.scene import (
    BandFile,
    CloudPolygon,
    Level,
    QualityFile,
    Scene,
)
from automap_tiles.missions._common.sensor import COMMON, Band, CommonName, Sensor
from automap_tiles.missions._common.stac import (
    About,
    Asset,
    BandAsset,
    BandInfo,
    Dialect,
    Identity,
    Item,
    QualityAsset,
    ReadFile,
    Scalings,
    number,
)
from automap_tiles.missions._lookup import (
    collections,
    common_bands,
    find_products,
    mission_of,
    parse_satellites,
    parse_tile,
    quality_layer,
    quality_layers,
    recognise,
    rivals,
    satellite_of,
    satellites,
    sensor_of,
    sensors,
    two_know,
)
from automap_tiles.missions._registry import missions, register, unregister

if TYPE_CHECKING:
    from automap_tiles.missions._common.outlines import LON_LAT, center, grid_of, outline

__all__ = [
    "ANGLE_STEP",
    "COMMON",
    "FLAG_NAMES",
    "LEVELS",
    "LON_LAT",
    "SAME_TIME",
    "About",
    "AngleFiles",
    "Angles",
    "Asset",
    "Band",
    "BandAsset",
    "BandFile",
    "BandInfo",
    "Bit",
    "CloudPolygon",
    "Code",
    "Collection",
    "CommonName",
    "Confidence",
    "Deliveries",
    "Dialect",
    "Flag",
    "Flags",
    "Identity",
    "Item",
    "Level",
    "Merit",
    "Mission",
    "NadirFactor",
    "NoProducts",
    "Nodes",
    "NoneOf",
    "Numbers",
    "PlainMission",
    "PlatformDialect",
    "ProductFiles",
    "ProductLayout",
    "Products",
    "QualityAsset",
    "QualityFile",
    "QualityLayer",
    "ReadAngles",
    "ReadFile",
    "Satellite",
    "Scaling",
    "Scalings",
    "Scene",
    "Sensor",
    "TileNames",
    "TwoBits",
    "UsualDialect",
    "center",
    "classes",
    "collections",
    "combine",
    "common_bands",
    "find_products",
    "grid_of",
    "guard",
    "mission_of",
    "missions",
    "number",
    "outline",
    "parse_satellites",
    "parse_tile",
    "quality_layer",
    "quality_layers",
    "recognise",
    "register",
    "rivals",
    "satellite_of",
    "satellites",
    "sensor_of",
    "sensors",
    "two_know",
    "unregister",
    "utc",
]


if not TYPE_CHECKING:  # otherwise type checkers would accept any name

    def __getattr__(name: str) -> Any:
        """Load the members that need rasterio lazily; the tables do without its slow import."""
        if name in ("LON_LAT", "center", "grid_of", "outline"):
            from automap_tiles.missions._common import outlines

            return getattr(outlines, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
