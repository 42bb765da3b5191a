"""Pixels: read any GDAL source onto a tile's grid, write tiles, handle nodata and masks.

The only package that opens GDAL raster datasets.
"""

import automap_tiles.imports.rasterio  # noqa: F401 - before all that import it
from automap_tiles.raster._array import Raster, times_picked, warp
from automap_tiles.raster._decoding import decode, decode_bands
from automap_tiles.raster._prepare import prepare
from automap_tiles.raster._read import read, read_into
from automap_tiles.raster.datasets import (
    close_all,
    file_stamp,
    further_pages,
    inspect,
    inspect_anew,
    inspect_content,
)
from automap_tiles.raster.encode import (
    BandMetadata,
    GeoTiffKind,
    default_profile,
    encode_geotiff,
)
from automap_tiles.raster.env import ensure_env
from automap_tiles.raster.inside import as_gdal_names_it, inside
from automap_tiles.raster.png import encode_png
from automap_tiles.raster.source import Georeferencing, RasterInfo

__all__ = [
    "BandMetadata",
    "GeoTiffKind",
    "Georeferencing",
    "Raster",
    "RasterInfo",
    "as_gdal_names_it",
    "close_all",
    "decode",
    "decode_bands",
    "default_profile",
    "encode_geotiff",
    "encode_png",
    "ensure_env",
    "file_stamp",
    "further_pages",
    "inside",
    "inspect",
    "inspect_anew",
    "inspect_content",
    "prepare",
    "read",
    "read_into",
    "times_picked",
    "warp",
]
