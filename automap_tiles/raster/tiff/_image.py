"""Pixels and tags of a plain TIFF, as GDAL gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from automap_tiles.raster.tiff._blocks import Layout, layout_of
from automap_tiles.raster.tiff._directory import Field, Tag, read_directory
from automap_tiles.raster.tiff._unpacking import Damaged, unpack_into, unpacked

# Files with a field besides these are GDAL's business; so are those with alpha, whose mask is more
# than nodata, and 64-bit integers, whose nodata is no float.
_SUBFILE = 254
_KNOWN = frozenset(Tag) | {_SUBFILE}
_ALPHA = {1, 2}
_PHOTOMETRIC = {1, 2, 3}
_LONGEST_INTEGER = 8
_LARGEST = 2**31
"""Bytes of pixels; a file may claim any size."""

# GTRasterTypeGeoKey: GeoTIFF 1.1, 7.2.2.
_RASTER_TYPE, _POINT = 1025, 2
_KEY_SIZE = 4


@dataclass(frozen=True, kw_only=True)
class Image:
    """A plain TIFF in memory, of which nothing is unpacked yet."""

    content: bytes | memoryview
    fields: dict[int, Field]
    layout: Layout
    nodata: float | None

    @classmethod
    def of(cls, content: bytes | memoryview) -> Image | None:
        """None of files of another kind."""
        fields = read_directory(content)
        layout = layout_of(fields) if fields else None
        if fields is None or layout is None or not _is_plain(fields, layout):
            return None
        try:
            text = fields[Tag.GDAL_NODATA].text() if Tag.GDAL_NODATA in fields else None
            if text is not None and ("_" in text or not text.isascii()):
                return None  # Python takes more for a number than GDAL
            nodata = None if text is None else float(text)
        except ValueError:  # of a text that is not UTF-8, too
            return None
        return cls(content=content, fields=fields, layout=layout, nodata=nodata)

    @property
    def count(self) -> int:
        """Bands."""
        return self.layout.shape[0]

    def read(self, bands: Sequence[int]) -> NDArray[Any] | None:
        """Pixels (band, y, x) of some bands, counted from 1; None when a block is damaged."""
        layout = self.layout
        _, height, width = layout.shape
        down, across = layout.grid
        rows, columns = layout.block
        out = np.empty((len(bands), down * rows, across * columns), layout.dtype)
        try:
            for row in range(down):
                for column in range(across):
                    here = np.s_[
                        row * rows : (row + 1) * rows, column * columns : (column + 1) * columns
                    ]
                    self._unpack(bands, row * across + column, out[:, *here])
        except Damaged:
            return None
        return out[:, :height, :width]

    def _unpack(self, bands: Sequence[int], number: int, target: NDArray[Any]) -> None:
        """One block of each band into an array (band, y, x)."""
        layout = self.layout
        if not layout.by_band:
            target[:] = unpacked(self._content(number), layout, [band - 1 for band in bands])
            return
        down, across = layout.grid
        for plane, band in zip(target, bands, strict=True):
            content = self._content((band - 1) * down * across + number)
            unpack_into(content, layout, plane)

    @cached_property
    def _places(self) -> tuple[tuple[int, int], ...]:
        """Offset and size of each block."""
        offsets, sizes = (self.fields[tag] for tag in (Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS))
        return tuple(zip(offsets.whole(), sizes.whole(), strict=True))

    def _content(self, number: int) -> memoryview:
        """The bytes of a block as they stand in the file; raises `Damaged`."""
        start, size = self._places[number]
        if not size or start + size > len(self.content):
            raise Damaged  # or left out, being without data
        return memoryview(self.content)[start : start + size]

    def tags(self) -> dict[str | int, Any] | None:
        """Tags by name, those of a band under its number; None where they are not understood."""
        keys = self.fields[Tag.GEO_KEYS].whole() if Tag.GEO_KEYS in self.fields else (1, 1, 0, 0)
        if len(keys) < _KEY_SIZE or len(keys) != _KEY_SIZE * (keys[3] + 1):
            return None
        tags: dict[str | int, Any] = {"AREA_OR_POINT": "Point" if _is_point(keys) else "Area"}
        if Tag.GDAL_METADATA not in self.fields:
            return tags
        try:
            text = self.fields[Tag.GDAL_METADATA].text()
            if "&" in text or "\r" in text:
                return None  # GDAL writes such characters twice as entities, but not everywhere
            return self._with_items(tags, ET.fromstring(text))
        except (ET.ParseError, KeyError, ValueError):  # of a text that is not UTF-8, too
            return None

    def _with_items(
        self, tags: dict[str | int, Any], items: ET.Element
    ) -> dict[str | int, Any] | None:
        """Tags and those of `GDAL_METADATA`.

        None where one is blank, which GDAL leaves out, or of a band that is not there.
        """
        of_bands: dict[int, dict[str, str]] = {}
        for item in items.iter("Item"):
            if "role" in item.attrib or "domain" in item.attrib:
                continue  # said of the pixels in other ways
            if item.text is None or not item.text.strip():
                return None
            of = (
                of_bands.setdefault(int(item.attrib["sample"]) + 1, {})
                if "sample" in item.attrib
                else tags
            )
            of[item.attrib["name"]] = item.text
        if not of_bands.keys() <= set(range(1, self.count + 1)):
            return None
        return tags | dict(sorted(of_bands.items()))


def _is_point(keys: Sequence[int]) -> bool:
    """Whether a directory of GeoTIFF keys says that a pixel is a point."""
    pairs = zip(keys[_KEY_SIZE::_KEY_SIZE], keys[_KEY_SIZE + 3 :: _KEY_SIZE], strict=True)
    return (_RASTER_TYPE, _POINT) in pairs


def _is_plain(fields: dict[int, Field], layout: Layout) -> bool:
    numbers = {
        tag: set(fields[tag].numbers()) for tag in (_SUBFILE, Tag.EXTRA_SAMPLES) if tag in fields
    }
    photometric = fields.get(Tag.PHOTOMETRIC)
    return (
        fields.keys() <= _KNOWN
        and not numbers.get(_SUBFILE, {0}) - {0}
        and not numbers.get(Tag.EXTRA_SAMPLES, set()) & _ALPHA
        and photometric is not None
        and set(photometric.numbers()) <= _PHOTOMETRIC
        and not (layout.dtype.kind in "iu" and layout.dtype.itemsize == _LONGEST_INTEGER)
        and layout.count * layout.block_bytes <= _LARGEST
    )
