"""GeoTIFF tiles; or one GeoTIFF, or COG, when the path ends with .tif."""

from automap_tiles.formats.gtiff._single_file import SingleFile
from automap_tiles.formats.gtiff._tiles import SINGLE_FILE_OPTIONS, GeoTiffCodec, directory_writer
from automap_tiles.formats.gtiff._writer import open_writer

__all__ = [
    "SINGLE_FILE_OPTIONS",
    "GeoTiffCodec",
    "SingleFile",
    "directory_writer",
    "open_writer",
]
