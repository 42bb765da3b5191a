"""Readers of products' own metadata: Landsat's MTL files and the XML and JSON of Sentinel-2."""

from automap_tiles.sensors.metadata.landsat import LandsatMetadata, read_mtl
from automap_tiles.sensors.metadata.sentinel2 import (
    AngleGrid,
    CloudPolygon,
    Placement,
    Sentinel2Granule,
    Sentinel2Product,
    TileInfo,
    read_s2_clouds,
    read_s2_granule,
    read_s2_product,
    read_tile_info,
    scaling_of_baseline,
)

__all__ = [
    "AngleGrid",
    "CloudPolygon",
    "LandsatMetadata",
    "Placement",
    "Sentinel2Granule",
    "Sentinel2Product",
    "TileInfo",
    "read_mtl",
    "read_s2_clouds",
    "read_s2_granule",
    "read_s2_product",
    "read_tile_info",
    "scaling_of_baseline",
]
