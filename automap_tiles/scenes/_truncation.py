"""Detect truncated image files from their internal directory, without reading pixels.

A truncated file opens like any other; the missing part shows only when it is read. Such a scene
must be found before the first tile, or tiles would be made with it and others without.
"""

from __future__ import annotations

import operator
import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from automap_tiles.errors import InputError

_OFFSETS = (273, 324)  # StripOffsets, TileOffsets
_COUNTS = (279, 325)  # StripByteCounts, TileByteCounts
_SIZES = {1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_DIRECTORIES = 64  # of overviews and masks
_JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_CODESTREAM = b"\xff\x4f\xff\x51"
_END_OF_CODESTREAM = b"\xff\xd9"


def check_intact(path: str) -> None:
    """Raise `InputError` for a truncated local TIFF or JPEG 2000 file.

    Other formats and remote files are not checked.
    """
    if not os.path.isfile(path):  # noqa: PTH113 also /vsi… names come here
        return
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            _check(file, os.fstat(file.fileno()).st_size, path)
    except (OSError, struct.error) as error:
        raise InputError(f"is broken: {error}", path) from error


def _check(file: BinaryIO, size: int, path: str) -> None:
    head = file.read(16)
    if size == 0:
        raise InputError("is empty", path)
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        end = _tiff_end(file, head)
    elif head[:12] == _JP2:
        end = _jp2_end(file, size)
    elif head[:4] == _CODESTREAM:
        end = size if _ends(file, size) else size + 1
    else:
        return
    if end > size:
        raise InputError("is cut off", path)


@dataclass(frozen=True)
class _Layout:
    """Structure of a TIFF file's directories."""

    order: str
    big: bool

    @property
    def pointer(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "I"))

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        return struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))


def _tiff_end(file: BinaryIO, head: bytes) -> int:
    """The last byte that any directory refers to."""
    layout = _Layout("<" if head[:2] == b"II" else ">", head[2:4] in (b"+\0", b"\0+"))
    start = 8 if layout.big else 4
    (position,) = layout.pointer.unpack_from(head, start)
    end = 0
    for _ in range(_MOST_DIRECTORIES):
        if position == 0:
            break
        end = max(end, position)
        file.seek(position)
        (number,) = layout.count.unpack(file.read(layout.count.size))
        body = file.read(number * layout.entry.size)
        following = file.read(layout.pointer.size)
        end = max(end, _data_end(file, layout, body))
        (position,) = layout.pointer.unpack(following)
    return end


def _data_end(file: BinaryIO, layout: _Layout, body: bytes) -> int:
    offsets: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    for tag, kind, number, value in layout.entry.iter_unpack(body):
        if tag in _OFFSETS:
            offsets = _values(file, layout, kind, number, value)
        elif tag in _COUNTS:
            counts = _values(file, layout, kind, number, value)
    return max(map(operator.add, offsets, counts), default=0)


def _values(
    file: BinaryIO, layout: _Layout, kind: int, number: int, value: bytes
) -> tuple[int, ...]:
    if kind not in _SIZES:
        return ()
    length = _SIZES[kind] * number
    if length > len(value):
        file.seek(layout.pointer.unpack(value)[0])
        value = file.read(length)
    return struct.unpack(f"{layout.order}{number}{_CODES[kind]}", value[:length])


def _jp2_end(file: BinaryIO, size: int) -> int:
    """End of the last box; the codestream's box may extend to the end of the file."""
    position = 0
    while position < size:
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length == 0:
            return size if kind != b"jp2c" or _ends(file, size) else size + 1
        if length < 8:
            return size + 1
        position += length
    return position


def _ends(file: BinaryIO, size: int) -> bool:
    """Whether the codestream's end marker is present; some writers pad after it."""
    file.seek(max(0, size - 16))
    return _END_OF_CODESTREAM in file.read(16)
