"""The documentation of one key of a process file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Key:
    """Documentation of a key."""

    name: str
    """As written in the file."""
    what: str
    """Its effect; Markdown."""
    values: str
    """Permitted values."""
    default: str | None = None
    """Default; None: it is required, or has no effect if absent."""
    also: tuple[str, ...] = ()
    """Older names, and mapchete's."""
    is_needed: bool = False


# Creation options of GDAL's GTiff and COG drivers, https://gdal.org/drivers/raster/gtiff.html
# and …/cog.html.
CREATION_OPTIONS = (
    "compress", "predictor", "zlevel", "zstd_level", "lzma_preset", "max_z_error", "discard_lsb",
    "jpeg_quality", "webp_level", "webp_lossless", "jxl_lossless", "jxl_effort", "jxl_distance",
    "tiled", "blocksize", "blockxsize", "blockysize", "interleave", "photometric", "alpha",
    "bigtiff", "sparse_ok", "num_threads", "nbits", "profile", "endianness", "pixeltype",
    "geotiff_version", "geotiff_keys_flavor", "driver",
    "level", "quality", "overview_compress", "overview_quality", "overview_predictor",
)  # fmt: skip

RESAMPLING = "a resampling method of GDAL"
