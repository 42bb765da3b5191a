"""Category names and raster attribute tables of bands.

rasterio does not expose them. A VRT that GDAL makes from a dataset contains both as XML
(https://gdal.org/drivers/raster/vrt.html), whatever format or sidecar file they come from.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import rasterio.shutil
from rasterio.io import MemoryFile

from automap_tiles.parsing import parse_number


class _Usage(IntEnum):
    """What a column is for (GDALRATFieldUsage in gdal.h)."""

    NAME = 2
    MIN = 3
    MIN_MAX = 5
    RED = 6
    GREEN = 7
    BLUE = 8
    ALPHA = 9


_COLOUR = (_Usage.RED, _Usage.GREEN, _Usage.BLUE, _Usage.ALPHA)

# Names of the value column in tables that do not declare its usage.
_VALUE_NAMES = frozenset(("value", "val", "code", "class"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Metadata about the values of a band."""

    names: Mapping[int, str]
    colours: Mapping[int, tuple[int, ...]]
    """(r, g, b, a) by value, from an attribute table."""
    others: tuple[str, ...]
    """Names of the other columns."""


def attributes_of(dataset: Any) -> tuple[Attributes, ...]:
    """The attributes of each band of an open dataset."""
    return tuple(_of_band(band) for band in _bands(dataset))


def nodata_texts(dataset: Any) -> tuple[str | None, ...]:
    """The nodata value of each band of an open dataset, at full precision."""
    return tuple(band.findtext("NoDataValue") for band in _bands(dataset))


def _bands(dataset: Any) -> list[ET.Element]:
    with MemoryFile(ext=".vrt") as memory:
        rasterio.shutil.copy(dataset, memory.name, driver="VRT")
        root = ET.fromstring(memory.read())
    return root.findall("VRTRasterBand")  # The mask has a band element of its own, further down.


def _of_band(band: ET.Element) -> Attributes:
    said = [category.text or "" for category in band.findall("CategoryNames/Category")]
    names = {value: name for value, name in enumerate(said) if name}
    table = band.find("GDALRasterAttributeTable")
    if table is None:
        return Attributes(names=names, colours={}, others=())
    columns = [_Column.of(field) for field in table.findall("FieldDefn")]
    rows = [[cell.text or "" for cell in row.findall("F")] for row in table.findall("Row")]
    place = _place_of_values(columns)
    if place is None:
        return Attributes(names=names, colours={}, others=tuple(each.name for each in columns))
    found, colours = dict(names), {}
    for row in rows:
        value = _whole(row[place])
        if value is None:
            continue
        cells = {column.usage: row[at] for at, column in enumerate(columns)}
        if name := cells.get(_Usage.NAME):
            found[value] = name
        parts = [_whole(cells.get(usage, "255")) for usage in _COLOUR]
        if _Usage.RED in cells and None not in parts:
            colours[value] = tuple(part for part in parts if part is not None)
    known = {_Usage.NAME, *_COLOUR}
    others = tuple(
        column.name
        for at, column in enumerate(columns)
        if at != place and column.usage not in known
    )
    return Attributes(names=found, colours=colours, others=others)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    usage: int

    @classmethod
    def of(cls, field: ET.Element) -> _Column:
        return cls(field.findtext("Name", ""), int(field.findtext("Usage", "0")))


def _place_of_values(columns: list[_Column]) -> int | None:
    for usage in (_Usage.MIN_MAX, _Usage.MIN):
        for place, column in enumerate(columns):
            if column.usage == usage:
                return place
    for place, column in enumerate(columns):
        if column.name.lower() in _VALUE_NAMES and column.usage != _Usage.NAME:
            return place
    return None


def _whole(text: str) -> int | None:
    """A whole number, also as `3.0`; None for anything else."""
    number = parse_number(text)
    return int(number) if number is not None and number.is_integer() else None
