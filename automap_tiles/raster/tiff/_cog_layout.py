"""The layout of a COG from the sizes of its blocks, so that its header can be written first.

In a cloud-optimised GeoTIFF the directories precede all blocks, and the blocks of smaller overviews
precede those of larger ones (https://docs.ogc.org/is/21-026/21-026.html; GDAL's COG driver). With
the sizes of all blocks the file can be written sequentially.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from automap_tiles.raster.tiff._directory import (
    BIG,
    BIG_HEADER,
    BIG_VERSION,
    CLASSIC,
    HEADER,
    LONG,
    VERSION,
    Field,
    Format,
    Tag,
    number_of,
    read_directories,
)

_SHORT, _LONG8 = 3, 16
_LETTERS = {_SHORT: "<u2", LONG: "<u4", _LONG8: "<u8"}
_LARGEST_SHORT = 2**16 - 1
_LARGEST = 2**32 - 1
_SEPARATE = 2
_ALL = frozenset(range(2**16))

# If the file declares it, each block is preceded by its size and followed by a copy of its last
# bytes: GDAL, frmts/gtiff/cogdriver, "BLOCK_LEADER" and "BLOCK_TRAILER".
_AROUND = b"BLOCK_LEADER=SIZE_AS_UINT4"
_AROUND_SIZE = 4


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Positions of the blocks of an image in a file, (plane, y, x) of blocks; 0: sparse."""

    offsets: NDArray[np.uint64]
    sizes: NDArray[np.uint64]

    @classmethod
    def of(cls, content: bytes) -> Stored | None:
        """Of the first image of a file; None if it is not tiled, or not little-endian."""
        used = frozenset(Tag)
        found = read_directories(lambda at, size: content[at : at + size], len(content), used)
        return None if not found else _stored(found[0])


@dataclass(frozen=True, kw_only=True)
class CogKind:
    """What files of different sizes have in common."""

    ghost: bytes
    """GDAL's description of the structure, between the header and the first directory."""
    images: tuple[Mapping[int, Field], ...]
    """Fields of the image and of its overviews."""

    @classmethod
    def of(cls, content: bytes) -> CogKind | None:
        """The kind of a small file; None as in `Stored.of`, and for a BigTIFF."""
        found = read_directories(lambda at, size: content[at : at + size], len(content), _ALL)
        stored = _stored(found[0]) if found else None
        if not found or stored is None or HEADER.unpack_from(content)[1] != VERSION:
            return None
        ghost = content[HEADER.size : HEADER.unpack_from(content)[2]]
        if _AROUND not in ghost:
            return None
        return cls(
            ghost=ghost,
            images=tuple(found),
        )

    @property
    def planes(self) -> int:
        """1, or the number of bands."""
        is_separate = number_of(self.images[0], Tag.PLANAR_CONFIGURATION, 1) == _SEPARATE
        return number_of(self.images[0], Tag.SAMPLES_PER_PIXEL, 1) if is_separate else 1

    def wrapped(self, block: bytes) -> bytes:
        """A block with leader and trailer."""
        return struct.pack("<I", len(block)) + block + block[-_AROUND_SIZE:].rjust(4, b"\0")

    def shape(self, size: tuple[int, int]) -> tuple[int, int, int]:
        """Number of blocks of an image of this many rows and columns: (plane, y, x)."""
        down, across = (number_of(self.images[0], tag, 1) for tag in _BLOCK)
        return self.planes, -(-size[0] // down), -(-size[1] // across)

    def head(
        self,
        images: Sequence[tuple[tuple[int, int], NDArray[np.uint64]]],
        is_big: bool | None = None,
    ) -> bytes:
        """The file up to its first block.

        `images`: rows and columns of the image and its overviews from large to small, each with the
        sizes of its blocks, (plane, y, x). The blocks have to follow from the smallest overview on,
        those of each image in that order. `is_big`: whether it is a BigTIFF; None: only if
        necessary.
        """
        amount = sum(self._occupied(sizes).sum() for _, sizes in images)
        if is_big is None:
            is_big = len(self._head(images, 0, is_big=False)) + int(amount) > _LARGEST
        begin = len(self._head(images, 0, is_big=is_big))
        return self._head(images, begin, is_big=is_big)

    def _occupied(self, sizes: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Bytes that each block occupies in the file."""
        return np.where(sizes > 0, sizes + np.uint64(2 * _AROUND_SIZE), np.uint64(0))

    def _head(
        self,
        images: Sequence[tuple[tuple[int, int], NDArray[np.uint64]]],
        begin: int,
        *,
        is_big: bool,
    ) -> bytes:
        """With the first block at `begin`."""
        directories = []
        for number, (shape, sizes) in reversed([*enumerate(images)]):
            occupied = self._occupied(sizes).ravel()
            ends = np.cumsum(occupied, dtype=np.uint64) + np.uint64(begin)
            starts = ends - occupied + np.uint64(_AROUND_SIZE)
            offsets = np.where(sizes.ravel() > 0, starts, np.uint64(0))
            fields = dict(self.images[min(number, len(self.images) - 1)])
            fields[Tag.IMAGE_LENGTH] = _size(Tag.IMAGE_LENGTH, shape[0])
            fields[Tag.IMAGE_WIDTH] = _size(Tag.IMAGE_WIDTH, shape[1])
            kind = _LONG8 if is_big else LONG
            fields[Tag.TILE_OFFSETS] = _whole(Tag.TILE_OFFSETS, offsets, kind)
            # as in libtiff
            of_size = _LONG8 if is_big and sizes.size == 1 else LONG
            fields[Tag.TILE_BYTE_COUNTS] = _whole(Tag.TILE_BYTE_COUNTS, sizes.ravel(), of_size)
            directories.append(list(fields.values()))
            begin = int(ends[-1])
        return _laid_out(directories[::-1], self.ghost, is_big=is_big)


_BLOCK = (Tag.TILE_LENGTH, Tag.TILE_WIDTH)
_OF_BLOCKS = (Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS)


def _stored(fields: Mapping[int, Field]) -> Stored | None:
    if not {Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS, *_BLOCK} <= fields.keys():
        return None
    offsets, sizes = (fields[tag].array() for tag in (Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS))
    if offsets is None or sizes is None:
        return None
    rows, cols = (number_of(fields, tag, 0) for tag in (Tag.IMAGE_LENGTH, Tag.IMAGE_WIDTH))
    down, across = (number_of(fields, tag, 1) for tag in _BLOCK)
    shape = -1, -(-rows // down), -(-cols // across)
    return Stored(
        offsets=offsets.astype("u8").reshape(shape), sizes=sizes.astype("u8").reshape(shape)
    )


def _whole(tag: int, values: Iterable[int] | NDArray[np.uint64], kind: int = LONG) -> Field:
    """A field of integers."""
    numbers = np.asarray(values, dtype=_LETTERS[kind])
    return Field(tag, kind, numbers.size, numbers.tobytes())


def _size(tag: int, value: int) -> Field:
    return _whole(tag, [value], _SHORT if value <= _LARGEST_SHORT else LONG)


def _laid_out(directories: Sequence[Sequence[Field]], ghost: bytes, *, is_big: bool) -> bytes:
    """Header and directories in sequence, each followed by its values.

    The positions of the blocks follow after all of them, as in GDAL.
    """
    form = BIG if is_big else CLASSIC
    at = (BIG_HEADER if is_big else HEADER).size + len(ghost)
    head = (
        BIG_HEADER.pack(b"II", BIG_VERSION, 8, 0, at) if is_big else HEADER.pack(b"II", VERSION, at)
    )
    # twice: the position of the last values depends on the lengths of all before them
    begins = [at, *accumulate((_length(fields, form) for fields in directories), initial=at)][1:]
    places = _Places(begins[-1])
    parts = [head, ghost]
    for number, fields in enumerate(directories):
        following = begins[number + 1] if number + 1 < len(directories) else 0
        parts.extend(_directory(fields, begins[number], following, form, places))
    return b"".join([*parts, *places.values])


@dataclass
class _Places:
    """Values stored after all directories."""

    at: int
    values: list[bytes] = dataclass_field(default_factory=list)

    def take(self, data: bytes) -> int:
        """Reserve space for a value and return its position."""
        place = self.at
        self.values.append(data + b"\0" * (len(data) % 2))
        self.at += len(self.values[-1])
        return place


def _fits(field: Field, form: Format) -> bool:
    return len(field.data) <= form.place.size


def _behind(fields: Sequence[Field], form: Format) -> list[Field]:
    """Fields whose values are stored after their directory, in the order of the small file."""
    late = [each for each in fields if each.tag not in _OF_BLOCKS and not _fits(each, form)]
    return sorted(late, key=lambda each: (each.place, each.tag))


def _length(fields: Sequence[Field], form: Format) -> int:
    """Length in bytes of a directory including the values after it."""
    values = sum(len(each.data) + len(each.data) % 2 for each in _behind(fields, form))
    return form.number.size + len(fields) * form.entry.size + form.place.size + values


def _directory(
    fields: Sequence[Field], at: int, following: int, form: Format, places: _Places
) -> Iterator[bytes]:
    """A directory at a position, followed by its values."""
    own = _Places(at + form.number.size + len(fields) * form.entry.size + form.place.size)
    where = {each.tag: own.take(each.data) for each in _behind(fields, form)}
    yield form.number.pack(len(fields))
    for field in sorted(fields, key=lambda each: each.tag):
        value = field.data.ljust(form.place.size, b"\0")
        if not _fits(field, form):
            place = where[field.tag] if field.tag in where else places.take(field.data)
            value = form.place.pack(place)
        yield form.entry.pack(field.tag, field.type, field.count, value)
    yield form.place.pack(following)
    yield from own.values
