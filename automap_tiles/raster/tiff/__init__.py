"""Plain tiled TIFFs without GDAL: what GDAL would write of the same options, what it would read.

Only the commonest kind is known here (classic, little endian, one image, tiled; no compression,
deflate or Zstandard; a predictor). `Pattern.of` and `Image.of` answer None for anything else, which
is left to GDAL.
"""

from automap_tiles.raster.tiff._image import Image
from automap_tiles.raster.tiff._pattern import Pattern

__all__ = ["Image", "Pattern"]
