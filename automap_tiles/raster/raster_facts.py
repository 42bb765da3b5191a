"""Metadata of a raster, and search for a value that none of its pixels has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.windows import Window

from automap_tiles.raster._attributes import attributes_of
from automap_tiles.raster.datasets import open_source, reading, require_bands
from automap_tiles.raster.nodata import whole_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Tags that describe the file itself; they would be wrong for another file, or are written by the
# driver.
_NOT_KEPT = (
    "AREA_OR_POINT", "STATISTICS_", "OVR_RESAMPLING_ALG", "TIFFTAG_XRESOLUTION",
    "TIFFTAG_YRESOLUTION", "TIFFTAG_RESOLUTIONUNIT", "TIFFTAG_MINSAMPLEVALUE",
    "TIFFTAG_MAXSAMPLEVALUE",
)  # fmt: skip

# Metadata domains in which GDAL's drivers describe the structure of a file, or that are reported
# otherwise.
_STRUCTURAL = frozenset((
    "IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "SUBDATASETS", "OVERVIEWS", "RPC", "GEOLOCATION",
    "xml:VRT", "vrt_sources", "new_vrt_sources",
))  # fmt: skip

# Edge of the squares that are read at a time, pixels: 32 MB of float64.
_EDGE = 2048

Colour = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterFacts:
    """Metadata of a raster apart from its grid; tuples have one entry per band."""

    tags: Mapping[str, str]
    """Of the dataset."""
    band_tags: tuple[Mapping[str, str], ...]
    units: tuple[str | None, ...]
    colorinterp: tuple[str, ...]
    """Named as in GDAL."""
    colours: tuple[Mapping[int, Colour] | None, ...]
    """(r, g, b, a) by value."""
    names: tuple[Mapping[int, str], ...]
    """Meaning of values, from categories or an attribute table."""
    columns: tuple[tuple[str, ...], ...]
    """Columns of an attribute table that are neither value nor name nor colour."""
    domains: tuple[str, ...]
    """Metadata domains other than the default one."""
    points: int
    """Number of ground control points."""
    has_rpcs: bool
    """Whether there are rational polynomial coefficients (RPC)."""


def read_facts(path: str | Path) -> RasterFacts:
    """Read the metadata of a raster; raises `InputError` if it cannot be opened or has no bands."""
    source = open_source(path)
    require_bands(source)
    dataset = source.dataset
    attributes = attributes_of(dataset)
    return RasterFacts(
        tags=_kept(dataset.tags()),
        band_tags=tuple(_kept(dataset.tags(band)) for band in dataset.indexes),
        units=tuple(dataset.units),
        colorinterp=tuple(each.name for each in dataset.colorinterp),
        colours=tuple(
            _colours(dataset, band) or each.colours or None
            for band, each in zip(dataset.indexes, attributes, strict=True)
        ),
        names=tuple(each.names for each in attributes),
        columns=tuple(each.others for each in attributes),
        domains=_domains(dataset),
        points=len(dataset.gcps[0]),
        has_rpcs=dataset.rpcs is not None,
    )


def acquired(path: str | Path) -> str | None:
    """Acquisition time of an image, as reported by GDAL's drivers of satellite products.

    Raises `InputError` if the file cannot be opened.
    """
    said: str | None = open_source(path).dataset.tags(ns="IMAGERY").get("ACQUISITIONDATETIME")
    return said


def unused_value(
    path: str | Path, bands: Sequence[int], dtype: str, first: Sequence[float] = ()
) -> int | None:
    """An integer that no valid pixel of the bands has; None if there is none.

    One of `first` if possible, then the limits of the dtype, which resampling is least likely to
    produce; then, for types of 8 and 16 bits, any other. The bands are read completely, unless no
    candidate is left before. Raises `InputError` if they cannot be read.
    """
    kind = np.dtype(dtype)
    least, most = whole_limits(kind)
    ends = (least, most) if kind.kind == "i" else (most, least)
    fitting = [int(value) for value in first if least <= value <= most and value == int(value)]
    every = range(most, least - 1, -1) if kind.itemsize <= 2 else ()
    left: dict[int, None] = dict.fromkeys([*fitting, *ends, *every])
    for values in _blocks(path, bands):
        if kind.itemsize <= 2:
            for value in np.unique(values).tolist():
                left.pop(value, None)
        else:
            left = {value: None for value in left if not (values == value).any()}
        if not left:
            return None
    return next(iter(left))


def _blocks(path: str | Path, bands: Sequence[int]) -> Iterator[NDArray[Any]]:
    """The valid pixels of the bands, square by square."""
    source = open_source(path)
    height, width = source.info.shape
    with reading(source.info):
        for row in range(0, height, _EDGE):
            for col in range(0, width, _EDGE):
                window = Window(col, row, min(_EDGE, width - col), min(_EDGE, height - row))
                for band in bands:
                    yield source.dataset.read(band, window=window, masked=True).compressed()


def _kept(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in tags.items() if not name.startswith(_NOT_KEPT)}


def _domains(dataset: Any) -> tuple[str, ...]:
    """Metadata domains, of the dataset and its bands, that describe the image."""
    found = dict.fromkeys(dataset.tag_namespaces())
    for band in dataset.indexes:
        found |= dict.fromkeys(dataset.tag_namespaces(band))
    return tuple(name for name in found if name and name not in _STRUCTURAL)


def _colours(dataset: Any, band: int) -> dict[int, Colour] | None:
    """The colour table without the padding at its end, entries as black as the last one."""
    try:
        table = dataset.colormap(band)
    except ValueError:  # there is none
        return None
    last = max(table)
    padding = table[last]
    if padding[:3] == (0, 0, 0):
        while last > 0 and table[last] == padding:
            last -= 1
    return {value: tuple(colour) for value, colour in table.items() if value <= last}
