"""Folders of tiles: their files, what they say of themselves, and the formats of single tiles."""

from automap_tiles.formats.tiles._assumed import advice, tell_of_lost
from automap_tiles.formats.tiles._directory import Matching, PixelTile, TileDirectory
from automap_tiles.formats.tiles._files import Cut, TileFiles, output_pyramid, overlapping
from automap_tiles.formats.tiles._legend import Legend, class_tags, pam, read_legend
from automap_tiles.formats.tiles._metadata import (
    METADATA_NAME,
    Metadata,
    read_metadata,
    write_metadata,
    write_summary,
)
from automap_tiles.formats.tiles._pixels import PixelFormat, touched
from automap_tiles.formats.tiles._raster_options import (
    RasterOptions,
    raster_options,
    resampling_option,
)
from automap_tiles.formats.tiles._rasters import Codec, RasterDirectory, Tags, blank, paste
from automap_tiles.formats.tiles.features import FeatureDirectory

__all__ = [
    "METADATA_NAME",
    "Codec",
    "Cut",
    "FeatureDirectory",
    "Legend",
    "Matching",
    "Metadata",
    "PixelFormat",
    "PixelTile",
    "RasterDirectory",
    "RasterOptions",
    "Tags",
    "TileDirectory",
    "TileFiles",
    "advice",
    "blank",
    "class_tags",
    "output_pyramid",
    "overlapping",
    "pam",
    "paste",
    "raster_options",
    "read_legend",
    "read_metadata",
    "resampling_option",
    "tell_of_lost",
    "touched",
    "write_metadata",
    "write_summary",
]
