"""Blocks of a TIFF: the layout of pixels in them, and their encoding.

Predictors: TIFF 6.0 section 14 (2, differences of integers) and Adobe's Technical Note 3 of 2005
(3, differences of the bytes of floating point numbers).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

import deflate
import numpy as np
import zstandard
from numpy.typing import NDArray

from automap_tiles.raster.tiff._directory import WRONG, Field, Tag, number_of


class Compression(IntEnum):
    """Supported values of field 259."""

    NONE = 1
    DEFLATE = 8
    ZSTD = 50000


class TiffPredictor(IntEnum):
    """Field 317."""

    NONE = 1
    INTEGER = 2
    FLOAT = 3


# Field 339: unsigned, signed, floating point.
_KINDS = {1: "u", 2: "i", 3: "f"}
_PIXEL_INTERLEAVED, _BAND_INTERLEAVED = 1, 2
_BITS_OF_A_BYTE = 8
_INTEGER_BITS, _FLOAT_BITS = (8, 16, 32, 64), (32, 64)


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Layout of the pixels of an image in its blocks."""

    shape: tuple[int, int, int]
    """Band, y, x."""
    dtype: np.dtype[Any]
    block: tuple[int, int]
    """Rows and columns."""
    compression: Compression
    predictor: TiffPredictor
    by_band: bool
    """Whether each band has its own blocks (planar); otherwise bands are interleaved by pixel."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        (_, height, width), (rows, columns) = self.shape, self.block
        return -(-height // rows), -(-width // columns)

    @property
    def count(self) -> int:
        """Number of blocks of the image."""
        down, across = self.grid
        return down * across * (self.shape[0] if self.by_band else 1)

    @property
    def block_shape(self) -> tuple[int, int, int]:
        """Rows, columns and samples of a block."""
        return (*self.block, 1 if self.by_band else self.shape[0])

    @property
    def block_bytes(self) -> int:
        """Uncompressed size of a block."""
        rows, columns, samples = self.block_shape
        return rows * columns * samples * self.dtype.itemsize

    def pieces(self, pixels: NDArray[Any]) -> list[NDArray[Any]]:
        """An array (band, y, x) as its blocks (y, x, sample), in the order of the file.

        Pixels beyond the image are 0.
        """
        (rows, columns), (down, across) = self.block, self.grid
        missing = (down * rows - self.shape[1], across * columns - self.shape[2])
        if any(missing):
            pixels = np.pad(pixels, ((0, 0), (0, missing[0]), (0, missing[1])))
        groups = (
            [band[:, :, None] for band in pixels] if self.by_band else [pixels.transpose(1, 2, 0)]
        )
        return [
            group[row * rows : (row + 1) * rows, column * columns : (column + 1) * columns]
            for group in groups
            for row in range(down)
            for column in range(across)
        ]


LAYOUT = frozenset({
    Tag.IMAGE_WIDTH, Tag.IMAGE_LENGTH, Tag.TILE_WIDTH, Tag.TILE_LENGTH, Tag.SAMPLES_PER_PIXEL,
    Tag.BITS_PER_SAMPLE, Tag.SAMPLE_FORMAT, Tag.COMPRESSION, Tag.PREDICTOR,
    Tag.PLANAR_CONFIGURATION, Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS,
})  # fmt: skip
"""Fields that define the layout."""
_LISTS = frozenset({Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS})
"""Those of them that locate the blocks."""


def layout_of(fields: dict[int, Field]) -> Layout | None:
    """The layout of the pixels of an image; None if it is not supported here.

    Files whose fields have an unexpected type or number of values are left to GDAL: defaults only
    stand for missing fields.
    """
    lists = [fields.get(tag) for tag in _LISTS]
    found = _layout(frozenset(fields[tag] for tag in LAYOUT - _LISTS if tag in fields))
    if found is None:
        return None
    are_right = all(
        each is not None and each.count == found.count and each.array() is not None
        for each in lists
    )
    return found if are_right else None


@lru_cache(maxsize=64)
def _layout(said: frozenset[Field]) -> Layout | None:
    """The layout defined by all fields except block positions: the same for many tiles."""
    fields = {field.tag: field for field in said}
    size, block = (
        (number_of(fields, rows, 0), number_of(fields, columns, 0))
        for rows, columns in (
            (Tag.IMAGE_LENGTH, Tag.IMAGE_WIDTH),
            (Tag.TILE_LENGTH, Tag.TILE_WIDTH),
        )
    )
    samples = number_of(fields, Tag.SAMPLES_PER_PIXEL, 0)
    planar = number_of(fields, Tag.PLANAR_CONFIGURATION, _PIXEL_INTERLEAVED)
    dtype = _dtype(_same(fields, Tag.BITS_PER_SAMPLE, 0), _same(fields, Tag.SAMPLE_FORMAT, 1))
    try:
        compression = Compression(number_of(fields, Tag.COMPRESSION, 1))
        predictor = TiffPredictor(number_of(fields, Tag.PREDICTOR, 1))
    except ValueError:
        return None
    if min(*size, *block, samples) < 1 or planar not in (_PIXEL_INTERLEAVED, _BAND_INTERLEAVED):
        return None
    if dtype is None or not _fits(predictor, compression, dtype):
        return None
    return Layout(
        shape=(samples, *size),
        dtype=dtype,
        block=block,
        compression=compression,
        predictor=predictor,
        by_band=planar == _BAND_INTERLEAVED,
    )


def _same(fields: dict[int, Field], tag: int, default: int) -> int:
    """The integer that a field has for all samples; `WRONG` for anything else."""
    if tag not in fields:
        return default
    found = set(fields[tag].whole())
    return found.pop() if len(found) == 1 else WRONG


def _dtype(bits: int, kind: int) -> np.dtype[Any] | None:
    letter = _KINDS.get(kind)
    if letter is None or bits not in (_FLOAT_BITS if letter == "f" else _INTEGER_BITS):
        return None
    return np.dtype(f"<{letter}{bits // _BITS_OF_A_BYTE}")


def _fits(predictor: TiffPredictor, compression: Compression, dtype: np.dtype[Any]) -> bool:
    """Whether a predictor applies: without compression it does not."""
    if compression is Compression.NONE:
        return predictor is TiffPredictor.NONE
    return predictor is not (TiffPredictor.INTEGER if dtype.kind == "f" else TiffPredictor.FLOAT)


def encoded(block: NDArray[Any], layout: Layout, level: int) -> bytes:
    """The bytes of a block (y, x, sample)."""
    if layout.predictor is TiffPredictor.INTEGER:
        values = _differences(block)
    elif layout.predictor is TiffPredictor.FLOAT:
        values = _byte_differences(block)
    else:
        values = np.ascontiguousarray(block)
    if layout.compression is Compression.ZSTD:
        return _zstd(level).compress(values.data)
    if layout.compression is Compression.DEFLATE:
        # the library that GDAL is built with: the same bytes
        return bytes(deflate.zlib_compress(values.data, level))
    return values.tobytes()


def _differences(block: NDArray[Any]) -> NDArray[Any]:
    """Differences of horizontal neighbours, per sample, modulo the range of the dtype."""
    unsigned = block.view(f"u{block.itemsize}")
    out = np.empty(block.shape, unsigned.dtype)
    # processed as one long row: several times faster than many short ones
    if block.flags.c_contiguous:
        values, found, samples = unsigned.reshape(-1), out.reshape(-1), block.shape[2]
        np.subtract(values[samples:], values[:-samples], out=found[samples:])
    else:
        np.subtract(unsigned[:, 1:], unsigned[:, :-1], out=out[:, 1:])
    out[:, 0] = unsigned[:, 0]
    return out


def _byte_differences(block: NDArray[Any]) -> NDArray[np.uint8]:
    """Differences of neighbouring bytes in rows sorted by significance.

    All most significant bytes of a row come first.
    """
    rows, columns, samples = block.shape
    size = block.itemsize
    values = np.ascontiguousarray(block).view(np.uint8).reshape(rows, columns * samples, size)
    planes = np.empty((rows, size, columns * samples), np.uint8)
    planes[:] = values[:, :, ::-1].transpose(0, 2, 1)
    return _differences(planes.reshape(rows, -1, samples))


class _Codecs(threading.local):
    """One codec per thread, since codecs are not thread-safe."""

    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}


_codecs = _Codecs()


def _zstd(level: int) -> zstandard.ZstdCompressor:
    """With a checksum, so that damage is detected."""
    known = _codecs.compressors
    if level not in known:
        known[level] = zstandard.ZstdCompressor(level=level, write_checksum=True)
    return known[level]
