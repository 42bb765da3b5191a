"""Plain tiled TIFFs without GDAL: what GDAL would write of the same options, what it would read.

Only the commonest kind is known here (little endian, tiled; no compression, deflate or Zstandard; a
predictor). `Pattern.of`, `Image.of` (a tile in memory) and `TiledFile.of` (a file on the disk, with
or without overviews) answer None for anything else, which is left to GDAL. `CogKind` and `Stored`
are for a large file that is put together from blocks which GDAL has written, whatever is in them.
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
