"""The image file directory of a TIFF: its fields and the positions of their values.

TIFF 6.0 (Adobe, 1992), sections 2 and 15; field numbers of GeoTIFF 1.1 (OGC 19-008r4) and of GDAL.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Tag(IntEnum):
    """Fields used here."""

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


# Size in bytes of a value by field type, and the struct letter of numeric types.
_SIZES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8, 18: 8,
}  # fmt: skip
_LETTERS = {1: "B", 3: "H", 4: "I", 11: "f", 12: "d", 16: "Q"}
_WHOLE = (1, 3, 4, 16)
_OF_BIGTIFF = {16, 17, 18}

LONG, DOUBLE = 4, 12

ReadBytes = Callable[[int, int], bytes]
"""(offset, size) -> bytes; fewer at the end of the file."""

MOST_VALUES = 2**22
"""Maximum number of values of a field; images of more blocks are left to GDAL, which reads them one
by one."""


@dataclass(frozen=True, slots=True)
class Format:
    """TIFF, or BigTIFF."""

    entry: struct.Struct
    """Number, type, count and value of a field."""
    number: struct.Struct
    """Number of fields of a directory."""
    place: struct.Struct
    """Offset in the file."""
    types: frozenset[int]


CLASSIC = Format(
    struct.Struct("<HHI4s"),
    struct.Struct("<H"),
    struct.Struct("<I"),
    frozenset(_SIZES) - _OF_BIGTIFF,
)
# https://www.awaresystems.be/imaging/tiff/bigtiff.html
BIG = Format(struct.Struct("<HHQ8s"), struct.Struct("<Q"), struct.Struct("<Q"), frozenset(_SIZES))
HEADER = struct.Struct("<2sHI")
BIG_HEADER = struct.Struct("<2sHHHQ")
VERSION, BIG_VERSION = 42, 43
_MOST_DIRECTORIES = 64


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a directory."""

    tag: int
    type: int
    count: int
    data: bytes
    """Its values, little-endian; empty if the field was not requested."""
    place: int = dataclass_field(default=0, compare=False)
    """Offset of the values in the file; 0: stored inside the directory entry."""

    def numbers(self) -> tuple[float, ...]:
        """Its values; empty if the field is not numeric."""
        letter = _LETTERS.get(self.type)
        return struct.unpack(f"<{self.count}{letter}", self.data) if letter else ()

    def whole(self) -> tuple[int, ...]:
        """Its values; empty if the field is not of integers."""
        if self.type not in _WHOLE:
            return ()
        return struct.unpack(f"<{self.count}{_LETTERS[self.type]}", self.data)

    def array(self) -> NDArray[np.unsignedinteger] | None:
        """Its values; None if the field is not of integers."""
        if self.type not in _WHOLE:
            return None
        found: NDArray[np.unsignedinteger] = np.frombuffer(self.data, f"<u{_SIZES[self.type]}")
        return found

    def one(self) -> int | None:
        """Its only value; None if the field has several values or is not of integers."""
        return self.whole()[0] if self.count == 1 and self.type in _WHOLE else None

    def text(self) -> str:
        """Its value as text: UTF-8, zero-terminated.

        Raises `UnicodeDecodeError` if it is not.
        """
        return self.data.rstrip(b"\0").decode()


WRONG = -1
"""Stands for invalid values of a field; never stored as such."""


def number_of(fields: Mapping[int, Field], tag: int, default: int) -> int:
    """The single integer of a field; `WRONG` for anything else."""
    if tag not in fields:
        return default
    found = fields[tag].one()
    return WRONG if found is None else found


def read_directory(content: bytes | memoryview) -> dict[int, Field] | None:
    """Fields by number; None unless it is a classic little-endian TIFF of one image."""
    if len(content) < HEADER.size:
        return None
    order, version, at = HEADER.unpack_from(content)
    if order != b"II" or version != VERSION:
        return None
    size = len(content)
    reader = _Reader(lambda start, size: bytes(content[start : start + size]), size, CLASSIC)
    found = reader.directory(at, size)
    return None if found is None or found[1] else found[0]  # none with overviews or masks


def read_directories(
    read: ReadBytes, size: int, used: frozenset[int]
) -> list[dict[int, Field]] | None:
    """Fields of each image of a little-endian TIFF or BigTIFF of this size (bytes), in order.

    Values are only read for the fields in `used`. None for other files, and for truncated ones.
    """
    head = read(0, BIG_HEADER.size)
    if len(head) < BIG_HEADER.size:
        return None
    order, version, at = HEADER.unpack_from(head)
    kind = CLASSIC
    if version == BIG_VERSION:
        order, _, width, zero, at = BIG_HEADER.unpack(head)
        kind = BIG
        if (width, zero) != (8, 0):
            return None
    if order != b"II" or version not in (VERSION, BIG_VERSION):
        return None
    reader, rest = _Reader(read, size, kind, used), size
    found: list[dict[int, Field]] = []
    while at:
        one = reader.directory(at, rest) if len(found) < _MOST_DIRECTORIES else None
        if one is None:
            return None
        fields, at = one
        rest -= sum(len(field.data) for field in fields.values())
        found.append(fields)
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the directories of one file."""

    read: ReadBytes
    size: int
    """File size in bytes."""
    format: Format
    used: frozenset[int] | None = None
    """Numbers of the fields whose values are read; None: all."""

    def directory(self, at: int, most: int) -> tuple[dict[int, Field], int] | None:
        """The fields of a directory, and the offset of the next one (0: none).

        None if it is truncated, contains a field twice, or has values of more bytes than the file:
        overlapping values could exceed memory.
        """
        number, entry, place = self.format.number, self.format.entry, self.format.place
        if at > self.size:  # offsets of a BigTIFF may exceed what can be read
            return None
        head = self.read(at, number.size)
        many = number.unpack(head)[0] if len(head) == number.size else most
        size = many * entry.size + place.size
        if size > most:
            return None
        content = self.read(at + number.size, size)
        if len(content) != size:
            return None
        fields: dict[int, Field] = {}
        for start in range(0, many * entry.size, entry.size):
            field = self._field(content, start, most)
            most -= 0 if field is None else len(field.data)
            if field is None or most < 0 or field.tag in fields:
                return None
            fields[field.tag] = field
        return fields, place.unpack_from(content, many * entry.size)[0]

    def _field(self, content: bytes, start: int, most: int) -> Field | None:
        tag, kind, count, value = self.format.entry.unpack_from(content, start)
        if kind not in self.format.types:
            return None
        size = _SIZES[kind] * count
        if self.used is not None and tag not in self.used:
            return Field(tag, kind, count, b"") if size else None
        if size <= len(value):
            return Field(tag, kind, count, value[:size]) if size else None
        (place,) = self.format.place.unpack(value)
        if size > most or count > MOST_VALUES or place + size > self.size:
            return None
        data = self.read(place, size)
        return Field(tag, kind, count, data, place) if len(data) == size else None


def laid_out(fields: Iterable[Field]) -> tuple[bytes, dict[int, int]]:
    """Header, directory and values as the beginning of a file, and the offset of each value in it.

    Its length is even, as TIFF requires of everything that offsets point to.
    """
    ordered = sorted(fields, key=lambda field: field.tag)
    at, entry_size = HEADER.size, CLASSIC.entry.size
    values = at + 2 + len(ordered) * entry_size + 4
    directory, rest, places = [], [], {}
    for number, field in enumerate(ordered):
        entry = at + 2 + number * entry_size
        if len(field.data) <= 4:
            places[field.tag] = entry + 8
            value = field.data.ljust(4, b"\0")
        else:
            places[field.tag] = values
            value = struct.pack("<I", values)
            rest.append(field.data + b"\0" * (len(field.data) % 2))
            values += len(rest[-1])
        directory.append(CLASSIC.entry.pack(field.tag, field.type, field.count, value))
    head = HEADER.pack(b"II", VERSION, at) + struct.pack("<H", len(ordered))
    return b"".join([head, *directory, struct.pack("<I", 0), *rest]), places
