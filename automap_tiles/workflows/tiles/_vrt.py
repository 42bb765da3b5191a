"""A GDAL virtual raster over the tiles of one zoom (https://gdal.org/drivers/raster/vrt.html)."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from automap_tiles.grid import Bounds, TileIndex
from automap_tiles.raster import RasterInfo
from automap_tiles.raster.raster_facts import RasterFacts
from automap_tiles.storage import is_remote
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles

# GDAL's names of NumPy dtypes.
_TYPES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "uint64": "UInt64",
    "int64": "Int64",
    "float32": "Float32",
    "float64": "Float64",
    "complex_int16": "CInt16",
    "complex64": "CFloat32",
    "complex128": "CFloat64",
}

# Colour interpretation of images by number of bands.
_COLOURS = {
    1: ("Gray",),
    2: ("Gray", "Alpha"),
    3: ("Red", "Green", "Blue"),
    4: ("Red", "Green", "Blue", "Alpha"),
}

# GDAL's colour interpretations of tiles.
_INTERPRETATIONS = frozenset(("gray", "red", "green", "blue", "alpha", "palette"))


class _Source(NamedTuple):
    """Position of the pixels of one tile."""

    path: str
    relative: bool
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class VrtMore:
    """Optional parts of a VRT."""

    frame: Bounds | None = None
    """Its extent; None: that of the tiles."""
    overviews: tuple[str, ...] = ()
    """Names of VRTs of coarser zooms in the same folder, the finest first."""
    statistics: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    """Statistics by band number (minimum, maximum, mean, stddev), from a sample of pixels."""


def frame_of(directory: StoredTiles, tiles: Sequence[TileIndex]) -> Bounds:
    """The bounds of some tiles."""
    return _frame([directory.tile(index).bounds for index in tiles])


def vrt_xml(
    directory: StoredTiles,
    tiles: Sequence[TileIndex],
    folder: Path,
    basepath: str | None = None,
    more: VrtMore | None = None,
) -> str:
    """The content of a VRT in `folder` of `tiles` (at least one, all of one zoom).

    Bands and their metadata are those of the first tile.
    """
    look = directory.look(tiles[0])
    info, said = look.info, look.about
    more = more or VrtMore()
    frame = more.frame or frame_of(directory, tiles)
    sources = [_source(directory, index, frame, folder, basepath) for index in tiles]
    pixel = directory.pyramid.pixel_size(tiles[0].zoom)
    root = ET.Element(
        "VRTDataset",
        rasterXSize=str(max(1, round(frame.width / pixel[0]))),
        rasterYSize=str(max(1, round(frame.height / pixel[1]))),
    )
    ET.SubElement(root, "SRS").text = directory.pyramid.crs.to_wkt()
    transform = (frame.left, pixel[0], 0.0, frame.top, 0.0, -pixel[1])
    ET.SubElement(root, "GeoTransform").text = ", ".join(map(repr, transform))
    tiles_of = directory.metadata.info
    is_picture = tiles_of is not None and tiles_of.has_byte_pixels
    colours = _COLOURS.get(info.count, ()) if is_picture else ()
    for band in range(1, info.count + 1):
        node = _add_band(root, band, info)
        _describe(node, band, info, said, more.statistics.get(band, {}))
        interpretation = colours[band - 1] if colours else said.colorinterp[band - 1].title()
        if interpretation.lower() in _INTERPRETATIONS:
            ET.SubElement(node, "ColorInterp").text = interpretation
        for source in sources:
            _add_source(node, band, info, source)
        for name in more.overviews:
            overview = ET.SubElement(node, "Overview")
            ET.SubElement(overview, "SourceFilename", relativeToVRT="1").text = name
            ET.SubElement(overview, "SourceBand").text = str(band)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _frame(boxes: Sequence[Bounds]) -> Bounds:
    left, bottom, right, top = zip(*boxes, strict=True)
    return Bounds(min(left), min(bottom), max(right), max(top))


def _source(
    directory: StoredTiles, index: TileIndex, frame: Bounds, folder: Path, basepath: str | None
) -> _Source:
    tile = directory.tile(index)
    key = directory.layout.key(index)
    path = directory.storage.url(key) if basepath is None else f"{basepath.rstrip('/')}/{key}"
    relative = basepath is None and not is_remote(directory.path)
    return _Source(
        path=Path(os.path.relpath(path, folder.absolute())).as_posix() if relative else path,
        relative=relative,
        x=round((tile.bounds.left - frame.left) / tile.pixel_x_size),
        y=round((frame.top - tile.bounds.top) / tile.pixel_y_size),
        width=tile.width,
        height=tile.height,
    )


def _add_band(root: ET.Element, band: int, info: RasterInfo) -> ET.Element:
    data_type = _TYPES[info.dtypes[band - 1]]
    nodata = info.nodatavals[band - 1]
    node = ET.SubElement(root, "VRTRasterBand", dataType=data_type, band=str(band))
    if info.descriptions and info.descriptions[band - 1]:
        ET.SubElement(node, "Description").text = info.descriptions[band - 1]
    if nodata is not None:
        ET.SubElement(node, "NoDataValue").text = _number(nodata)
    return node


def _describe(
    node: ET.Element,
    band: int,
    info: RasterInfo,
    said: RasterFacts,
    statistics: Mapping[str, float],
) -> None:
    """Unit, scale, offset, tags, statistics and colours of a band."""
    if unit := said.units[band - 1]:
        ET.SubElement(node, "UnitType").text = unit
    for name, values, usual in (("Scale", info.scales, 1.0), ("Offset", info.offsets, 0.0)):
        if values and values[band - 1] != usual:
            ET.SubElement(node, name).text = repr(values[band - 1])
    tags = {**said.band_tags[band - 1], **_statistics(statistics)}
    if tags:
        metadata = ET.SubElement(node, "Metadata")
        for key, text in tags.items():
            ET.SubElement(metadata, "MDI", key=key).text = text
    if table := said.colours[band - 1]:
        colours = ET.SubElement(node, "ColorTable")
        for value in range(max(table) + 1):
            parts = zip(("c1", "c2", "c3", "c4"), table.get(value, (0, 0, 0, 0)), strict=True)
            ET.SubElement(colours, "Entry", {name: str(part) for name, part in parts})


def _statistics(found: Mapping[str, float]) -> dict[str, str]:
    """In GDAL's format (GDALRasterBand::SetStatistics), marked as approximate."""
    if not found:
        return {}
    said = {f"STATISTICS_{name.upper()}": repr(value) for name, value in found.items()}
    return {"STATISTICS_APPROXIMATE": "YES", **said}


def _add_source(node: ET.Element, band: int, info: RasterInfo, source: _Source) -> None:
    # Only a complex source ignores nodata where tiles overlap, as buffered ones do.
    nodata = info.nodatavals[band - 1]
    kind = "SimpleSource" if nodata is None else "ComplexSource"
    element = ET.SubElement(node, kind)
    name = ET.SubElement(element, "SourceFilename", relativeToVRT="1" if source.relative else "0")
    name.text = source.path
    ET.SubElement(element, "SourceBand").text = str(band)
    size = {"xSize": str(source.width), "ySize": str(source.height)}
    ET.SubElement(element, "SrcRect", {"xOff": "0", "yOff": "0", **size})
    ET.SubElement(element, "DstRect", {"xOff": str(source.x), "yOff": str(source.y), **size})
    if nodata is not None:
        ET.SubElement(element, "NODATA").text = _number(nodata)


def _number(value: float) -> str:
    """In GDAL's notation: `nan`, `-32768`, `0.5`."""
    if math.isfinite(value) and value == int(value):
        return str(int(value))
    return repr(float(value))
