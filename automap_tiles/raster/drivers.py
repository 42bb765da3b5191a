"""Which drivers of GDAL may open a source.

Some drivers read a text that names other files and addresses, whatever the file itself is called: a
virtual raster in `r.tif` makes GDAL ask any address of its author's choice, inner ones of this
network as well. So what comes from outside is opened by drivers only that read nothing but the
file, and a file of this machine by one that follows references only where its name says so.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasterio._path import _parse_path
from rasterio.env import Env, ensure_env_with_credentials
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetReader

from automap_tiles.errors import InputError

SELF_CONTAINED = (
    "GTiff", "COG", "PNG", "JPEG", "JP2OpenJPEG", "JP2KAK", "JP2ECW", "JP2MrSID", "JPEGXL",
    "WEBP", "GIF", "BIGGIF", "BMP", "netCDF", "HDF5", "HDF5Image", "HDF4", "HDF4Image", "GRIB",
    "BAG", "HFA", "MBTiles", "GPKG", "AAIGrid", "DTED", "SRTMHGT", "USGSDEM", "XYZ", "ENVI",
    "EHdr", "NITF", "PCIDSK", "SAGA", "RST", "GSBG", "GS7BG", "GSAG", "PCRaster", "PNM", "SGI",
)  # fmt: skip
"""Drivers that read the file and, at most, its own header beside it; names as in GDAL."""

REFERRING: dict[str, tuple[str, ...]] = {
    "VRT": (".vrt",),
    "GTI": (".gti", ".gti.gpkg", ".gti.fgb", ".gti.parquet"),
    "WMS": (".xml", ".wms"),
    "WMTS": (".xml",),
    "WCS": (".xml", ".wcs"),
    "MRF": (".mrf",),
    "KMLSUPEROVERLAY": (".kml", ".kmz"),
    "MAP": (".map",),
    "ERS": (".ers",),
    "STACIT": (".json",),
    "STACTA": (".json",),
    **dict.fromkeys(("DAAS", "EEDA", "EEDAI", "HTTP", "OGCAPI", "PLMOSAIC", "PLScenes"), ()),
}
"""Drivers that follow references of a file, and the ends of names under which they may."""

# `NETCDF:file:variable` and the like name their driver.
_SUBDATASET = re.compile(r"[A-Z][A-Z0-9_]+:")

# What GDAL looks for beside a raster, and opens with any driver.
_SIDE_FILES = (".ovr", ".msk")

_HEAD = 4096


def is_local(path: str) -> bool:
    """Whether a path names a file of this machine, and not a part of an archive."""
    return "://" not in path and not path.startswith("/vsi") and not _SUBDATASET.match(path)


def drivers_for(path: str) -> list[str] | None:
    """Names of the drivers that may open a source; None: all."""
    if _SUBDATASET.match(path):
        return None
    if not is_local(path):
        return list(SELF_CONTAINED)
    name = path.lower()
    if name.endswith(REFERRING["VRT"]):
        return None
    return [
        driver for driver in _registered()
        if driver not in REFERRING or name.endswith(REFERRING[driver])
    ]  # fmt: skip


@lru_cache(maxsize=1)
def _registered() -> tuple[str, ...]:
    with Env() as env:
        return tuple(env.drivers())


@ensure_env_with_credentials  # type: ignore[untyped-decorator]
def open_dataset(path: str, **options: Any) -> Any:
    """An open dataset, and nothing that its file names instead of holding it.

    Raises rasterio's errors as `rasterio.open` does, and `InputError` for overviews or masks in
    other files that may refer on.
    """
    if is_local(path):
        for end in _SIDE_FILES:
            _check_side_file(path, path + end)
    dataset = DatasetReader(_parse_path(path), driver=drivers_for(path), **options)
    if named := dataset.tags(ns="OVERVIEWS").get("OVERVIEW_FILE"):
        dataset.close()
        raise InputError(
            f"names another file for its overviews ({named}), which is not followed; build them "
            "anew (gdaladdo), or take the tag OVERVIEW_FILE away",
            path,
        )
    return dataset


def reason_not_opened(path: str, error: str) -> str:
    """Why a source could not be opened, where GDAL only says that no driver knows it."""
    name = path.lower()
    if not is_local(path):
        if name.partition("?")[0].endswith(REFERRING["VRT"]):
            return "virtual rasters are read from files of this machine only"
        return error
    if not name.endswith(REFERRING["VRT"]) and b"<VRTDataset" in _head(path):
        return (
            "is a virtual raster, which can name any other file and address, and is not called "
            "so; if you trust it, let its name end with .vrt"
        )
    return error


def _check_side_file(path: str, beside: str) -> None:
    if not Path(beside).exists():
        return
    try:
        DatasetReader(_parse_path(beside), driver=list(SELF_CONTAINED)).close()
    except RasterioIOError as error:
        raise InputError(
            f"the file beside it, {Path(beside).name}, is not a plain raster: {error}", path
        ) from error


def _head(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""
