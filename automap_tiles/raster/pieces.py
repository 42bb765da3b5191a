"""Pieces of a large COG that is assembled without ever being in memory or on disk as a whole.

Each piece is a small file written by GDAL whose blocks are those of the large file, byte for byte;
overviews are made from pieces too, level by level. They equal GDAL's own, except that averages of
floats may differ in the last bit: GDAL sums in another order where part of an image has no mask.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.windows import Window

from automap_tiles.raster.encode import Tags
from automap_tiles.raster.env import ensure_env
from automap_tiles.raster.mosaic import MosaicSpec, write_mosaic
from automap_tiles.raster.tiff import CogKind

_PIECE = 32 * 2**20
"""Maximum size of the pixels of a piece in bytes. A piece of an overview is made from four, which
are passed to GDAL as a file in memory."""
_LONGEST = 4096
"""Maximum number of rows and columns of a piece."""

# Margin that resampling may need: 3 pixels of the coarser image for Lanczos, 2 for cubic.
_AROUND = 16
_ALONE = {"nearest", "average", "mode", "rms"}
"""Methods that only use the 2 x 2 pixels below a coarser one."""
_FROM_THE_IMAGE = {"gauss"}
"""With these GDAL does not make an overview from another one."""

_SAFE = 2_000_000_000
"""Bytes of pixels, including overviews, from which GDAL creates a BigTIFF for files that might
exceed the limit of TIFF."""

_EXACT = {"zstd", "deflate", "zip", "lzw", "lzma", "packbits", "none"}
"""Lossless compressions."""


@dataclass(frozen=True)
class Pieces:
    """Division of a file into pieces."""

    spec: MosaicSpec

    @cached_property
    def edge(self) -> int:
        """Rows and columns of a piece, a multiple of the block size."""
        bytes_per_pixel = self.spec.count * np.dtype(self.spec.dtype).itemsize
        edge = min(_LONGEST, math.isqrt(_PIECE // bytes_per_pixel))
        return max(1, edge // self._block) * self._block

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of the image and its overviews, as GDAL's COG driver chooses them."""
        found = [self.spec.grid.shape]
        while max(found[-1]) > self._block:
            height, width = found[-1]
            found.append((max(1, height // 2), max(1, width // 2)))
        return tuple(found)

    def box(self, level: int, row: int, col: int) -> tuple[slice, slice]:
        """Rows and columns of its image that a piece covers."""
        height, width = self.shapes[level]
        top, left = row * self.edge, col * self.edge
        return slice(top, min(top + self.edge, height)), slice(left, min(left + self.edge, width))

    def counts(self, level: int) -> tuple[int, int]:
        """Number of rows and columns of pieces."""
        height, width = self.shapes[level]
        return -(-height // self.edge), -(-width // self.edge)

    def kind(self, late_tags: Tags) -> CogKind | None:
        """What the pieces have in common with the large file.

        None if it cannot be made from pieces.
        """
        if any(key.startswith("overview_") for key in self._options):
            return None  # blocks of overviews are compressed differently
        if not self.spec.cog:
            return None  # its blocks are stored in the order in which they were written
        if len(self.shapes) > 1 and self.spec.overview_resampling in _FROM_THE_IMAGE:
            return None
        # an image slightly larger than one block has one overview
        width = 2 * self._block if len(self.shapes) > 1 else 16
        grid = replace(self.spec.grid, shape=(16, width))
        # whether it is a BigTIFF depends on the size
        profile = {
            key: value for key, value in self.spec.profile.items() if key.lower() != "bigtiff"
        }
        small = replace(self.spec, grid=grid, profile=profile)
        return CogKind.of(self._made(small, None, late_tags))

    @property
    def is_big(self) -> bool | None:
        """Whether it is a BigTIFF, by GDAL's rule; None: only if necessary."""
        word = str(self._options.get("bigtiff", "IF_SAFER")).upper()
        if word == "IF_SAFER":
            # GDAL's rule: whole blocks of the image, plus the pixels of the overviews
            height, width = (-(-size // self._block) * self._block for size in self.shapes[0])
            pixels = height * width + sum(rows * cols for rows, cols in self.shapes[1:])
            return pixels * self.spec.count * np.dtype(self.spec.dtype).itemsize > _SAFE
        return {"YES": True, "TRUE": True, "NO": False, "FALSE": False}.get(word)

    def encoded(self, shape: tuple[int, int], pixels: NDArray[Any] | None) -> bytes:
        """The file of a piece of this many rows and columns from (band, y, x); None: no data."""
        profile = {**self.spec.profile, "overviews": "NONE"}
        grid = replace(self.spec.grid, shape=shape)
        return self._made(replace(self.spec, grid=grid, profile=profile, tags={}), pixels, {})

    @property
    def is_exact(self) -> bool:
        """Whether a piece contains exactly the pixels that it was made from."""
        compress = str(self._options.get("compress", "zstd")).lower()
        return compress in _EXACT and not {"discard_lsb", "nbits"} & set(self._options)

    def exact(self, pixels: NDArray[Any]) -> bytes:
        """A lossless file of the same pixels, from which overviews are made."""
        return self._made(
            MosaicSpec(
                grid=replace(self.spec.grid, shape=pixels.shape[1:]),
                count=self.spec.count,
                dtype=self.spec.dtype,
                nodata=self.spec.nodata,
            ),
            pixels,
            {},
        )

    def below(self, level: int, row: int, col: int) -> tuple[slice, slice]:
        """Rows and columns of the finer image that a piece of an overview is made from."""
        rows, cols = (
            self._below(level, axis, part) for axis, part in enumerate(self.box(level, row, col))
        )
        return rows, cols

    def coarser(self, level: int, row: int, col: int, pixels: NDArray[Any]) -> NDArray[Any]:
        """A piece of an overview, from the finer pixels (band, y, x)."""
        box = self.box(level, row, col)
        if self._is_nearest:
            down, across = (self._nearest(level, axis, part) for axis, part in enumerate(box))
            return pixels[:, (down - down[0])[:, None], across - across[0]]
        shape = tuple(part.stop - part.start for part in box)
        below = self.below(level, row, col)
        top, left = (
            part.start * self._ratio(level, axis) - below[axis].start
            for axis, part in enumerate(box)
        )
        height, width = (size * self._ratio(level, axis) for axis, size in enumerate(shape))
        return self._resampled(pixels, Window(left, top, width, height), shape)

    def _below(self, level: int, axis: int, part: slice) -> slice:
        if self._is_nearest:
            indexes = self._nearest(level, axis, part)
            return slice(int(indexes[0]), int(indexes[-1]) + 1)
        ratio = self._ratio(level, axis)
        start, stop = int(part.start * ratio), math.ceil(part.stop * ratio)
        size = self.shapes[level - 1][axis]
        return slice(max(0, start - self._margin), min(size, stop + self._margin))

    def _ratio(self, level: int, axis: int) -> float:
        """Finer rows or columns per row or column of an overview: more than two for odd sizes."""
        return self.shapes[level - 1][axis] / self.shapes[level][axis]

    def _nearest(self, level: int, axis: int, part: slice) -> NDArray[np.intp]:
        """Finer rows or columns that an overview selects, as in GDAL (gcore/overview.cpp)."""
        indexes = 0.5 + np.arange(part.start, part.stop) * self._ratio(level, axis)
        return np.minimum(indexes.astype(np.intp), self.shapes[level - 1][axis] - 1)

    @property
    def _is_nearest(self) -> bool:
        return self.spec.overview_resampling == "nearest"

    @property
    def _margin(self) -> int:
        """Margin in pixels around the source of a piece of an overview."""
        return 0 if self.spec.overview_resampling in _ALONE else _AROUND

    def _resampled(
        self, pixels: NDArray[Any], window: Window, shape: tuple[int, ...]
    ) -> NDArray[Any]:
        """A window of an array (band, y, x), resampled by GDAL to this many rows and columns."""
        ensure_env()
        count, height, width = pixels.shape
        options: dict[str, Any] = {
            "driver": "GTiff", "count": count, "height": height, "width": width,
            "dtype": pixels.dtype.name, "nodata": self.spec.nodata, "bigtiff": "IF_SAFER",
            "crs": self.spec.grid.crs, "transform": Affine.scale(1, -1),
        }  # fmt: skip
        method = Resampling[self.spec.overview_resampling]
        with MemoryFile() as memory:
            with memory.open(**options) as file:
                file.write(pixels)
            with memory.open() as file:
                found: NDArray[Any] = file.read(
                    window=window, out_shape=(count, *shape), resampling=method
                )
                return found

    def blank(self, shape: tuple[int, int]) -> NDArray[Any]:
        """An array (band, y, x) of nodata."""
        value = 0 if self.spec.nodata is None else self.spec.nodata
        return np.full((self.spec.count, *shape), value, self.spec.dtype)

    @cached_property
    def _block(self) -> int:
        return int(self._options.get("blockxsize", self._options.get("blocksize", 512)))

    @cached_property
    def _options(self) -> dict[str, Any]:
        """Creation options of the large file."""
        return {key.lower(): value for key, value in self.spec.profile.items()}

    def _made(self, spec: MosaicSpec, pixels: NDArray[Any] | None, late_tags: Tags) -> bytes:
        pieces = [] if pixels is None else [(0, 0, pixels)]
        with TemporaryDirectory(prefix="automap-") as folder:
            path = Path(folder, "piece.tif")
            write_mosaic(path, spec, pieces, lambda: late_tags)
            return path.read_bytes()


def read_piece(content: bytes, rows: slice, cols: slice) -> NDArray[Any]:
    """Pixels (band, y, x) of a part of a piece."""
    ensure_env()
    window = Window(cols.start, rows.start, cols.stop - cols.start, rows.stop - rows.start)
    with MemoryFile(content) as memory, memory.open() as file:
        found: NDArray[Any] = file.read(window=window)
        return found
