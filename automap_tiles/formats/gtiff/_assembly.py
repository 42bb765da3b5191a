"""Assemble a single file piece by piece from spooled tiles and the existing file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.formats.gtiff._pixel_boxes import (
    PixelBox,
    box_of_area,
    box_of_grid,
    box_of_tile,
    grid_of_box,
    hull,
    offset_of,
    pixels_of_area,
    tiles_under,
)
from automap_tiles.formats.gtiff._placed_file import PlacedFile
from automap_tiles.formats.gtiff._spool import Spool
from automap_tiles.formats.gtiff._streamed_file import StreamedFile
from automap_tiles.formats.gtiff._tiles import GeoTiffCodec
from automap_tiles.formats.tiles import Tags, blank, paste
from automap_tiles.grid import Grid, Pyramid, TileIndex
from automap_tiles.raster.mosaic import MosaicSpec, Piece, block_size, write_mosaic
from automap_tiles.raster.pieces import Pieces
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.storage import Streaming

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._contents import RasterArray

# Maximum number of rows and columns assembled in memory at a time: a multiple of blocks and tiles
# where possible.
_MOST_PIXELS = 4096


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """Options of the single file."""

    cog: bool = False
    overviews: tuple[int, ...] | bool = False
    """Decimation factors; True: as many as needed."""
    resampling: str = "nearest"
    """Resampling of the overviews."""
    cropped: bool = False
    """Whether it is cropped to the bounds of the area instead of whole tiles."""


@dataclass
class SharedTags:
    """Band tags that all tiles have in common, such as the band names."""

    bands: dict[int, dict[str, str]] | None = None
    """None: no tile has been read yet."""

    def add(self, tags: Mapping[Any, Any]) -> None:
        """Intersect with the tags of another tile; tiles without tags are ignored."""
        own = {band: dict(each) for band, each in tags.items() if isinstance(band, int) and each}
        if not own:
            return
        if self.bands is None:
            self.bands = own
        for band, known in self.bands.items():
            said = own.get(band, {})
            self.bands[band] = {
                name: text for name, text in known.items() if said.get(name) == text
            }

    def result(self) -> Tags:
        """Sorted, so that the result does not depend on the order of the tiles."""
        known = sorted((self.bands or {}).items())
        return {band: dict(sorted(each.items())) for band, each in known}


@dataclass(kw_only=True)
class Assembly:
    """The parts that the new file is made from."""

    spool: Spool
    codec: GeoTiffCodec
    file: PlacedFile
    """The existing file, if there is one."""
    options: FileOptions
    area: BaseGeometry | None
    """The area that the file has to cover, CRS of the pyramid."""
    spooled: set[TileIndex]
    """At least one, all of the same zoom."""
    ends_with_area: bool = False
    """Crop to the area, whatever the extent of the existing file."""
    tags: SharedTags = field(default_factory=SharedTags)

    def write(self, path: Path, summary: Mapping[str, Any]) -> None:
        """Write the new file to a local path; `summary` is written to its tags."""
        grid = self._extent()
        spec = self._spec(grid, summary)
        if self.file.exists():
            self.tags.add(self.file.band_tags())
        edge = self._pyramid.tile_size * self._pyramid.metatiling
        step = math.lcm(edge, block_size(spec))
        step = step if step <= _MOST_PIXELS else edge
        write_mosaic(path, spec, self._pieces(grid, step), self.tags.result)

    def send(
        self, store: Streaming, key: str, summary: Mapping[str, Any]
    ) -> tuple[int, int] | None:
        """Upload the new file, with only pieces of it on this machine at a time.

        Returns size and checksum; None if the options do not permit it. Raises `OutputError`.
        """
        grid = self._extent()
        pieces = Pieces(self._spec(grid, summary))
        kind = pieces.kind({})
        if kind is None:
            return None
        if self.file.exists():
            self.tags.add(self.file.band_tags())
        file = StreamedFile(store=store, key=key, kind=kind, pieces=pieces)
        return file.write(self._pieces(grid, pieces.edge), self.tags.result)

    @property
    def _zoom(self) -> int:
        return next(iter(self.spooled)).zoom

    @property
    def _pyramid(self) -> Pyramid:
        return self.spool.tiles.pyramid.replace(pixelbuffer=0)

    def _extent(self) -> Grid:
        """Grid of the file: the tiles of the area, the spooled ones, and the existing file."""
        pyramid, zoom = self._pyramid, self._zoom
        boxes = [box_of_tile(index, pyramid) for index in self.spooled]
        if self.area is not None and self.options.cropped:
            boxes = [pixels_of_area(self.area, pyramid, zoom)]
        elif self.area is not None:
            boxes.append(box_of_area(self.area, pyramid, zoom))
        if self.file.exists() and not self.ends_with_area:
            box = box_of_grid(self.file.inspect().grid, pyramid, zoom)
            boxes += [] if box is None else [box]
        return grid_of_box(pyramid, zoom, hull(boxes, pyramid.pixel_shape(zoom)))

    def _spec(self, grid: Grid, summary: Mapping[str, Any]) -> MosaicSpec:
        codec, wanted = self.codec, self.options.overviews
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

    def _pieces(self, grid: Grid, step: int) -> Iterator[Piece]:
        """The pixels of the new file, in squares of this many rows and columns."""
        pyramid, zoom = self._pyramid, self._zoom
        top, left = offset_of(grid, pyramid, zoom) or (0, 0)
        for row in range(0, grid.height, step):
            for col in range(0, grid.width, step):
                raise_if_stopped()
                height, width = min(step, grid.height - row), min(step, grid.width - col)
                box = PixelBox(top + row, left + col, top + row + height, left + col + width)
                data = self._old(box)
                for index in tiles_under(box, pyramid, zoom):
                    self._paste(data, box, index)
                if not np.ma.getmaskarray(data).all():
                    yield row, col, data.data

    def _paste(self, data: RasterArray, box: PixelBox, index: TileIndex) -> None:
        """Paste the spooled content of a tile over the pixels of a box."""
        found = self.spool.read(self.spool.bare(index)) if index in self.spooled else None
        if found is None:
            return
        own = box_of_tile(index, self._pyramid)
        paste(data, found.data, own.top - box.top, own.left - box.left)
        self.tags.add(found.tags)

    def _old(self, box: PixelBox) -> RasterArray:
        """The pixels of the existing file in a box."""
        if not self.file.exists():
            shape = (self.codec.count, box.bottom - box.top, box.right - box.left)
            return blank(shape, self.codec.dtype, self.codec.nodata)
        return self.file.read(grid_of_box(self._pyramid, self._zoom, box))


def _factors(shape: tuple[int, int]) -> tuple[int, ...]:
    """Powers of two until the overview is no larger than a block."""
    count = max(0, math.ceil(math.log2(max(shape) / 512)))
    return tuple(2**number for number in range(1, count + 1))
