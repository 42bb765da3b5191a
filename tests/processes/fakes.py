"""Inputs of a process function made of arrays and shapes, for tests without an engine.

They take mapchete's extra arguments too, so that both engines' functions can be called with them.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
import shapely
from rasterio.features import geometry_mask
from shapely.geometry.base import BaseGeometry

from automap_tiles import Tile


class _Fake:
    def __init__(self, tile: Tile) -> None:
        self.tile = tile

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class FakeRaster(_Fake):
    """A raster whose pixels are (band, y, x) on the tile already."""

    def __init__(self, tile: Tile, pixels: Any) -> None:
        super().__init__(tile)
        # its own mask, which tests may change
        self.pixels: Any = np.ma.MaskedArray(pixels, mask=np.ma.getmaskarray(pixels).copy())
        assert self.pixels.shape[1:] == tile.shape
        self.reads: list[tuple[Any, str]] = []

    def is_empty(self) -> bool:
        return bool(self.pixels.mask.all())

    def read(self, indexes: Any = None, resampling: str = "nearest", **_: Any) -> Any:
        self.reads.append((indexes, resampling))
        if indexes is None:
            return self.pixels.copy()
        if isinstance(indexes, int):
            return self.pixels[indexes - 1].copy()
        return self.pixels[[band - 1 for band in indexes]].copy()


class FakeVector(_Fake):
    """Shapes with a running number as their property."""

    def __init__(self, tile: Tile, shapes: list[BaseGeometry]) -> None:
        super().__init__(tile)
        cut = [geometry.intersection(tile.bbox) for geometry in shapes]
        self.shapes = [geometry for geometry in cut if not geometry.is_empty]

    def is_empty(self) -> bool:
        return not self.shapes

    def read(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        return [
            {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(geometry),
                "properties": {"number": number},
            }
            for number, geometry in enumerate(self.shapes)
        ]

    def read_union_geometry(self, *, pixelbuffer: int = 0, **_: Any) -> BaseGeometry:
        width = pixelbuffer * self.tile.pixel_x_size
        union = shapely.union_all(self.shapes)
        return union.buffer(width) if width else union

    def read_as_raster_mask(
        self,
        all_touched: bool = False,
        invert: bool = False,
        *,
        pixelbuffer: int = 0,
        band_count: int | None = None,
        **_: Any,
    ) -> Any:
        mask = geometry_mask(
            [self.read_union_geometry(pixelbuffer=pixelbuffer)],
            self.tile.shape,
            self.tile.transform,
            all_touched=all_touched,
            invert=invert,
        )
        return mask if band_count is None else np.stack([mask] * band_count)
