"""Readers of products' own metadata: Landsat's MTL files and the XML and JSON of Sentinel-2."""

from automap_tiles.sensors.metadata.landsat import LandsatMetadata, read_mtl
from automap_tiles.sensors.metadata.sentinel2_product import (
    Sentinel2Product,
    read_s2_product,
    scaling_of_baseline,
)
from automap_tiles.sensors.metadata.sentinel2_tile import (
    AngleGrid,
    CloudPolygon,
    Placement,
    Sentinel2Granule,
    TileInfo,
    read_s2_clouds,
    read_s2_granule,
    read_tile_info,
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
