"""The image file directory of a TIFF: its fields, and where the bytes of their values are.

TIFF 6.0 (Adobe, 1992), sections 2 and 15; field numbers of GeoTIFF 1.1 (OGC 19-008r4) and of GDAL.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Tag(IntEnum):
    """Fields that something is done with."""

    IMAGE_WIDTH = 256
    IMAGE_LENGTH = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    SAMPLES_PER_PIXEL = 277
    PLANAR_CONFIGURATION = 284
    PREDICTOR = 317
    COLOR_MAP = 320
    TILE_WIDTH = 322
    TILE_LENGTH = 323
    TILE_OFFSETS = 324
    TILE_BYTE_COUNTS = 325
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    PIXEL_SCALE = 33550
    TIEPOINT = 33922
    GEO_KEYS = 34735
    GEO_DOUBLES = 34736
    GEO_TEXTS = 34737
    GDAL_METADATA = 42112
    GDAL_NODATA = 42113


# Bytes of a value by the type of a field, and the letter of those that are read as numbers.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8}
_LETTERS = {1: "B", 3: "H", 4: "I", 11: "f", 12: "d"}
_WHOLE = (1, 3, 4)

_HEADER = struct.Struct("<2sHI")
_ENTRY = struct.Struct("<HHI4s")
_CLASSIC = 42
LONG, DOUBLE = 4, 12


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it stands in the file."""

    tag: int
    type: int
    count: int
    data: bytes
    """Its values, little endian."""

    def numbers(self) -> tuple[float, ...]:
        """Its values; none of a field that has no numbers."""
        letter = _LETTERS.get(self.type)
        return struct.unpack(f"<{self.count}{letter}", self.data) if letter else ()

    def whole(self) -> tuple[int, ...]:
        """Its values; none of a field that has no whole numbers."""
        if self.type not in _WHOLE:
            return ()
        return struct.unpack(f"<{self.count}{_LETTERS[self.type]}", self.data)

    def text(self) -> str:
        """Its value as text: UTF-8, ended by a zero.

        Raises `UnicodeDecodeError` when it is not.
        """
        return self.data.rstrip(b"\0").decode()


def read_directory(content: bytes | memoryview) -> dict[int, Field] | None:
    """Fields by their number; None of anything but a classic little-endian TIFF of one image."""
    if len(content) < _HEADER.size:
        return None
    order, version, at = _HEADER.unpack_from(content)
    if order != b"II" or version != _CLASSIC or at + 2 > len(content):
        return None
    (many,) = struct.unpack_from("<H", content, at)
    end = at + 2 + many * _ENTRY.size
    if end + 4 > len(content) or struct.unpack_from("<I", content, end)[0]:
        return None  # truncated, or further images: overviews, masks
    fields, rest = {}, len(content)
    for number in range(many):
        field = _field(content, at + 2 + number * _ENTRY.size)
        rest -= 0 if field is None else len(field.data)
        if field is None or rest < 0:
            return None  # or values that lie over each other, which could be more than fits
        fields[field.tag] = field
    return fields


def _field(content: bytes | memoryview, at: int) -> Field | None:
    tag, kind, count, value = _ENTRY.unpack_from(content, at)
    size = _SIZES.get(kind, 0) * count
    if size <= len(value):
        return Field(tag, kind, count, value[:size]) if size else None
    (start,) = struct.unpack("<I", value)
    if start + size > len(content):
        return None
    return Field(tag, kind, count, bytes(content[start : start + size]))


def laid_out(fields: Iterable[Field]) -> tuple[bytes, dict[int, int]]:
    """Header, directory and values as the beginning of a file, and where each value stands in it.

    Its length is even, as everything that is pointed at in a TIFF must begin.
    """
    ordered = sorted(fields, key=lambda field: field.tag)
    at = _HEADER.size
    values = at + 2 + len(ordered) * _ENTRY.size + 4
    directory, rest, places = [], [], {}
    for number, field in enumerate(ordered):
        entry = at + 2 + number * _ENTRY.size
        if len(field.data) <= 4:
            places[field.tag] = entry + 8
            value = field.data.ljust(4, b"\0")
        else:
            places[field.tag] = values
            value = struct.pack("<I", values)
            rest.append(field.data + b"\0" * (len(field.data) % 2))
            values += len(rest[-1])
        directory.append(_ENTRY.pack(field.tag, field.type, field.count, value))
    head = _HEADER.pack(b"II", _CLASSIC, at) + struct.pack("<H", len(ordered))
    return b"".join([head, *directory, struct.pack("<I", 0), *rest]), places
