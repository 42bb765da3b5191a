"""A file that GDAL wrote as the pattern of others that differ in place and pixels alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from affine import Affine
from numpy.typing import NDArray

from automap_tiles.raster.tiff._blocks import Layout, encoded, layout_of
from automap_tiles.raster.tiff._directory import LONG, Field, Tag, laid_out, read_directory

_LARGEST = 2**31
"""Bytes of a file; GDAL may choose BigTIFF beyond."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Everything of a file but its place and its pixels."""

    head: bytes
    """The beginning of a file: header, directory, values."""
    places: dict[int, int]
    """Where the values of a field stand in it."""
    layout: Layout
    level: int
    """Of the compression."""

    @classmethod
    def of(cls, content: bytes, transform: Affine, level: int) -> Pattern | None:
        """The pattern of a file that lies as a transform says; None if it is of another kind."""
        fields = read_directory(content)
        layout = layout_of(fields) if fields else None
        if fields is None or layout is None or not _is_placed(fields, transform):
            return None
        for tag in (Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS):
            fields[tag] = Field(tag, LONG, layout.count, bytes(4 * layout.count))
        head, places = laid_out(fields.values())
        return cls(head=head, places=places, layout=layout, level=level)

    def fits(self, pixels: NDArray[Any]) -> bool:
        """Whether an array has the shape and dtype of the files."""
        return pixels.shape == self.layout.shape and pixels.dtype == self.layout.dtype

    def file(self, pixels: NDArray[Any], transform: Affine) -> bytes | None:
        """The file of an array (band, y, x) that lies as a transform says.

        None where the transform is turned, or the file would become too large.
        """
        if not _is_north_up(transform):
            return None
        pieces = self.layout.pieces(pixels)
        blocks = [encoded(piece, self.layout, self.level) for piece in pieces]
        sizes = [len(block) for block in blocks]
        offsets = [*accumulate(sizes, initial=len(self.head))]
        if offsets.pop() > _LARGEST:
            return None
        head = bytearray(self.head)
        many = len(blocks)
        struct.pack_into(f"<{many}I", head, self.places[Tag.TILE_OFFSETS], *offsets)
        struct.pack_into(f"<{many}I", head, self.places[Tag.TILE_BYTE_COUNTS], *sizes)
        struct.pack_into("<3d", head, self.places[Tag.PIXEL_SCALE], *_scale(transform))
        struct.pack_into("<6d", head, self.places[Tag.TIEPOINT], *_tiepoint(transform))
        return b"".join([head, *blocks])


def _is_north_up(transform: Affine) -> bool:
    return not transform.b and not transform.d and transform.a > 0 > transform.e


def _scale(transform: Affine) -> tuple[float, float, float]:
    """ModelPixelScaleTag: GeoTIFF 1.1, 7.1.2."""
    return transform.a, -transform.e, 0.0


def _tiepoint(transform: Affine) -> tuple[float, ...]:
    """ModelTiepointTag: the corner of the first pixel; GeoTIFF 1.1, 7.1.1."""
    return 0.0, 0.0, 0.0, transform.c, transform.f, 0.0


def _is_placed(fields: dict[int, Field], transform: Affine) -> bool:
    """Whether a file says its place in the way that `file` does."""
    scale, tiepoint = fields.get(Tag.PIXEL_SCALE), fields.get(Tag.TIEPOINT)
    return (
        scale is not None
        and tiepoint is not None
        and _is_north_up(transform)
        and scale.numbers() == _scale(transform)
        and tiepoint.numbers() == _tiepoint(transform)
    )
