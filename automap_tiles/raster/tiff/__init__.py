"""Plain tiled TIFFs without GDAL: written as GDAL would with the same options, and read.

Only the most common kind is supported (little-endian, tiled; no compression, deflate or Zstandard;
with or without predictor). `Pattern.of`, `Image.of` (a tile in memory) and `TiledFile.of` (a file
on disk, with or without overviews) return None for anything else, which is left to GDAL. `CogKind`
and `Stored` serve to assemble a large file from blocks that GDAL has written, whatever they
contain.
"""

from automap_tiles.raster.tiff._cog_layout import CogKind, Stored
from automap_tiles.raster.tiff._file import Profile, Stamp, TiledFile, stamp_of
from automap_tiles.raster.tiff._image import Image
from automap_tiles.raster.tiff._pattern import Pattern
from automap_tiles.raster.tiff._unpacking import compile_unpacking

__all__ = [
    "CogKind",
    "Image",
    "Pattern",
    "Profile",
    "Stamp",
    "Stored",
    "TiledFile",
    "compile_unpacking",
    "stamp_of",
]
