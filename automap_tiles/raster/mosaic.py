"""Write a large GeoTIFF, or COG, window by window."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window

from automap_tiles.errors import OutputError
from automap_tiles.grid import Grid
from automap_tiles.raster.datasets import deepest_reason
from automap_tiles.raster.encode import (
    BandMetadata,
    Tags,
    consistent,
    declare_colours,
    default_profile,
    write_metadata,
    write_tags,
)
from automap_tiles.raster.env import ensure_env, gdal_options

# Names of TIFF predictors in GDAL's COG driver.
_COG_PREDICTORS = {"1": "NO", "2": "STANDARD", "3": "FLOATING_POINT"}

# Options of the GTiff driver that the COG driver lacks, or names differently.
_NOT_COG = (
    *("tiled", "blockxsize", "blockysize", "interleave", "zlevel", "zstd_level", "driver"),
    "photometric",
)

# GDAL's COG driver first writes overviews into a temporary file, compressed as strongly as the
# final one, which takes longer than the rest of the COG. The COG is identical to the last byte with
# any of its compressions, but not with none (blocks beyond the edge then hold other pixels).
_WHILE_OVERVIEWS_ARE_MADE = {"COG_TMP_COMPRESSION": "PACKBITS"}

# Bytes of pixels up to which the plain file that a COG is made from is not compressed: compressing
# and decompressing it takes a third of the total time, and the COG is identical to the last byte.
_PLAIN_UNPACKED = 2**30

# Bytes; a disk with less free space is full, whatever the error says.
_NOTHING_FREE = 2**20


@dataclass(frozen=True, kw_only=True)
class MosaicSpec:
    """Description of a large file, apart from its pixels."""

    grid: Grid
    count: int
    dtype: str
    nodata: float | None
    profile: Mapping[str, Any] = field(default_factory=dict)
    """Creation options that differ from the defaults."""
    tags: Tags = field(default_factory=dict)
    bands: BandMetadata = field(default_factory=BandMetadata)
    cog: bool = False
    overviews: Sequence[int] | None = None
    """Decimation factors; None: none in a plain GeoTIFF, as many as needed in a COG."""
    overview_resampling: str = "nearest"


Piece = tuple[int, int, NDArray[Any]]
"""First row, first column, and pixels (band, y, x)."""


def write_mosaic(
    path: Path,
    spec: MosaicSpec,
    pieces: Iterable[Piece],
    late_tags: Callable[[], Tags] | None = None,
) -> None:
    """Write a file from pieces that do not overlap; pixels outside all pieces are nodata.

    Pieces of whole blocks are compressed only once. `late_tags` is called after the last piece, for
    tags that are only known then. Raises `OutputError`.
    """
    ensure_env()
    if not spec.cog:
        with _writing(path):
            _write_geotiff(path, spec, pieces, late_tags)
        return
    plain = path.with_name(f"{path.name}.tif")
    try:
        with _writing(plain):
            _write_geotiff(plain, spec, pieces, late_tags)
            _copy_to_cog(plain, path, spec)
    finally:
        plain.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn errors inside into `OutputError`.

    On a full disk GDAL may report a broken TIFF directory, and the files that it has removed by
    then free space: therefore the message includes the free space.
    """
    try:
        yield
    except (RasterioError, CPLE_BaseError, ValueError, TypeError, OSError) as error:
        why, free = deepest_reason(error), shutil.disk_usage(path.parent).free
        if free < _NOTHING_FREE:
            why = f"{os.strerror(errno.ENOSPC)} ({why})"
        raise OutputError(
            f"cannot be written as GeoTIFF: {why}; {free / 1e6:.0f} MB are free on the disk"
        ) from error


def block_size(spec: MosaicSpec) -> int:
    """Edge of the blocks of the file, pixels."""
    return int(_profile(spec).get("blockysize", 512))


def _profile(spec: MosaicSpec) -> dict[str, Any]:
    profile = default_profile(spec.dtype, spec.grid.shape)
    own = {key.lower(): value for key, value in spec.profile.items()}
    # for a COG all other options are for its driver, which takes this one from the plain file
    of_plain = {key: own.get(key) for key in ("photometric", "alpha")}
    profile.update(of_plain if spec.cog else own)
    profile["bigtiff"] = profile.get("bigtiff", "IF_SAFER")
    if spec.cog and _pixel_bytes(spec) <= _PLAIN_UNPACKED:
        profile["compress"] = None
    return consistent({key: value for key, value in profile.items() if value is not None})


def _pixel_bytes(spec: MosaicSpec) -> int:
    height, width = spec.grid.shape
    return spec.count * height * width * np.dtype(spec.dtype).itemsize


def _write_geotiff(
    path: Path,
    spec: MosaicSpec,
    pieces: Iterable[Piece],
    late_tags: Callable[[], Tags] | None,
) -> None:
    height, width = spec.grid.shape
    options = {
        **_profile(spec),
        "sparse_ok": True,
        "count": spec.count,
        "height": height,
        "width": width,
        "dtype": spec.dtype,
        "crs": spec.grid.crs,
        "transform": spec.grid.transform,
        "nodata": spec.nodata,
    }
    with rasterio.open(path, "w", **options) as dataset:
        declare_colours(dataset, spec.bands)
        for row, col, pixels in pieces:
            dataset.write(
                np.ma.getdata(pixels), window=Window(col, row, pixels.shape[2], pixels.shape[1])
            )
        # separately: both may contain tags of the same band
        write_tags(dataset, late_tags() if late_tags else None)
        write_tags(dataset, spec.tags)
        write_metadata(dataset, spec.bands)
    if spec.overviews and not spec.cog:
        with rasterio.open(path, "r+") as dataset:
            dataset.build_overviews(list(spec.overviews), Resampling[spec.overview_resampling])


def _copy_to_cog(plain: Path, path: Path, spec: MosaicSpec) -> None:
    options = {key.lower(): value for key, value in spec.profile.items()}
    level = options.get("level", options.get("zstd_level", options.get("zlevel")))
    size = options.get("blockxsize", options.get("blocksize", 512))
    predictor = str(options.pop("predictor", "YES"))
    compress = str(options.pop("compress", "zstd")).lower()
    cog = {key: value for key, value in options.items() if key not in _NOT_COG}
    cog |= {"compress": compress, "blocksize": size}
    cog |= {"overview_resampling": spec.overview_resampling}
    cog.setdefault("bigtiff", "IF_SAFER")
    if compress in ("zstd", "deflate", "lzw"):
        cog["predictor"] = _COG_PREDICTORS.get(predictor, predictor)
    if level is not None:
        cog["level"] = level
    elif compress == "zstd":
        cog["level"] = 1
    with gdal_options(_WHILE_OVERVIEWS_ARE_MADE):
        rasterio.shutil.copy(plain, path, driver="COG", **cog)
