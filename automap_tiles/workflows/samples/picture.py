"""The raster that samples are read from: its pixel grid and named bands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import OutputKind
from automap_tiles.formats.bands import BandTable
from automap_tiles.grid import Bounds, Grid, Pyramid
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.storage import is_address
from automap_tiles.workflows.tiles.facts import source_facts
from automap_tiles.workflows.tiles.stored_tiles import TileSelection

if TYPE_CHECKING:
    from rasterio.crs import CRS

    from automap_tiles.workflows.tiles.stored_tiles import StoredTiles

_KEY = "--picture"
_LARGEST_TILE = 512
"""Pixels; smaller files are a single tile of their own size."""


@dataclass(frozen=True, kw_only=True)
class SourcePicture:
    """A raster file, or the finest zoom of a tile directory."""

    path: str
    """Absolute, or an address."""
    pyramid: Pyramid
    """Without a buffer. Of a file: one whose zoom 0 has the file's own pixels."""
    zoom: int
    bounds: Bounds
    """Bounds of the data, CRS of the pyramid."""
    table: BandTable
    """Names and units of the bands."""

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands, `band_1` … if there are none."""
        return self.table.names

    @property
    def crs(self) -> CRS:
        return self.pyramid.crs

    @property
    def pixel(self) -> tuple[float, float]:
        """(x, y) size of a pixel in CRS units."""
        return self.pyramid.pixel_size(self.zoom)

    @property
    def window(self) -> tuple[range, range]:
        """Rows and columns of the whole grid that the data cover."""
        (left, top), (width, height) = self._corner, self.pixel
        # a thousandth: boxes that end at a pixel's edge do not include the next one
        first_row = math.floor((top - self.bounds.top) / height + 1e-3)
        last_row = math.ceil((top - self.bounds.bottom) / height - 1e-3)
        first_col = math.floor((self.bounds.left - left) / width + 1e-3)
        last_col = math.ceil((self.bounds.right - left) / width - 1e-3)
        return range(first_row, last_row), range(first_col, last_col)

    @property
    def _corner(self) -> tuple[float, float]:
        return self.pyramid.bounds.left, self.pyramid.bounds.top

    def grid(self, rows: range, cols: range) -> Grid:
        """A window of the pixels."""
        (left, top), (width, height) = self._corner, self.pixel
        corner = Affine.translation(left + cols.start * width, top - rows.start * height)
        return Grid(self.crs, corner @ Affine.scale(width, -height), (len(rows), len(cols)))

    def places(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns of the pixels that contain points in its CRS."""
        (left, top), (width, height) = self._corner, self.pixel
        rows = np.floor((top - y) / height).astype(np.int64)
        return rows, np.floor((x - left) / width).astype(np.int64)

    def centres(
        self, rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """X and y of the centres of pixels."""
        (left, top), (width, height) = self._corner, self.pixel
        half = np.float64(0.5)
        return left + (cols + half) * width, top - (rows + half) * height

    def holds(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which pixels lie in its bounds."""
        own_rows, own_cols = self.window
        held: NDArray[np.bool_] = (rows >= own_rows.start) & (rows < own_rows.stop)
        return held & (cols >= own_cols.start) & (cols < own_cols.stop)

    def grid_definition(self) -> dict[str, Any]:
        """The pyramid in the form of a process file."""
        return {**self.pyramid.to_dict(), "pixelbuffer": 0}


def look_at(path: str | Path) -> SourcePicture:
    """Open a raster file, a tile directory, or the output of a `.mapchete` file.

    Raises `ConfigError` or `InputError` if it is none of these, or not a raster.
    """
    text = str(path)
    facts = source_facts(text)
    if facts.kind is not OutputKind.RASTER:
        raise ConfigError("holds features, not pixels", text, key=_KEY)
    absolute = text if is_address(text) else str(Path(text).absolute())
    if facts.directory is None:
        return _of_raster(absolute)
    return _of_directory(absolute, facts.directory, facts.zooms[-1])


def _of_raster(path: str) -> SourcePicture:
    from automap_tiles.raster import inspect

    info = inspect(path)
    if info.crs is None:
        raise ConfigError("has no coordinate reference system", path, key=_KEY)
    try:
        lattice = Lattice.of(info.grid)
    except InputError as error:
        raise ConfigError(
            "its pixels are not north up",
            path,
            key=_KEY,
            remedy="automap convert brings it onto a grid",
        ) from error
    if lattice.pixel[0] != lattice.pixel[1]:
        # pyramids have square pixels only; the nearest pixel is read
        lattice = Lattice.of(info.grid, min(lattice.pixel))
    rows, cols = lattice.window(info.bounds, (-1e-3, -1e-3))
    tile = min(_LARGEST_TILE, -(-max(len(rows), len(cols)) // 16) * 16)
    shape = [-(-len(rows) // tile), -(-len(cols) // tile)]
    whole = lattice.grid(
        (
            range(rows.start, rows.start + shape[0] * tile),
            range(cols.start, cols.start + shape[1] * tile),
        )
    )
    definition = {
        "shape": shape,
        "bounds": list(whole.bounds),
        "srs": {"wkt": lattice.crs.to_wkt()},
        "is_global": False,
    }
    return SourcePicture(
        path=path,
        pyramid=Pyramid.from_grid(definition, tile_size=tile),
        zoom=0,
        bounds=info.bounds,
        table=BandTable.of(info),
    )


def _of_directory(path: str, directory: StoredTiles, zoom: int) -> SourcePicture:
    from automap_tiles.raster import inspect

    tiles = directory.existing(TileSelection(zooms=(zoom,)))
    pyramid = directory.pyramid.replace(pixelbuffer=0)
    boxes = np.array([pyramid.tile(*index).bounds for index in tiles])
    low, high = boxes.min(axis=0), boxes.max(axis=0)
    first = directory.storage.url(directory.layout.key(tiles[0]))
    return SourcePicture(
        path=path,
        pyramid=pyramid,
        zoom=zoom,
        bounds=Bounds(low[0], low[1], high[2], high[3]),
        table=BandTable.of(inspect(first)),
    )
