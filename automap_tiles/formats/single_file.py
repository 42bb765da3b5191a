"""One GeoTIFF, or COG, for the whole area.

Tiles are spooled into a folder `<path>.parts` beside the file, whole or not at all like any
other tile, and put together over what is already in the file when the run ends. So any number of
workers can write, and a killed run loses nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio

from automap_tiles import raster
from automap_tiles.errors import OutputMismatch
from automap_tiles.formats.gtiff import SINGLE_FILE_OPTIONS, GeoTiffCodec, directory_writer
from automap_tiles.formats.legend import pam
from automap_tiles.formats.metadata import write_summary
from automap_tiles.formats.options import Options
from automap_tiles.formats.protocols import OutputKind, Tiled
from automap_tiles.formats.raster_output import RasterDirectory, blank, paste
from automap_tiles.formats.spec import OutputSpec
from automap_tiles.grid import Bounds, Grid, Pyramid, Tile, TileIndex
from automap_tiles.grid.cover import clip_to_pyramid
from automap_tiles.raster.datasets import forget
from automap_tiles.raster.mosaic import MosaicSpec, Piece, block_size, write_mosaic
from automap_tiles.raster.warp import resampling_of
from automap_tiles.storage import Storage, is_remote, open_storage

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats.protocols import RasterArray

# Stands in the spool for a tile that has become empty but is still in the file.
_GONE = ".empty"

# Rows and columns that are put together in memory at a time, at most.
_MOST_PIXELS = 4096


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """How the single file is made."""

    cog: bool = False
    overviews: tuple[int, ...] | bool = False
    """Decimation factors; True: as many as it takes."""
    resampling: str = "nearest"
    """Of the overviews."""


def open_single_file(spec: OutputSpec, process_pyramid: Pyramid) -> SingleFile:
    """Writer of a single file; raises `ConfigError` when there is more than one zoom."""
    if len(spec.zooms) > 1:
        raise spec.error(
            "a single file holds one zoom only",
            key="path",
            found=spec.path,
            remedy="give one zoom level, or a folder",
        )
    options = Options(spec)
    file_options = _file_options(spec, options)
    spool = directory_writer(spec, process_pyramid, options, path=f"{spec.path}.parts")
    options.finish()
    folder, _, name = spec.path.rpartition("/")
    return SingleFile(
        spool=spool,
        target=open_storage(folder or "/"),
        name=name,
        options=file_options,
        zoom=spec.zooms[0] if spec.zooms else None,
        area=spec.area,
    )


def _file_options(spec: OutputSpec, options: Options) -> FileOptions:
    levels = options.take("overviews_levels")
    wanted = options.take("overviews", False)
    resampling = options.text("overviews_resampling", "nearest") or "nearest"
    if isinstance(wanted, list | tuple):
        levels, wanted = wanted, True
    options.pick(SINGLE_FILE_OPTIONS)
    resampling_of(resampling)
    factors = tuple(int(level) for level in levels or ())
    return FileOptions(
        cog=bool(spec.options.get("cog", False)),
        overviews=factors or bool(wanted),
        resampling=resampling,
    )


@dataclass(kw_only=True)
class SingleFile:
    """Writer of a single file; see `Writer`."""

    spool: RasterDirectory
    target: Storage
    """The folder of the file."""
    name: str
    """Of the file in its folder."""
    options: FileOptions
    zoom: int | None
    area: BaseGeometry | None
    """What the file has to cover, CRS of the pyramid."""
    kind: OutputKind = field(default=OutputKind.RASTER, init=False)

    @property
    def path(self) -> str:
        return f"{self.target.root.rstrip('/')}/{self.name}"

    @property
    def pyramid(self) -> Pyramid:
        return self.spool.pyramid

    @property
    def process_pyramid(self) -> Pyramid:
        return self.spool.process_pyramid

    @property
    def lossless(self) -> bool:
        return self.spool.lossless

    @property
    def nodata(self) -> float | None:
        return self.spool.nodata

    @property
    def bytes_per_pixel(self) -> int:
        return self.spool.bytes_per_pixel

    def prepare(self, *, area: BaseGeometry | None = None, overwrite: bool = False) -> None:
        if area is not None and not area.is_empty:
            self.area = area
        if self._is_there():
            difference = self._difference()
            if difference and not overwrite:
                raise OutputMismatch(
                    f"{difference}; write to another path, or run with --overwrite", self.path
                )
            if difference:
                self.target.delete(self.name)
        self.spool.prepare(overwrite=overwrite)

    def convert(self, tile: Tile, result: object) -> Tiled | None:
        return self.spool.convert(tile, result)

    def write(self, tile: Tile, data: Tiled) -> None:
        self.spool.write(tile, data)
        for cut in self.spool.files.cuts(tile):
            key = self.spool.files.key(cut.tile.index)
            if self._is_there() and not self._storage.exists(key):
                self._storage.put(key + _GONE, b"")
            else:
                self._storage.delete(key + _GONE)

    def read(self, tile: Tile) -> Tiled | None:
        data = self._in_file(tile)
        if data is None:
            return self.spool.read(tile)
        for cut in self.spool.files.overlapping(tile):
            stored = self._spooled(cut.tile)
            if stored is not None:
                paste(data, stored, cut.rows.start, cut.cols.start)
        return None if np.ma.getmaskarray(data).all() else Tiled(data)

    def exists(self, tile: Tile) -> bool:
        if self.spool.exists(tile):
            return True
        return self._is_there() and self.read(tile.unbuffered()) is not None

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        found = self.spool.exists_many(tiles)
        if self._is_there():
            found |= {tile.index for tile in tiles if tile.index not in found and self.exists(tile)}
        return found

    def delete(self, tile: Tile) -> None:
        self.spool.delete(tile)
        for cut in self.spool.files.cuts(tile):
            inside = self._in_file(cut.tile)
            if inside is not None and not np.ma.getmaskarray(inside).all():
                self._storage.put(self.spool.files.key(cut.tile.index) + _GONE, b"")

    def finish(self, summary: Mapping[str, Any] | None = None) -> None:
        """Put the spooled tiles together over what is in the file; then empty the spool."""
        spooled = self._spooled_indexes()
        if spooled:
            grid = self._extent(spooled)
            spec = self._mosaic_spec(grid, summary or {})
            with self.target.staged(self.name) as path:
                write_mosaic(path, spec, self._pieces(grid, spooled, spec))
            if self._codec.needs_side_file:
                self.target.put(f"{self.name}.aux.xml", pam(self._codec.options.legend))
        write_summary(self.target, summary or {}, f"{Path(self.name).stem}.")
        for key in list(self._storage.list()):
            self._storage.delete(key)
        _remove_folders(self._storage)

    def clean(self) -> int:
        return self.spool.clean()

    def fingerprint(self) -> str:
        return self.spool.fingerprint()

    @property
    def _storage(self) -> Storage:
        return self.spool.files.storage

    @property
    def _codec(self) -> GeoTiffCodec:
        codec = self.spool.codec
        if not isinstance(codec, GeoTiffCodec):
            raise TypeError(f"a single file is a GeoTIFF, not {type(codec).__name__}")
        return codec

    def _is_there(self) -> bool:
        return self.target.exists(self.name)

    def _difference(self) -> str | None:
        """What keeps new tiles from being put into the file that is there."""
        info = self._inspect()
        wanted = (self._codec.count, self._codec.options.dtype)
        if (info.count, info.dtype) != wanted:
            return f"has {info.count} bands of {info.dtype}, and {wanted[0]} of {wanted[1]} come"
        if self.zoom is None:
            return None
        if info.crs != self.pyramid.crs or _offset(info.grid, self.pyramid, self.zoom) is None:
            return f"lies on another grid than zoom {self.zoom} of the {self.pyramid}"
        return None

    def _in_file(self, tile: Tile) -> RasterArray | None:
        """The pixels of a tile in the file; None when there is no file."""
        return self._read_file(tile) if self._is_there() else None

    def _inspect(self) -> raster.RasterInfo:
        url = self.target.url(self.name)
        if is_remote(self.target.root):
            forget(url)
        with rasterio.Env(CPL_VSIL_CURL_NON_CACHED=self.target.url("")):
            return raster.inspect(url)

    def _read_file(self, target: Tile | Grid) -> RasterArray:
        """The pixels of the file that is there.

        GDAL would go on with what it kept of an object after that has been replaced, so remote
        files are opened anew each time.
        """
        url = self.target.url(self.name)
        if not is_remote(self.target.root):
            return raster.read(url, target, nodata=self.nodata)
        with rasterio.Env(CPL_VSIL_CURL_NON_CACHED=self.target.url("")):
            forget(url)
            data: RasterArray = raster.read(url, target, nodata=self.nodata)
            forget(url)
            return data

    def _spooled(self, bare: Tile) -> RasterArray | None:
        """The pixels of an output tile in the spool, empty ones for a tile that has gone."""
        found = self.spool.read(bare)
        if found is not None:
            data: RasterArray = found.data
            return data
        if self._storage.exists(self.spool.files.key(bare.index) + _GONE):
            return blank((self._codec.count, *bare.shape), self._codec.dtype, self.nodata)
        return None

    def _spooled_indexes(self) -> set[TileIndex]:
        names = (key.removesuffix(_GONE) for key in self._storage.list())
        return {index for index in map(self.spool.files.layout.parse, names) if index}

    def _extent(self, spooled: set[TileIndex]) -> Grid:
        """Grid of the file: the tiles of the area, those spooled, and the file that is there."""
        zoom = next(iter(spooled)).zoom
        bare = self.pyramid.replace(pixelbuffer=0)
        edge = bare.tile_size * bare.metatiling
        height, width = bare.pixel_shape(zoom)
        boxes = [(row * edge, col * edge, (row + 1) * edge, (col + 1) * edge)
                 for _, row, col in spooled]  # fmt: skip
        if self.area is not None:
            boxes.append(_snapped(self.area, bare, zoom))
        if self._is_there():
            grid = self._inspect().grid
            offset = _offset(grid, bare, zoom)
            if offset is not None:
                boxes.append((*offset, offset[0] + grid.height, offset[1] + grid.width))
        top, left = min(box[0] for box in boxes), min(box[1] for box in boxes)
        bottom = min(height, max(box[2] for box in boxes))
        right = min(width, max(box[3] for box in boxes))
        return _window_grid(bare, zoom, (top, left, bottom, right))

    def _mosaic_spec(self, grid: Grid, summary: Mapping[str, Any]) -> MosaicSpec:
        codec, wanted = self._codec, self.options.overviews
        said: dict[str | int, Any] = {
            name.upper(): json.dumps(content, ensure_ascii=False, separators=(",", ":"))
            for name, content in summary.items()
        }
        factors = _factors(grid.shape) if wanted is True else wanted or None
        return MosaicSpec(
            grid=grid,
            count=codec.count,
            dtype=codec.options.dtype,
            nodata=codec.nodata,
            profile=codec.profile,
            tags={**codec.options.tags, **said},
            bands=codec.options.bands,
            cog=self.options.cog,
            overviews=factors,
            overview_resampling=self.options.resampling,
        )

    def _pieces(self, grid: Grid, spooled: set[TileIndex], spec: MosaicSpec) -> Iterator[Piece]:
        """The pixels of the new file, in squares of whole blocks and whole tiles where it goes."""
        zoom = next(iter(spooled)).zoom
        edge = self.pyramid.tile_size * self.pyramid.metatiling
        step = math.lcm(edge, block_size(spec))
        step = step if step <= _MOST_PIXELS else edge
        offset = _offset(grid, self.pyramid, zoom) or (0, 0)
        for row in range(0, grid.height, step):
            for col in range(0, grid.width, step):
                shape = (min(step, grid.height - row), min(step, grid.width - col))
                data = self._piece(grid, (row, col), shape)
                for index in _under(offset, (row, col), shape, edge, zoom):
                    if index in spooled:
                        bare = Tile(self.pyramid.replace(pixelbuffer=0), index)
                        pixels = self._spooled(bare)
                        if pixels is not None:
                            y = index.row * edge - offset[0] - row
                            x = index.col * edge - offset[1] - col
                            paste(data, pixels, y, x)
                if not np.ma.getmaskarray(data).all():
                    yield row, col, data.data

    def _piece(self, grid: Grid, start: tuple[int, int], shape: tuple[int, int]) -> RasterArray:
        """What the file that is there has in a window of the new one."""
        if not self._is_there():
            return blank((self._codec.count, *shape), self._codec.dtype, self.nodata)
        transform = grid.transform @ grid.transform.translation(start[1], start[0])
        return self._read_file(Grid(grid.crs, transform, shape))


def _offset(grid: Grid, pyramid: Pyramid, zoom: int) -> tuple[int, int] | None:
    """(row, col) of a grid's first pixel on the pixels of a zoom; None when it does not fit."""
    x_size, y_size = pyramid.pixel_size(zoom)
    col = (grid.transform.c - pyramid.bounds.left) / x_size
    row = (pyramid.bounds.top - grid.transform.f) / y_size
    fits = (
        math.isclose(grid.transform.a, x_size, rel_tol=1e-9)
        and math.isclose(-grid.transform.e, y_size, rel_tol=1e-9)
        and abs(col - round(col)) < 1e-3
        and abs(row - round(row)) < 1e-3
    )
    return (round(row), round(col)) if fits else None


def _window_grid(pyramid: Pyramid, zoom: int, box: tuple[int, int, int, int]) -> Grid:
    """The grid of a box (top, left, bottom, right) of pixels of a zoom."""
    top, left, bottom, right = box
    x_size, y_size = pyramid.pixel_size(zoom)
    edge = pyramid.bounds
    bounds = Bounds(
        edge.left + left * x_size,
        edge.top - bottom * y_size,
        edge.left + right * x_size,
        edge.top - top * y_size,
    )
    grid = Grid.from_bounds(bounds, (bottom - top, right - left), pyramid.crs)
    # the pixel size itself, not one derived from rounded edges
    transform = grid.transform.translation(bounds.left, bounds.top)
    return Grid(grid.crs, transform @ transform.scale(x_size, -y_size), grid.shape)


def _snapped(area: BaseGeometry, pyramid: Pyramid, zoom: int) -> tuple[int, int, int, int]:
    """The box of an area in pixels of a zoom, widened to whole tiles."""
    left, bottom, right, top = clip_to_pyramid(pyramid, area).bounds
    x_span, y_span = pyramid.metatile_size(zoom)
    edge = pyramid.tile_size * pyramid.metatiling
    # a millionth of a tile: an edge that lies on a tile's edge does not take the next one along
    return (
        math.floor((pyramid.bounds.top - top) / y_span + 1e-6) * edge,
        math.floor((left - pyramid.bounds.left) / x_span + 1e-6) * edge,
        math.ceil((pyramid.bounds.top - bottom) / y_span - 1e-6) * edge,
        math.ceil((right - pyramid.bounds.left) / x_span - 1e-6) * edge,
    )


def _under(
    offset: tuple[int, int],
    start: tuple[int, int],
    shape: tuple[int, int],
    edge: int,
    zoom: int,
) -> Iterator[TileIndex]:
    """Tiles that touch a window of the file."""
    top, left = offset[0] + start[0], offset[1] + start[1]
    for row in range(top // edge, (top + shape[0] - 1) // edge + 1):
        for col in range(left // edge, (left + shape[1] - 1) // edge + 1):
            yield TileIndex(zoom, row, col)


def _factors(shape: tuple[int, int]) -> tuple[int, ...]:
    """Powers of two until the overview is no larger than a block."""
    count = max(0, math.ceil(math.log2(max(shape) / 512)))
    return tuple(2**number for number in range(1, count + 1))


def _remove_folders(storage: Storage) -> None:
    """Remove the empty folders of a local spool."""
    root = Path(storage.url(""))
    if not root.is_dir():
        return
    folders: list[Any] = sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True)
    for folder in [*folders, root]:
        try:
            folder.rmdir()
        except OSError:
            return
