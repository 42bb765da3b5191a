"""Which GDAL drivers may open a source.

Some drivers parse text that references other files and URLs, whatever the name of the file: a VRT
in `r.tif` makes GDAL request any URL of its author's choice, including internal ones. So external
sources are opened only by drivers that read nothing but the file, and local files by drivers that
follow references only if their name says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasterio.enums import MaskFlags
from rasterio.env import Env, ensure_env_with_credentials, get_gdal_config, getenv, setenv
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetReader
from rasterio.session import DummySession, Session

from automap_tiles.errors import InputError
from automap_tiles.raster.env import ensure_env
from automap_tiles.storage import is_address
from automap_tiles.storage.zarr_array import is_placed

SELF_CONTAINED = (
    "GTiff", "COG", "PNG", "JPEG", "JP2OpenJPEG", "JP2KAK", "JP2ECW", "JP2MrSID", "JPEGXL",
    "WEBP", "GIF", "BIGGIF", "BMP", "netCDF", "HDF5", "HDF5Image", "HDF4", "HDF4Image", "GRIB",
    "BAG", "HFA", "MBTiles", "GPKG", "AAIGrid", "DTED", "SRTMHGT", "USGSDEM", "XYZ", "ENVI",
    "EHdr", "NITF", "SAGA", "RST", "GSBG", "GS7BG", "GSAG", "PCRaster", "PNM", "SGI",
)  # fmt: skip
"""Drivers that read only the file and, at most, its own sidecar header; named as in GDAL."""

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
    "PCIDSK": (".pix",),
    "STACIT": (".json",),
    "STACTA": (".json",),
    **dict.fromkeys(("DAAS", "EEDA", "EEDAI", "HTTP", "OGCAPI", "PLMOSAIC", "PLScenes"), ()),
}
"""Drivers that follow references in a file, and the file name suffixes for which they may."""

# `NETCDF:file:variable` and similar names contain their driver.
_SUBDATASET = re.compile(r"[A-Z][A-Z0-9_]+:")

SIDE_FILES = (".aux.xml", ".ovr", ".msk")
"""Suffixes of a raster's sidecar files in GDAL: statistics and names, overviews, a mask. When the
raster is rewritten they become stale."""

# Sidecar files that GDAL opens with any driver: overviews and masks.
_OVERVIEWS = (".ovr", ".OVR")
_MASKS = (".msk", ".MSK")

# Archives by suffix, longest first, and GDAL's virtual file system for each.
_ARCHIVES = {
    ".zip": "vsizip", ".tar.gz": "vsitar", ".tar": "vsitar", ".tgz": "vsitar", ".gz": "vsigzip",
}  # fmt: skip

# GDAL's message for a file that exists but that none of the allowed drivers can read.
_UNKNOWN_FORMAT = "not recognized as being in a supported file format"

_LISTING = "GDAL_DISABLE_READDIR_ON_OPEN"

_HEAD = 4096


def drivers_here() -> frozenset[str]:
    """Names of the raster drivers of this GDAL build."""
    import rasterio
    from rasterio.drivers import raster_driver_extensions
    from rasterio.session import DummySession

    # Without a session rasterio would ask boto3 for credentials.
    with rasterio.Env(DummySession()) as env:
        return frozenset(env.drivers()) | frozenset(raster_driver_extensions().values())


def is_local(path: str) -> bool:
    """Whether a path is a local file, not a member of an archive."""
    path = path.removeprefix("file://")
    return not is_address(path) and not _SUBDATASET.match(path)


def names_its_driver(path: str) -> bool:
    """Whether a name is that of a subdataset, such as `NETCDF:file:variable`."""
    return _SUBDATASET.match(path) is not None


def drivers_for(path: str) -> list[str] | None:
    """Names of the drivers that may open a source; None: all."""
    if _SUBDATASET.match(path):
        return None
    if is_placed(path):  # Made by us, for a single Zarr array.
        return ["VRT"]
    if not is_local(path):
        return list(SELF_CONTAINED)
    return list(_of_local_files(_referring(path.lower())))


def _referring(name: str) -> tuple[str, ...]:
    """The drivers that follow references and are requested by the file name."""
    return tuple(driver for driver, ends in REFERRING.items() if ends and name.endswith(ends))


@lru_cache(maxsize=32)
def _of_local_files(wanted: tuple[str, ...]) -> tuple[str, ...]:
    with Env() as env:
        return tuple(name for name in env.drivers() if name not in REFERRING or name in wanted)


def open_dataset(path: str, **options: Any) -> Any:
    """An open dataset, without anything that its file only references.

    Raises rasterio's errors as `rasterio.open` does, and `InputError` for external overviews or
    masks that may contain references.
    """
    ensure_env()
    # Like `rasterio.open`, but without entering a useless environment: see below.
    session = Session.cls_from_path(path)
    if session is DummySession or session.hascreds(getenv()):
        return _open(path, **options)
    return ensure_env_with_credentials(_open)(path, **options)


def _open(path: str, **options: Any) -> Any:
    if is_local(path):
        for beside in _local_side_files(path):
            _check_side_file(path, beside)
    dataset = DatasetReader(path, driver=drivers_for(path), **options)
    try:
        _check_beside(dataset, path)
    except InputError:
        dataset.close()
        raise
    return dataset


def _check_beside(dataset: Any, path: str) -> None:
    """Reject overviews and masks of a dataset that are not plain rasters.

    GDAL looks for them on first access, which has not happened yet.
    """
    if named := dataset.tags(ns="OVERVIEWS").get("OVERVIEW_FILE"):
        raise InputError(
            f"names another file for its overviews ({named}), which is not followed; build them "
            "anew (gdaladdo), or take the tag OVERVIEW_FILE away",
            path,
        )
    if not is_local(path) and "?" not in path and not _SUBDATASET.match(path):
        for beside in _far_side_files(dataset, path):
            _check_side_file(path, beside)


def reason_not_opened(path: str, error: str) -> str:
    """Why a source could not be opened, where GDAL only says that no driver recognised it."""
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
    kind = next((kind for end, kind in _ARCHIVES.items() if name.endswith(end)), None)
    if kind is not None:
        rest = "" if kind == "vsigzip" else "/NAME"
        return f"is an archive; what is inside of it is named /{kind}/{path}{rest}"
    return error


def _local_side_files(path: str) -> list[str]:
    # os.path: this runs at every open, and pathlib is slower.
    own = path.removeprefix("file://")
    return [own + end for end in (*_OVERVIEWS, *_MASKS) if os.path.exists(own + end)]  # noqa: PTH110


def has_side_files(path: str) -> bool:
    """Whether a local file has overviews or masks in sidecar files."""
    return bool(_local_side_files(path))


def _far_side_files(dataset: Any, path: str) -> tuple[str, ...]:
    """Where GDAL will look for overviews and masks of a raster that is not a local file.

    GDAL does not search for a GeoTIFF with internal ones; so this issues no request that GDAL would
    not issue itself.
    """
    ends: tuple[str, ...] = (*_OVERVIEWS, *_MASKS)
    if dataset.driver == "GTiff":
        with _without_side_files(), DatasetReader(path, driver=["GTiff"]) as alone:
            own_mask = alone.count and MaskFlags.per_dataset in alone.mask_flag_enums[0]
            own_overviews = alone.count and alone.overviews(1)
        ends = (() if own_overviews else _OVERVIEWS) + (() if own_mask else _MASKS)
    return tuple(path + end for end in ends)


@contextmanager
def _without_side_files() -> Iterator[None]:
    """Keep GDAL from looking for sidecar files.

    Not by a nested environment: leaving one resets the credentials of object stores, upon which
    GDAL drops its caches of all servers and requests everything again.
    """
    before = get_gdal_config(_LISTING, normalize=False)
    setenv(**{_LISTING: "EMPTY_DIR"})
    try:
        yield
    finally:
        setenv(**{_LISTING: "FALSE" if before is None else before})


def _check_side_file(path: str, beside: str) -> None:
    """Reject a sidecar file that may reference others, directly or by its own sidecar files."""
    try:
        if is_local(beside):
            for further in _local_side_files(beside):
                _check_side_file(beside, further)
        with DatasetReader(beside, driver=list(SELF_CONTAINED)) as dataset:
            _check_beside(dataset, beside)
    except RasterioIOError as error:
        if is_local(beside) or _UNKNOWN_FORMAT in str(error):
            raise InputError(
                f"the file beside it, {Path(beside).name}, is not a plain raster: {error}", path
            ) from error


def _head(path: str) -> bytes:
    try:
        with Path(path.removeprefix("file://")).open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""
