"""Names and colours of the classes in a band, from the metadata of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from automap_tiles.raster._attributes import attributes_of
from automap_tiles.raster.datasets import open_source

CLASS_TAG = "class_"
"""Prefix of band tags that name a class; followed by its value."""

_BITS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassLegend:
    """Meaning of the values of a band, as far as the file documents it."""

    names: dict[int, str]
    colours: dict[int, str]
    """`#rrggbb`."""


def read_class_legend(path: str | Path, band: int = 1) -> ClassLegend:
    """Names from the tags `class_<value>` of a band, colours from its colour table.

    Without these, from its categories and raster attribute table. Raises `InputError` when the file
    cannot be opened.
    """
    dataset = open_source(path).dataset
    names = {
        int(key[len(CLASS_TAG) :]): text
        for key, text in dataset.tags(band).items()
        if key.startswith(CLASS_TAG) and key[len(CLASS_TAG) :].isdecimal()
    }
    said = attributes_of(dataset)[band - 1]
    names = names or dict(said.names)
    try:
        table = dataset.colormap(band)
    except ValueError:  # there is none
        table = dict(said.colours)
    bits = int(dataset.tags(band, ns="IMAGE_STRUCTURE").get("NBITS", 8))
    return ClassLegend(names=names, colours=_colours(table, names, bits))


def _colours(
    table: Mapping[int, tuple[int, ...]], names: Mapping[int, str], bits: int
) -> dict[int, str]:
    """Entries of a colour table, without the black padding after the last one.

    GDAL pads tables to 256 entries, except for rasters of fewer bits. If classes have names, only
    named classes can be black.
    """
    used = [value for value, entry in table.items() if value in names or any(entry[:3])]
    last = max(used, default=-1) if bits >= _BITS else 2**bits - 1
    return {
        value: f"#{red:02x}{green:02x}{blue:02x}"
        for value, (red, green, blue, alpha) in table.items()
        if value in names or (value <= last and alpha and (any((red, green, blue)) or not names))
    }
