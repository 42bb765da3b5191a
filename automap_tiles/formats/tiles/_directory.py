"""Tile directories as inputs: ours, mapchete's, or any with a known naming scheme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from automap_tiles import raster, vector
from automap_tiles.errors import InputError, NoOperation
from automap_tiles.formats._contents import Feature, OutputKind
from automap_tiles.formats._overlap import pieces
from automap_tiles.formats._pixel_sample import PixelSample, sample_tiles
from automap_tiles.formats._vector_tile import FeatureTile, shifted
from automap_tiles.formats.bands import BandTable
from automap_tiles.formats.capabilities import RasterLook
from automap_tiles.formats.tiles._codec import FeatureCodec
from automap_tiles.formats.tiles._decoding import Decoder, GdalTiles
from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.formats.tiles._listing import first_tile, stored_box, stored_zooms
from automap_tiles.formats.tiles._matching import matching_zoom, touched
from automap_tiles.formats.tiles._missing_zooms import report_missing_zooms
from automap_tiles.formats.tiles._ogr import OgrFeatures
from automap_tiles.formats.tiles._pixel_tile import PixelTile
from automap_tiles.formats.tiles._pixels import PixelFormat, load_kept
from automap_tiles.formats.tiles._stamps import folder_stamp, stamps_under
from automap_tiles.grid import Bounds, Grid, GridLike, Pyramid, Tile, TileIndex, unit_parts

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry


_LISTED = 5000
"""Keys of a directory that are listed for a sample."""
_GLANCED = 9
"""Tiles that are opened for a sample."""


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Selection of the zoom that a tile is read from."""

    zoom: int | None = None
    """This zoom; None: the one whose pixel size matches the tile's."""
    method: str = "gdal"
    precision: int = 8
    max_zoom: int | None = None
    fall_back: bool = False
    """If there are no tiles at that zoom, use the next coarser one that has some."""


@dataclass(frozen=True, kw_only=True)
class TileDirectory:
    """A folder of tiles."""

    path: str
    files: TileFiles
    kind: OutputKind
    pixels: PixelFormat | None = None
    """Of rasters; None: taken from the first tile found."""
    resampling: str = "nearest"
    """If the function does not specify it."""
    matching: Matching = Matching()
    bounds: Bounds | None = None
    """Bounds of the data in the CRS of the directory; None: the whole pyramid."""
    decoder: Decoder = field(default_factory=GdalTiles)
    """Of rasters."""
    features_codec: FeatureCodec = field(default_factory=lambda: OgrFeatures(driver="GPKG"))
    """Of features."""

    def footprint(self, crs: CRS) -> BaseGeometry:
        bounds = self.bounds or self.files.pyramid.bounds
        try:
            return _footprint(bounds, self.files.pyramid.crs, crs)
        except NoOperation as error:
            raise InputError(str(error), self.path) from error

    def fingerprint(self) -> str:
        stamp = folder_stamp(self.files)
        return f"{self.path} {self.files.pyramid} {self.pixels} {self.resampling} {stamp}"

    @property
    def pyramid(self) -> Pyramid:
        return self.files.pyramid

    def at(self, tile: Tile) -> PixelTile | FeatureTile:
        if self.kind is OutputKind.VECTOR:
            return FeatureTile(tile, self)
        return PixelTile(tile, self)

    def pixels_at(self, tile: Tile) -> PixelTile:
        return PixelTile(tile, self)

    def zoom_at(self, tile: Tile, grid: GridLike, matching: Matching) -> int:
        """The zoom that a part of a tile is read from."""
        if matching.zoom is not None:
            return matching.zoom
        if tile.pyramid.same_grid(self.files.pyramid):
            zoom = tile.zoom
        else:
            plain = Grid(grid.crs, grid.transform, grid.shape)
            zoom = matching_zoom(self.files.pyramid, plain, matching.method, matching.precision)
        if matching.max_zoom is not None:
            zoom = min(zoom, matching.max_zoom)
        if matching.fall_back:
            zoom = next((z for z in range(zoom, -1, -1) if self._has_tiles(grid, z)), zoom)
        return zoom

    def is_empty(self, tile: Tile, matching: Matching) -> bool:
        """Whether none of the stored tiles needed for a tile exists."""
        zooms = set()
        for part in unit_parts(tile):
            zoom = self.zoom_at(tile, part.grid, matching)
            if self._has_tiles(part.grid, zoom):
                return False
            zooms.add(zoom)
        if matching.zoom is None:
            report_missing_zooms(self.files, zooms)
        return True

    def _has_tiles(self, grid: GridLike, zoom: int) -> bool:
        return any(
            self.files.storage.exists(self.files.key(index))
            for index in touched(self.files.pyramid, grid, zoom)
        )

    def features(
        self, tile: Tile, bounds: Bounds, *, clip: bool, validity_check: bool
    ) -> list[Feature]:
        """Stored features in a box around a tile, in its CRS."""
        zoom = self.zoom_at(tile, tile, self.matching)
        found: list[Feature] = []
        for part, shift in pieces(bounds, tile):
            grid = Grid.from_bounds(part, (1, 1), tile.crs)
            for index in touched(self.files.pyramid, grid, zoom):
                features = self._moved(index, tile.crs)
                if clip:
                    features = vector.clip_features(features, part)
                elif validity_check:
                    features = [_repaired(feature) for feature in features]
                found += [shifted(feature, shift) for feature in features]
        if not found:
            report_missing_zooms(self.files, {zoom})
        return found

    def pixel_format(self) -> PixelFormat:
        """Bands and dtype of the tiles; raises `InputError` if there are none."""
        if self.pixels is not None:
            return self.pixels
        info = _sample(self.files, self.decoder)
        nodata = info.nodata if info.nodata is not None or info.has_mask else 0
        return PixelFormat(count=info.count, dtype=info.dtype, nodata=nodata)

    def describe_bands(self) -> BandTable:
        """From the first tile found; raises `InputError` if there is none."""
        return BandTable.of(_sample(self.files, self.decoder))

    def pixel_sample(self) -> PixelSample:
        """From tiles of the finest zoom among the first ones found."""
        return sample_tiles(
            self.decoder.glimpse(self.files, index) for index in _some_tiles(self.files)
        )

    def look(self) -> RasterLook | None:
        """From the first tile found."""
        index = None if self.kind is OutputKind.VECTOR else first_tile(self.files)
        return None if index is None else self.decoder.look(self.files, index)

    def stamps(self, tile: Tile, zoom: int) -> list[str | None]:
        return stamps_under(self.files, tile, zoom)

    def stored_zooms(self) -> tuple[int, ...]:
        return stored_zooms(self.files)

    def stored_box(self, zooms: Sequence[int]) -> Bounds | None:
        return stored_box(self.files, zooms)

    def _moved(self, index: TileIndex, crs: CRS) -> list[Feature]:
        """The features of one stored tile in a CRS."""
        features = load_kept(self.files, index, self.features_codec.decode)
        if not features or crs == self.files.pyramid.crs:
            return features or []
        shapes = [vector.repaired(vector.to_shape(feature)) for feature in features]
        moved = vector.reproject_geometries(shapes, self.files.pyramid.crs, crs)
        return [
            vector.as_feature(shape, feature["properties"])
            for shape, feature in zip(moved, features, strict=True)
        ]


@lru_cache(maxsize=32)
def _sample(files: TileFiles, decoder: Decoder) -> raster.RasterInfo:
    """Metadata of the first tile found."""
    index = first_tile(files)
    if index is None:
        raise InputError("there is no tile in it", files.storage.root)
    return decoder.look(files, index).info


def _some_tiles(files: TileFiles) -> list[TileIndex]:
    """Tiles of one zoom, spread over the beginning of a listing."""
    parsed = [
        index
        for key in islice(files.storage.list(), _LISTED)
        if (index := files.layout.parse(key)) is not None
    ]
    finest = max((index.zoom for index in parsed), default=0)
    own = [index for index in parsed if index.zoom == finest]
    step = max(1, len(own) // _GLANCED)
    return own[::step][:_GLANCED]


@lru_cache(maxsize=64)
def _footprint(bounds: Bounds, own: CRS, crs: CRS) -> BaseGeometry:
    longest = max(bounds.width, bounds.height)
    return vector.reproject_geometry(bounds.polygon(), own, crs, segment=longest / 256)


def _repaired(feature: Feature) -> Feature:
    shape = vector.to_shape(feature)
    return (
        feature
        if shape.is_valid
        else vector.as_feature(vector.repaired(shape), feature["properties"])
    )
