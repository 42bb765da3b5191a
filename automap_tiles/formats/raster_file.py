"""Any raster that GDAL opens, as an input."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automap_tiles import raster
from automap_tiles.errors import GridError, InputError, MissingCrs
from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._input_tile import MapcheteInputTile, filled, reading_with
from automap_tiles.formats._locate import Located, locate
from automap_tiles.formats._options import Options
from automap_tiles.formats._outline import outline_in
from automap_tiles.formats._overlap import shares_points
from automap_tiles.formats._pixel_sample import PixelSample, sample_file
from automap_tiles.formats._spec import InputSpec
from automap_tiles.formats.bands import BandTable
from automap_tiles.formats.capabilities import FileLook
from automap_tiles.formats.context import OpenContext
from automap_tiles.grid import Bounds, Pyramid, Tile
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster import Georeferencing

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._contents import RasterArray

FORMAT = FormatInfo(
    name="raster_file",
    summary="any raster that GDAL opens",
    kind=OutputKind.RASTER,
    extensions=("tif", "tiff", "vrt", "png", "jp2", "jpg", "nc", "img", "asc"),
    endings=("jp2", "webp"),
    opens_in_gdal=True,
    reader=f"{__name__}:open_reader",
)

# Pixels of the source between two vertices of its outline; its edges are curved in another CRS.
_OUTLINE_STEP = 256

_TORN = 4
"""Ratio of pixel sizes of the whole and of a half that indicates a source cut by an edge of the
CRS."""


def open_reader(spec: InputSpec, context: OpenContext) -> RasterFile:
    """Reader of a raster file; raises `InputError` if it is missing."""
    options = Options(spec)
    nodata = options.number("nodata", None)
    resampling = options.text("resampling", "nearest")
    gdal_options = _gdal_options(options)
    options.finish()
    return RasterFile(
        gdal_options=gdal_options,
        where=locate(spec, context.base),
        pyramid=context.pyramid,
        nodata=nodata,
        resampling=resampling or "nearest",
    )


def _gdal_options(options: Options) -> tuple[tuple[str, str], ...]:
    """Names and values in GDAL's form: booleans are YES or NO."""
    words = {True: "YES", False: "NO"}
    return tuple(
        (str(name), words[value] if isinstance(value, bool) else str(value))
        for name, value in options.mapping("gdal_options").items()
    )


@dataclass(frozen=True, kw_only=True)
class RasterFile:
    """A raster file, opened in each thread on first use and kept open."""

    where: Located
    pyramid: Pyramid
    nodata: float | None = None
    """Overrides the file's own."""
    resampling: str = "nearest"
    """If the function does not specify it."""
    gdal_options: tuple[tuple[str, str], ...] = ()
    """GDAL options for reading pixels, by name."""

    kind = OutputKind.RASTER

    @property
    def path(self) -> str:
        return self.where.path

    def footprint(self, crs: CRS) -> BaseGeometry:
        url = self.where.url
        return _footprint(url, raster.file_stamp(url), crs, self.pyramid)

    def fingerprint(self) -> str:
        return self.where.fingerprint() + self._own_nodata

    def earlier_fingerprint(self) -> str | None:
        earlier = self.where.earlier_fingerprint()
        return None if earlier is None else earlier + self._own_nodata

    @property
    def _own_nodata(self) -> str:
        return "" if self.nodata is None else f" nodata={self.nodata}"

    def at(self, tile: Tile) -> RasterFileTile:
        return RasterFileTile(self, tile)

    def describe_bands(self) -> BandTable:
        return BandTable.of(raster.inspect(self.where.url))

    def pixel_sample(self) -> PixelSample:
        return sample_file(self.where.url)

    def look(self) -> FileLook:
        return FileLook(self.where.url)

    def pixel_size(self, crs: CRS) -> float:
        return pixel_size(self.where.url, crs)

    def contents(self) -> str:
        info = raster.inspect(self.where.url)
        return f"{info.shape[1]} × {info.shape[0]} pixels, {info.kinds}"


class RasterFileTile(MapcheteInputTile):
    """A raster file on a tile."""

    __slots__ = ("_reader", "tile")

    tile: Tile

    def __init__(self, reader: RasterFile, tile: Tile) -> None:
        self._reader = reader
        self.tile = tile

    @property
    def path(self) -> str:
        return self._reader.path

    def read(  # noqa: PLR0913 - mapchete's keywords
        self,
        indexes: int | Sequence[int] | None = None,
        resampling: str | None = None,
        *,
        dst_nodata: float | None = None,
        gdal_opts: Mapping[str, Any] | None = None,
        tile_directory_zoom: int | None = None,  # noqa: ARG002
        matching_method: str = "gdal",  # noqa: ARG002
        matching_max_zoom: int | None = None,  # noqa: ARG002
        matching_precision: int = 8,  # noqa: ARG002
        fallback_to_higher_zoom: bool = False,  # noqa: ARG002
    ) -> RasterArray:
        """Pixels: (y, x) for one band number, (band, y, x) for several or all (None).

        `dst_nodata` is the value under the mask; `gdal_opts` are GDAL options. The others select
        the zoom of a tile directory and have no effect here: as in mapchete, a process may be given
        a file instead of a directory.
        """
        bands = [indexes] if isinstance(indexes, int) else indexes
        with reading_with({**dict(self._reader.gdal_options), **(gdal_opts or {})}):
            pixels = raster.read(
                self._reader.where.url,
                self.tile,
                indexes=bands,
                resampling=resampling or self._reader.resampling,
                nodata=self._reader.nodata,
            )
        pixels = filled(pixels, dst_nodata)
        return pixels[0] if isinstance(indexes, int) else pixels

    @property
    def bbox(self) -> BaseGeometry:
        """Outline of the file, CRS of the tile."""
        return self._reader.footprint(self.tile.crs)

    @property
    def profile(self) -> dict[str, Any]:
        """Metadata of the file, as in rasterio."""
        info = raster.inspect(self._reader.where.url)
        nodata = info.nodatavals[0] if self._reader.nodata is None else self._reader.nodata
        return {
            "driver": info.driver,
            "dtype": info.dtypes[0],
            "nodata": nodata,
            "width": info.shape[1],
            "height": info.shape[0],
            "count": info.count,
            "crs": info.crs,
            "transform": info.transform,
        }

    def describe_bands(self) -> BandTable:
        return self._reader.describe_bands()

    def is_empty(
        self,
        *,
        indexes: int | Sequence[int] | None = None,  # noqa: ARG002
        tile_directory_zoom: int | None = None,  # noqa: ARG002
        fallback_to_higher_zoom: bool = False,  # noqa: ARG002
    ) -> bool:
        return not shares_points(self.tile, self._reader.footprint(self.tile.crs))


def _tell_further_pages(url: str) -> None:
    """Issue a note if a file contains further rasters: GDAL opens the first one."""
    if pages := raster.further_pages(url):
        tell(
            Note.of(
                pages,
                fate=Fate.IGNORED,
                subject=Subject.LAYERS,
                reason="a file has several rasters (pages), and its first is read",
                remedy="the name of the one that is meant, in place of the file's",
            )
        )


@lru_cache(maxsize=512)
def _footprint(url: str, _stamp: object, crs: CRS, pyramid: Pyramid) -> BaseGeometry:
    """Outline of a raster in a CRS; if it is undefined there, the whole pyramid.

    The stamp is part of the cache key, for replaced files.
    """
    info = raster.inspect(url)
    if info.crs is None:
        raise MissingCrs("has no CRS, so it lies nowhere", url)
    _tell_further_pages(url)
    if info.georeferencing is Georeferencing.TRANSFORM:
        bounds, own, step = info.bounds, info.crs, _OUTLINE_STEP * abs(info.transform.a)
    else:
        bounds, own, shape = _warped_grid(url)
        step = _OUTLINE_STEP * bounds.width / shape[1]
    outline = bounds.polygon()
    if own == crs:
        return outline
    step = step or max(bounds.width, bounds.height) / 64
    longest = max(bounds.width, bounds.height)
    segment = max(step, longest / 4096)
    return outline_in(crs, outline, own, segment=segment, pyramid=pyramid, url=url)


def pixel_size(url: str, crs: CRS) -> float:
    """Pixel size of a raster in a CRS, as GDAL suggests for the whole raster.

    Raises `InputError` if the raster is not georeferenced, or undefined in that CRS.
    """
    info = raster.inspect(url)
    if info.crs is None:
        raise InputError("has no coordinate reference system, so its pixels have no size", url)
    if info.georeferencing is Georeferencing.TRANSFORM:
        bounds, own, shape = info.bounds, info.crs, info.shape
    else:
        bounds, own, shape = _warped_grid(url)
    try:
        return size_in(crs, own, bounds, shape)
    except GridError as error:
        raise InputError(str(error), url) from error


def size_in(crs: CRS, own: CRS, bounds: Bounds, shape: tuple[int, int]) -> float:
    """Pixel size in a CRS, as GDAL suggests for a whole grid of another CRS.

    Raises `GridError` if the grid is undefined there.
    """
    from rasterio.errors import RasterioError

    try:
        whole = _edge(crs, own, bounds, shape)
    except RasterioError as error:
        raise GridError(f"has no pixel size in {crs.to_string()[:60]}: {error}") from error
    parts = []
    for half in _halves(bounds):
        with contextlib.suppress(RasterioError):  # then the value for the whole grid is correct
            parts.append(_edge(crs, own, half, (shape[0], max(1, shape[1] // 2))))
    return min((each for each in parts if whole > _TORN * each), default=whole)


def _edge(crs: CRS, own: CRS, bounds: Bounds, shape: tuple[int, int]) -> float:
    """By GDAL's method, which treats a box across the antimeridian as global."""
    from rasterio.warp import calculate_default_transform

    transform, _, _ = calculate_default_transform(own, crs, shape[1], shape[0], *bounds)
    return float(abs(transform.a))


def _halves(bounds: Bounds) -> tuple[Bounds, Bounds]:
    left, bottom, right, top = bounds
    middle = (left + right) / 2
    return Bounds(left, bottom, middle, top), Bounds(middle, bottom, right, top)


def _warped_grid(url: str) -> tuple[Bounds, CRS, tuple[int, int]]:
    """Bounds and shape of a source with control points or RPC after warping by GDAL."""
    from rasterio.vrt import WarpedVRT

    from automap_tiles.raster.datasets import open_source

    source = open_source(url)
    with WarpedVRT(source.dataset, src_crs=source.info.crs) as warped:
        return Bounds(*warped.bounds), warped.crs, (warped.height, warped.width)
