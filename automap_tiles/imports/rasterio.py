"""Imports rasterio."""

from automap_tiles.imports._lazy import import_without_aws

import_without_aws("rasterio.session")
