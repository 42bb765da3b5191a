"""A folder of tiles as an input: ours, mapchete's, or any with known names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from automap_tiles import raster, vector
from automap_tiles.errors import GridError, InputError, NoOperation
from automap_tiles.formats.bands import BandTable
from automap_tiles.formats.context import OpenContext
from automap_tiles.formats.glance import Glance, glance_at_tiles
from automap_tiles.formats.options import Options
from automap_tiles.formats.overlap import pieces
from automap_tiles.formats.protocols import Feature, OutputKind
from automap_tiles.formats.spec import InputSpec
from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.formats.tiles._metadata import (
    METADATA_NAME,
    Metadata,
    is_known_extension,
    kind_of_extension,
    read_metadata,
)
from automap_tiles.formats.tiles._pixels import (
    PixelFormat,
    folder_stamp,
    load_kept,
    matching_zoom,
    read_pixels,
    touched,
)
from automap_tiles.formats.vector_tile import FeatureTile, shifted
from automap_tiles.grid import Bounds, Grid, GridLike, Pyramid, Tile, TileIndex, unit_parts
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import is_remote, open_storage

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats.protocols import RasterArray

_DRIVERS = {"geojson": "GeoJSON", "fgb": "FlatGeobuf"}
_LISTED = 5000
"""Keys of a directory that a glance looks through."""
_GLANCED = 9
"""Tiles that it opens."""


@dataclass(frozen=True, kw_only=True)
class Matching:
    """From which zoom of the directory a tile is read."""

    zoom: int | None = None
    """Exactly this one; None: the one whose pixels are as fine as the tile's."""
    method: str = "gdal"
    precision: int = 8
    max_zoom: int | None = None
    fall_back: bool = False
    """Where there are no tiles at that zoom, take those of the next coarser one that has."""


@dataclass(frozen=True, kw_only=True)
class TileDirectory:
    """A folder of tiles."""

    path: str
    files: TileFiles
    kind: OutputKind
    pixels: PixelFormat | None = None
    """Of rasters; None: found out from the first tile that is there."""
    resampling: str = "nearest"
    """When the function does not say which."""
    matching: Matching = Matching()
    bounds: Bounds | None = None
    """Box of the data in the CRS of the directory; None: its whole pyramid."""

    def footprint(self, crs: CRS) -> BaseGeometry:
        bounds = self.bounds or self.files.pyramid.bounds
        try:
            return _footprint(bounds, self.files.pyramid.crs, crs)
        except NoOperation as error:
            raise InputError(str(error), self.path) from error

    def fingerprint(self) -> str:
        stamp = folder_stamp(self.files)
        return f"{self.path} {self.files.pyramid} {self.pixels} {self.resampling} {stamp}"

    def at(self, tile: Tile) -> PixelTile | FeatureTile:
        if self.kind is OutputKind.VECTOR:
            return FeatureTile(tile, self)
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
        """Whether none of the stored tiles that a tile would be read from is there."""
        return not any(
            self._has_tiles(part.grid, self.zoom_at(tile, part.grid, matching))
            for part in unit_parts(tile)
        )

    def _has_tiles(self, grid: GridLike, zoom: int) -> bool:
        return any(
            self.files.storage.exists(self.files.key(index))
            for index in touched(self.files.pyramid, grid, zoom)
        )

    def features(
        self, tile: Tile, bounds: Bounds, *, clip: bool, validity_check: bool
    ) -> list[Feature]:
        """Stored features on a box around a tile, in its CRS."""
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
        return found

    def pixel_format(self) -> PixelFormat:
        """Bands and dtype of the tiles; raises `InputError` when there are none to look at."""
        if self.pixels is not None:
            return self.pixels
        info = _sample(self.files)
        nodata = info.nodata if info.nodata is not None or info.has_mask else 0
        return PixelFormat(count=info.count, dtype=info.dtype, nodata=nodata)

    def describe_bands(self) -> BandTable:
        """As the first tile says; raises `InputError` when there is none to look at."""
        return BandTable.of(_sample(self.files))

    def glance(self) -> Glance:
        """At tiles of the finest zoom among the first that are found."""
        return glance_at_tiles(_some_tiles(self.files))

    def _moved(self, index: TileIndex, crs: CRS) -> list[Feature]:
        """The features of one stored tile in a CRS."""
        driver = _DRIVERS.get(self.files.layout.extension, "GPKG")
        features = load_kept(
            self.files, index, lambda content: vector.decode_features(content, driver=driver)
        )
        if not features or crs == self.files.pyramid.crs:
            return features or []
        shapes = [vector.repaired(vector.to_shape(feature)) for feature in features]
        moved = vector.reproject_geometries(shapes, self.files.pyramid.crs, crs)
        return [
            vector.as_feature(shape, feature["properties"])
            for shape, feature in zip(moved, features, strict=True)
        ]


class PixelTile:
    """A directory of raster tiles seen from a tile."""

    __slots__ = ("_source", "tile")

    def __init__(self, tile: Tile, source: TileDirectory) -> None:
        self.tile = tile
        self._source = source

    @property
    def path(self) -> str:
        return self._source.path

    def read(
        self,
        indexes: int | Sequence[int] | None = None,
        resampling: str | None = None,
        *,
        tile_directory_zoom: int | None = None,
        matching_method: str = "gdal",
        matching_max_zoom: int | None = None,
        matching_precision: int = 8,
        fallback_to_higher_zoom: bool = False,
    ) -> RasterArray:
        """Pixels: (y, x) for one band number, (band, y, x) for several or all (None).

        They come from the zoom that fits the tile, or from `tile_directory_zoom`; with
        `fallback_to_higher_zoom` from a coarser one where the fitting one has no tiles.
        """
        matching = replace(
            self._source.matching,
            zoom=tile_directory_zoom,
            method=matching_method,
            precision=matching_precision,
            max_zoom=_or(matching_max_zoom, self._source.matching.max_zoom),
            fall_back=fallback_to_higher_zoom,
        )
        pixels = self._source.pixel_format()
        bands = list(range(1, pixels.count + 1))
        wanted = [indexes] if isinstance(indexes, int) else list(indexes or bands)
        if outside := [band for band in wanted if band not in bands]:
            raise InputError(f"has bands 1 to {pixels.count}, not {outside[0]}", self.path)
        data = read_pixels(
            self._source.files,
            pixels,
            self.tile,
            zoom_at=lambda grid: self._source.zoom_at(self.tile, grid, matching),
            indexes=wanted,
            resampling=resampling or self._source.resampling,
        )
        return data[0] if isinstance(indexes, int) else data

    def describe_bands(self) -> BandTable:
        return self._source.describe_bands()

    def is_empty(
        self,
        *,
        tile_directory_zoom: int | None = None,
        fallback_to_higher_zoom: bool = False,
    ) -> bool:
        matching = replace(
            self._source.matching, zoom=tile_directory_zoom, fall_back=fallback_to_higher_zoom
        )
        return self._source.is_empty(self.tile, matching)

    def __enter__(self) -> PixelTile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def __repr__(self) -> str:
        return f"PixelTile({self.path!r}, {self.tile.index})"


def open_reader(spec: InputSpec, context: OpenContext) -> TileDirectory:
    """Reader of a folder of tiles.

    Without a `metadata.json` the options `extension` and `grid` say what it is. Raises
    `ConfigError` for what is missing, `InputError` when the folder is.
    """
    options = Options(spec)
    storage = open_storage(_place(spec, options, context.base))
    try:
        metadata: Metadata | None = read_metadata(storage)
    except FileNotFoundError:
        metadata = None
    extension = _extension(spec, options, metadata)
    pyramid = _pyramid(spec, options, metadata)
    said = metadata.options if metadata else {}
    layout = options.layout(extension, said.get("tile_path_schema"))
    bounds = options.take("bounds")
    options.pick(("min_zoom", "schema", "type"))
    reader = TileDirectory(
        path=spec.path,
        files=TileFiles(
            storage=storage,
            layout=layout,
            pyramid=pyramid,
        ),
        kind=kind_of_extension(extension),
        pixels=_pixels(options, said, extension),
        resampling=options.text("resampling", "nearest") or "nearest",
        matching=Matching(max_zoom=options.whole("max_zoom", None)),
        bounds=None if bounds is None else Bounds(*map(float, bounds)),
    )
    options.finish()
    return reader


def _place(spec: InputSpec, options: Options, base: Path) -> str:
    path = str(options.take("abs_path") or spec.path)
    if is_remote(path):
        return path
    absolute = Path(base, path).absolute()
    if not absolute.is_dir():
        raise InputError(f"input {spec.name}: no such folder", absolute)
    return str(absolute)


def _extension(spec: InputSpec, options: Options, metadata: Metadata | None) -> str:
    default = metadata.extension if metadata else None
    extension = options.text("extension", default)
    if extension is None:
        raise spec.error(
            f"is no folder of tiles: there is no {METADATA_NAME} in it",
            found=spec.path,
            remedy="give grid and extension of the tiles, for example: "
            "{format: TileDirectory, path: …, grid: mercator, extension: png}",
        )
    if not is_known_extension(extension):
        raise spec.error("tiles of this kind cannot be read", key="extension", found=extension)
    return extension.lstrip(".")


_GRID_OPTIONS = ("grid", "metatiling", "tile_size", "pixelbuffer")


def _pyramid(spec: InputSpec, options: Options, metadata: Metadata | None) -> Pyramid:
    """As the folder itself says; else as the options do."""
    given = options.pick(_GRID_OPTIONS)
    if "grid" not in given and metadata is None:
        raise spec.error(
            f"the grid is missing, and there is no {METADATA_NAME}",
            key="grid",
            remedy="grid: mercator",
        )
    if metadata is not None:
        given = {**_own_options(metadata.pyramid), **given}
    try:
        pyramid = Pyramid.from_grid(
            given["grid"], **{name: given[name] for name in _GRID_OPTIONS[1:] if name in given}
        )
    except GridError as error:
        raise spec.error(str(error), key="grid") from error
    if metadata is None:
        return pyramid
    if pyramid != metadata.pyramid:
        _tell_ignored(spec, pyramid, metadata.pyramid)
    return metadata.pyramid


def _own_options(pyramid: Pyramid) -> dict[str, Any]:
    said = pyramid.to_dict()
    return {name: said[name] for name in _GRID_OPTIONS}


def _tell_ignored(spec: InputSpec, given: Pyramid, own: Pyramid) -> None:
    names = [name for name in _GRID_OPTIONS[1:] if getattr(given, name) != getattr(own, name)]
    if not replace(given, tile_size=own.tile_size).same_grid(own):
        names.insert(0, "grid")
    tell(
        Note(
            fate=Fate.IGNORED,
            subject=Subject.OPTIONS,
            reason=f"the tiles were written on another grid, as their {METADATA_NAME} says",
            count=len(names),
            examples=tuple(f"{spec.name}.{name}" for name in names),
            remedy="leave these options out",
        )
    )


def _pixels(options: Options, said: Mapping[str, Any], extension: str) -> PixelFormat | None:
    """Bands and dtype, as the file or the folder says; None when neither does."""
    count = options.whole("count", options.whole("bands", said.get("bands", said.get("count"))))
    dtype = options.text("dtype", said.get("dtype"))
    # the alpha band of a picture says where there is no data
    default = None if extension == "png" else said.get("nodata", 0)
    nodata = options.number("nodata", default)
    if count is None or dtype is None:
        return None
    return PixelFormat(count=count, dtype=dtype, nodata=nodata)


@lru_cache(maxsize=32)
def _sample(files: TileFiles) -> raster.RasterInfo:
    """Look at the first tile that is found."""
    for key in files.storage.list():
        if files.layout.parse(key) is not None:
            return raster.inspect(files.storage.url(key))
    raise InputError("there is no tile in it", files.storage.root)


def _some_tiles(files: TileFiles) -> list[str]:
    """Addresses of tiles of one zoom, spread over those that a listing begins with."""
    keys = islice(files.storage.list(), _LISTED)
    parsed = [(index, key) for key in keys if (index := files.layout.parse(key)) is not None]
    finest = max((index.zoom for index, _ in parsed), default=0)
    own = [key for index, key in parsed if index.zoom == finest]
    step = max(1, len(own) // _GLANCED)
    return [files.storage.url(key) for key in own[::step][:_GLANCED]]


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


def _or(value: int | None, default: int | None) -> int | None:
    return default if value is None else value
