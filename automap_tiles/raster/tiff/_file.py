"""Windows of a plain tiled TIFF on disk, block by block."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automap_tiles.raster.tiff._blocks import LAYOUT, Compression, Layout, layout_of
from automap_tiles.raster.tiff._cache import capacity, keep, kept, may_pass
from automap_tiles.raster.tiff._directory import Field, Tag, number_of, read_directories
from automap_tiles.raster.tiff._unpacking import Damaged, unpack_into, unpacked

Slices = tuple[slice, slice]

# Fields that do not affect pixel values: descriptions, densities, ranges, profiles, positions.
_HARMLESS = frozenset({
    269, 270, 271, 272, 280, 281, 282, 283, 285, 296, 305, 306, 315, 316, 318, 319, 333, 337, 340,
    341, 700, 33432, 34264, 34675, 50844,
})  # fmt: skip
_SUBFILE, _FILL_ORDER, _ORIENTATION = 254, 266, 274
_KNOWN = frozenset(Tag) | _HARMLESS | {_SUBFILE, _FILL_ORDER, _ORIENTATION}
_USED = LAYOUT | {Tag.PHOTOMETRIC, _SUBFILE, _FILL_ORDER, _ORIENTATION}
_WHOLE, _REDUCED = 0, 1
# MinIsBlack, RGB, palette: the stored numbers are the pixel values.
_PHOTOMETRIC = {1, 2, 3}
_SETTLED_AFTER = 2 * 10**9
"""Nanoseconds; the coarsest timestamp resolution of a file system in use (FAT) is 2 s."""
_BLOCKS_KEPT = 8
"""The cache must have room for this many blocks; larger ones are left to GDAL's cache."""


class Stamp(NamedTuple):
    """Changes when a file is replaced, or rewritten shortly after."""

    modified: int
    """ns since 1970."""
    changed: int
    """ns since 1970; cannot be set back, unlike `modified`, which unpacking an archive sets."""
    size: int
    """Bytes."""
    inode: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """GDAL's description of an image of a file."""

    shape: tuple[int, int, int]
    """Band, y, x."""
    dtype: str
    block: tuple[int, int]
    """Rows and columns."""
    is_overview: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class TiledFile:
    """One image of a file, at full resolution or an overview."""

    path: str
    stamp: Stamp
    layout: Layout
    offsets: NDArray[np.unsignedinteger]
    """Offset of each block."""
    sizes: NDArray[np.unsignedinteger]
    """Size of each block in bytes; 0 for sparse blocks, which have no data."""
    has_gaps: bool
    """Whether any block is sparse."""

    @classmethod
    def of(cls, path: str, stamp: Stamp, profile: Profile) -> TiledFile | None:
        """The image of a file that GDAL describes like this; None if it is not supported here."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            if stamp_of(os.fstat(handle)) != stamp:
                return None
            found = read_directories(
                lambda start, size: os.pread(handle, size, start), stamp.size, _USED
            )
        except OSError:
            return None
        finally:
            os.close(handle)
        for fields in [] if found is None else _candidates(found, profile):
            layout = layout_of(fields)
            if layout is None or not _is_plain(fields, layout, profile):
                return None
            offsets, sizes = (
                fields[tag].array() for tag in (Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS)
            )
            assert offsets is not None
            assert sizes is not None
            return cls(
                path=path,
                stamp=stamp,
                layout=layout,
                offsets=offsets,
                sizes=sizes,
                has_gaps=not sizes.all(),
            )
        return None

    def read(
        self,
        bands: Sequence[int],
        window: tuple[range, range],
        out: NDArray[Any],
        wanted: NDArray[np.bool_] | None = None,
        *,
        later: Sequence[tuple[range, range]] = (),
        once: bool = False,
    ) -> bool:
        """Fill (band, y, x) with bands, counted from 1, in rows and columns of the image.

        Blocks without `wanted` pixels (y, x) are not decompressed, their pixels are 0. Blocks that
        are needed by `later` windows are kept longest; `once`: other blocks that are read
        completely are not cached. Returns whether it succeeded: not for sparse blocks, for damaged
        ones, nor for a file that has changed, or has just been written.
        """
        if out.dtype != self.layout.dtype or self._is_missing(bands, *window):
            return False
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            status = os.fstat(handle)
            if stamp_of(status) != self.stamp or not self._is_settled():
                return False
            file = _OpenFile(handle, f"{status.st_dev} {self._identity}")
            for number, place, here, there in self._places(*window):
                if wanted is not None and not wanted[here].any():
                    out[:, *here] = 0
                else:
                    soon = any(_meet(each, place) for each in later)
                    if once and not soon and self.layout.by_band and _is_whole(place, window):
                        self._unpack(file, bands, number, out[:, *here])
                    else:
                        _copy(self._planes(file, bands, number, soon), out, here, there)
        except (OSError, Damaged):
            return False
        finally:
            os.close(handle)
        return True

    def _is_missing(self, bands: Sequence[int], rows: range, columns: range) -> bool:
        """Whether a block of a window is sparse."""
        if not self.has_gaps:
            return False
        down, across = self.layout.grid
        height, width = self.layout.block
        spans = [
            np.arange(window.start // size, -(-window.stop // size))
            for window, size in ((rows, height), (columns, width))
        ]
        numbers: NDArray[np.intp] = spans[0][:, None] * across + spans[1]
        if self.layout.by_band:
            numbers = numbers + (np.array(bands) - 1)[:, None, None] * (down * across)
        return not self.sizes[numbers].all()

    def _is_settled(self) -> bool:
        """Whether a later version of the file would have another stamp.

        The stamp of a file just written may stay the same; until then the pixels are read by GDAL,
        which forgets a file when its dataset is closed.
        """
        written = max(self.stamp.modified, self.stamp.changed)
        return abs(time.time_ns() - written) >= _SETTLED_AFTER

    @cached_property
    def _identity(self) -> str:
        """As text, so that it is hashed only once.

        Two images may use the same bytes differently.
        """
        return f"{self.stamp} {self.layout}"

    def _places(
        self, rows: range, columns: range
    ) -> Iterator[tuple[int, tuple[range, range], Slices, Slices]]:
        """For each block of a window: its number, its pixels, and the intersection in both."""
        (height, width), across = self.layout.block, self.layout.grid[1]
        for row in range(rows.start // height, -(-rows.stop // height)):
            y, block_y = _shared(rows, row * height, height)
            lines = range(row * height, (row + 1) * height)
            for column in range(columns.start // width, -(-columns.stop // width)):
                x, block_x = _shared(columns, column * width, width)
                place = lines, range(column * width, (column + 1) * width)
                yield row * across + column, place, (y, x), (block_y, block_x)

    def _planes(
        self, file: _OpenFile, bands: Sequence[int], number: int, soon: bool
    ) -> list[NDArray[Any]]:
        """One block (y, x) of each band."""
        if not self.layout.by_band:
            planes = self._block(file, number, soon)
            return [planes[band - 1] for band in bands]
        down, across = self.layout.grid
        return [self._block(file, (band - 1) * down * across + number, soon)[0] for band in bands]

    def _unpack(
        self, file: _OpenFile, bands: Sequence[int], number: int, out: NDArray[Any]
    ) -> None:
        """Decompress one block of each band into (band, y, x), cached if useful.

        Raises `Damaged`.
        """
        down, across = self.layout.grid
        for plane, band in zip(out, bands, strict=True):
            place = (band - 1) * down * across + number
            start, size = int(self.offsets[place]), int(self.sizes[place])
            key = file.key, start, size
            if (found := kept(key)) is not None:
                plane[:] = found[0]
            elif may_pass(key):
                unpack_into(self._content(file, start, size), self.layout, plane)
            else:
                plane[:] = self._block(file, place, soon=False)[0]

    def _block(self, file: _OpenFile, number: int, soon: bool) -> NDArray[Any]:
        """All samples (sample, y, x) of a block; raises `Damaged`."""
        start, size = int(self.offsets[number]), int(self.sizes[number])
        key = file.key, start, size
        found = kept(key, soon=soon)
        if found is None:
            content = self._content(file, start, size)
            found = unpacked(content, self.layout, range(self.layout.block_shape[2]))
            keep(key, found, soon=soon)
        return found

    def _content(self, file: _OpenFile, start: int, size: int) -> bytes:
        """The stored bytes of a block; raises `Damaged`."""
        if start + size > self.stamp.size:
            raise Damaged
        content = os.pread(file.handle, size, start)
        if len(content) != size:
            raise Damaged
        return content


@dataclass(frozen=True, slots=True)
class _OpenFile:
    """A file while a window of it is read."""

    handle: int
    key: str
    """The same for the same content."""


def _copy(
    planes: Sequence[NDArray[Any]], out: NDArray[Any], target: Slices, source: Slices
) -> None:
    """Copy a part of planes (y, x) to its position."""
    for plane, found in zip(out, planes, strict=True):
        plane[target] = found[source]


def _meet(window: tuple[range, range], other: tuple[range, range]) -> bool:
    """Whether two windows intersect."""
    return all(
        one.start < two.stop and two.start < one.stop
        for one, two in zip(window, other, strict=True)
    )


def _is_whole(block: tuple[range, range], window: tuple[range, range]) -> bool:
    """Whether a block lies completely inside a window."""
    return all(
        inside.start >= outside.start and inside.stop <= outside.stop
        for inside, outside in zip(block, window, strict=True)
    )


def _shared(window: range, start: int, size: int) -> tuple[slice, slice]:
    """What a window and a block have in common, in pixels of the one and of the other."""
    first, last = max(window.start, start), min(window.stop, start + size)
    return slice(first - window.start, last - window.start), slice(first - start, last - start)


def stamp_of(status: os.stat_result) -> Stamp:
    """Of a file as it is now."""
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def _candidates(images: list[dict[int, Field]], profile: Profile) -> list[dict[int, Field]]:
    """The image that is meant: the first, or the only overview of the size."""
    if not profile.is_overview:
        return images[:1]
    found = [
        fields
        for fields in images[1:]
        if number_of(fields, _SUBFILE, _WHOLE) == _REDUCED
        and (number_of(fields, Tag.IMAGE_LENGTH, 0), number_of(fields, Tag.IMAGE_WIDTH, 0))
        == profile.shape[1:]
    ]
    return found if len(found) == 1 else []


def _is_plain(fields: dict[int, Field], layout: Layout, profile: Profile) -> bool:
    """Whether the pixels are what the blocks hold, and the image is the one that GDAL sees."""
    return (
        fields.keys() <= _KNOWN
        and number_of(fields, _SUBFILE, _WHOLE) == (_REDUCED if profile.is_overview else _WHOLE)
        and number_of(fields, _FILL_ORDER, 1) == 1
        and number_of(fields, _ORIENTATION, 1) == 1
        and number_of(fields, Tag.PHOTOMETRIC, 0) in _PHOTOMETRIC
        and layout.shape == profile.shape
        and layout.dtype == np.dtype(profile.dtype)
        and layout.block == profile.block
        and layout.block_bytes * _BLOCKS_KEPT <= capacity()
        # of bytes that are there as they are GDAL makes no more than we
        and layout.compression is not Compression.NONE
    )
