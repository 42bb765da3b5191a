"""Where versions of GDAL differ: rasterio 1.4 has 3.10, 1.5 (Python 3.12 and later) has 3.12."""

from __future__ import annotations

import rasterio

GDAL_3_12 = tuple(map(int, rasterio.__gdal_version__.split(".")[:2])) >= (3, 12)
