"""Some bands of a source as a VRT; nothing is copied.

GDAL's warper, as configured by rasterio, treats a pixel as nodata only where all bands of a dataset
are nodata, including bands that were not requested. Where one band has a hole and another has data,
the nodata value is treated as a valid number and bleeds into its neighbours. NaN next to another
nodata value is never a hole.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio._path import _parse_path, _vsi_path
from rasterio.dtypes import dtype_rev, typename_fwd
from rasterio.windows import Window

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.raster.datasets import OpenSource, open_virtual
from automap_tiles.raster.drivers import REFERRING, names_its_driver
from automap_tiles.raster.kernel_window import kernel_window
from automap_tiles.raster.nodata import equals
from automap_tiles.raster.source import Georeferencing, RasterInfo
from automap_tiles.raster.tiff import Stamp

# Source pixels of a band examined at once.
_STRIP = 2**20

# Signatures that GDAL's drivers look for at the start of a file, and how many bytes they examine.
_REFERENCES = (
    b"<VRTDataset", b"<GDALTileIndexDataset", b"<GDAL_WMS", b"<GDAL_WMTS", b"<WMS_", b"<WCS_GDAL",
    b"<MRF_META",
)  # fmt: skip
_HEAD = 4096


def holes_differ(
    source: OpenSource, grid: Grid, indexes: Sequence[int], nodata: float | None
) -> bool:
    """Whether GDAL would mishandle holes in these bands, of one dtype, around a block.

    `nodata` None: NaN is no data.
    """
    info = source.info
    is_float = np.dtype(info.dtypes[indexes[0] - 1]).kind == "f"
    nan_beside = is_float and nodata is not None and not np.isnan(nodata)
    if not nan_beside and (len(indexes) == 1 or (nodata is None and not is_float)):
        return False
    around = kernel_window(info.grid.crs, info.transform, grid)
    if around is None:
        return False
    rows, cols = (
        range(max(0, part.start), min(size, part.stop))
        for part, size in zip(around, info.shape, strict=True)
    )
    return bool(cols) and any(
        _are_mistaken(pixels, nodata) for pixels in _strips(source, indexes, rows, cols)
    )


def _strips(
    source: OpenSource, indexes: Sequence[int], rows: range, cols: range
) -> Iterator[NDArray[Any]]:
    step = max(1, _STRIP // len(cols))
    for start in range(rows.start, rows.stop, step):
        height = min(step, rows.stop - start)
        # Read by GDAL, so that its block cache serves the warper afterwards.
        window = Window(cols.start, start, len(cols), height)
        yield source.dataset.read(list(indexes), window=window)


def _are_mistaken(pixels: NDArray[Any], nodata: float | None) -> bool:
    """Whether there is NaN besides nodata, or a hole not shared by all bands (band, y, x)."""
    beside = pixels.dtype.kind == "f" and nodata is not None and not np.isnan(nodata)
    if beside and np.isnan(pixels).any():
        return True
    holes = equals(pixels, np.nan if nodata is None else nodata)
    return holes is not None and len(holes) > 1 and bool((holes[1:] != holes[:1]).any())


def bands_of(
    source: OpenSource, indexes: Sequence[int], nodata: float | None, level: int | None
) -> OpenSource:
    """Some bands of a source or of one of its overviews, cached like `open_source`.

    NaN becomes `nodata`; None leaves it unchanged. Raises `InputError` for a source that could be
    mistaken for another format when it is reopened.
    """
    info = source.info
    root = _raster(info)
    _tie(root, info)
    for number, index in enumerate(indexes, start=1):
        band = _band(root, info.dtypes[index - 1], number)
        if nodata is not None:
            ET.SubElement(band, "NoDataValue").text = repr(nodata)
        element = ET.SubElement(band, "SimpleSource" if nodata is None else "ComplexSource")
        name = _vsi_path(_parse_path(info.path))
        _require_plain(name, info, source.stamp)
        ET.SubElement(element, "SourceFilename", relativeToVRT="0").text = name
        if level is not None:
            options = ET.SubElement(element, "OpenOptions")
            ET.SubElement(options, "OOI", key="OVERVIEW_LEVEL").text = str(level)
        ET.SubElement(element, "SourceBand").text = str(index)
        if nodata is not None:
            ET.SubElement(element, "NODATA").text = "nan"
    # Part of the text, so that a changed file does not hit the cache.
    ET.SubElement(root, "Metadata", domain="AUTOMAP").text = repr(source.stamp)
    return open_virtual(ET.tostring(root, encoding="unicode"))


def _require_plain(name: str, info: RasterInfo, stamp: Stamp | None) -> None:
    """Reject an image that can also be parsed as a text with references.

    A VRT opens its sources with any GDAL driver, starting with those that follow references.
    """
    if info.driver not in REFERRING and not names_its_driver(name) and _refers(name, stamp):
        raise InputError(
            "holds the beginning of a virtual raster, which can name any other file and address; "
            "write it anew as a GeoTIFF",
            info.path,
        )


@lru_cache(maxsize=256)
def _refers(name: str, stamp: Stamp | None) -> bool:  # noqa: ARG001 - part of the cache key
    """Whether the first bytes of a file, local or remote, could make GDAL follow references."""
    root = ET.Element("VRTDataset", rasterXSize=str(_HEAD), rasterYSize="1")
    band = _band(root, "uint8", 1)
    band.set("subClass", "VRTRawRasterBand")
    ET.SubElement(band, "SourceFilename", relativeToVRT="0").text = name
    for key, value in (("ImageOffset", 0), ("PixelOffset", 1), ("LineOffset", _HEAD)):
        ET.SubElement(band, key).text = str(value)
    with (
        rasterio.Env(GDAL_VRT_RAWRASTERBAND_ALLOWED_SOURCE="ALL"),
        rasterio.open(ET.tostring(root, encoding="unicode")) as raw,
    ):
        head: bytes = raw.read(1).tobytes()
    return any(word in head for word in _REFERENCES)


def ones_of(source: OpenSource) -> OpenSource:
    """A raster of ones with the extent and georeferencing of a source."""
    info, dataset = source.info, source.dataset
    root = _raster(info)
    points, crs = dataset.gcps
    if info.georeferencing is Georeferencing.TRANSFORM:
        _tie(root, info)
    elif points:
        found = ET.SubElement(root, "GCPList", Projection=crs.to_wkt())
        for number, point in enumerate(points):
            place = {"Pixel": point.col, "Line": point.row, "X": point.x, "Y": point.y}
            place["Z"] = point.z or 0.0
            said = {key: repr(float(value)) for key, value in place.items()}
            ET.SubElement(found, "GCP", {"Id": str(number), **said})
    else:
        tags = ET.SubElement(root, "Metadata", domain="RPC")
        for key, text in dataset.tags(ns="RPC").items():
            ET.SubElement(tags, "MDI", key=key).text = text
    band = _band(root, "uint8", 1)
    # What GDAL returns where a virtual band has no source.
    ET.SubElement(band, "NoDataValue").text = "1"
    ET.SubElement(band, "HideNoDataValue").text = "1"
    return open_virtual(ET.tostring(root, encoding="unicode"))


def _raster(info: RasterInfo) -> ET.Element:
    height, width = info.shape
    return ET.Element("VRTDataset", rasterXSize=str(width), rasterYSize=str(height))


def _tie(root: ET.Element, info: RasterInfo) -> None:
    ET.SubElement(root, "GeoTransform").text = ", ".join(map(repr, info.transform.to_gdal()))
    if info.crs is not None:
        ET.SubElement(root, "SRS").text = info.crs.to_wkt()


def _band(root: ET.Element, dtype: str, number: int) -> ET.Element:
    kind = typename_fwd[dtype_rev[dtype]]
    return ET.SubElement(root, "VRTRasterBand", dataType=kind, band=str(number))
