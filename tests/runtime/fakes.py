"""Inputs and outputs that need no files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rasterio.crs import CRS
from shapely import box
from shapely.geometry.base import BaseGeometry

from automap_tiles.formats import OutputKind, StoredFile, Tiled
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.runtime import Process
from automap_tiles.runtime._inputs import InputTree
from automap_tiles.runtime.function import FunctionRef
from automap_tiles.runtime.zooms import BaseLevels, ZoomValues, zoom_tree
from automap_tiles.storage import Cleaned

PYRAMID = Pyramid.from_grid("geodetic", metatiling=2, pixelbuffer=3)


@dataclass(frozen=True)
class FakeInput:
    name: str
    tile: Tile

    def read(self, indexes: Any = None, resampling: str = "nearest") -> np.ma.MaskedArray:
        return np.ma.ones((1, *self.tile.shape), dtype="uint8")

    def is_empty(self) -> bool:
        return False

    def __enter__(self) -> FakeInput:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@dataclass(frozen=True)
class FakeReader:
    path: str
    bounds: tuple[float, float, float, float] = (-180, -90, 180, 90)
    kind: OutputKind = OutputKind.RASTER
    stamp: int = 0

    def footprint(self, crs: CRS) -> BaseGeometry:
        return box(*self.bounds)

    def fingerprint(self) -> str:
        return f"{self.path}:{self.stamp}"

    def at(self, tile: Tile) -> FakeInput:
        return FakeInput(self.path, tile)


@dataclass(frozen=True)
class FakeWriter:
    """Keeps what the function returned, unchanged."""

    pyramid: Pyramid = field(default_factory=lambda: PYRAMID.replace(pixelbuffer=0))
    process_pyramid: Pyramid = PYRAMID
    path: str = "/some/where"
    kind: OutputKind = OutputKind.RASTER
    lossless: bool = True
    nodata: float | None = -9999.0

    def prepare(self) -> None: ...

    def convert(self, tile: Tile, result: object) -> Tiled | None:
        return Tiled(result)

    def write(self, tile: Tile, data: Tiled) -> tuple[StoredFile, ...]:
        return ()

    def read(self, tile: Tile) -> Tiled | None:
        return None

    def exists(self, tile: Tile) -> bool:
        return False

    def exists_many(self, tiles: Any) -> set[TileIndex]:
        return set()

    def stored(self, names: Any) -> set[str]:
        return set()

    def whole_many(self, tiles: Any) -> set[TileIndex]:
        return set()

    def delete(self, tile: Tile) -> None: ...

    def finish(self, summary: Any = None) -> tuple[StoredFile, ...]:
        return ()

    def clean(self) -> Cleaned:
        return Cleaned(0, 0)

    @property
    def bytes_per_pixel(self) -> int:
        return 1

    def fingerprint(self) -> str:
        return "fake"


def make_process(
    code: str = "def execute(): return 1",
    *,
    inputs: dict[str, Any] | None = None,
    parameters: dict[str, Any] | None = None,
    **changes: Any,
) -> Process:
    """A process around inline code."""
    values: dict[str, Any] = {
        "name": "test",
        "config_path": None,
        "function": FunctionRef.from_lines(code.splitlines(), None),
        "inputs": InputTree(ZoomValues(zoom_tree(inputs or {}))),
        "parameters": ZoomValues(zoom_tree(parameters or {})),
        "writer": FakeWriter(),
        "pyramid": PYRAMID,
        "output_pyramid": PYRAMID.replace(pixelbuffer=0),
        "zooms": (0, 1, 2, 3),
        "baselevels": None,
        "area": PYRAMID.bounds.polygon(),
    }
    return Process(**(values | changes))


__all__ = ["PYRAMID", "BaseLevels", "FakeInput", "FakeReader", "FakeWriter", "make_process"]
