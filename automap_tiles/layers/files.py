"""Files as layers: finished outputs, folders of tiles and rasters, and the inputs of a process."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import InputError
from automap_tiles.formats import OutputKind, RasterInput, Sized, VectorInput
from automap_tiles.formats.capabilities import Describing, PassingOn, RasterLook, TiledReader
from automap_tiles.grid import Bounds
from automap_tiles.layers import web
from automap_tiles.layers.layer import LayerBand, LayerInfo, LayerKind, LegendEntry, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automap_tiles.formats import RasterArray, Reader
    from automap_tiles.grid import Tile

_COARSER = 3
"""Zooms below the coarsest one of a folder that are made from it: up to 4³ of its tiles for one."""
_WITHOUT_OVERVIEWS = 4
"""The same for a raster, which is read in windows."""

_ABSENT = "-"
"""Stands for a missing tile in a version."""


def is_bare(version: str) -> bool:
    """Whether the version of a tile of a `FileLayer` states that nothing is stored there."""
    return set(version.split()) <= {_ABSENT}


@dataclass(frozen=True, kw_only=True)
class FileLayer:
    """A layer from a reader; see `Layer`."""

    info: LayerInfo
    reader: Reader
    zooms: tuple[int, ...] = ()
    """Of a tile directory: zooms that have tiles, ascending."""

    @property
    def folder(self) -> str | None:
        """Path of a tile directory; None for anything else."""
        return self._read_from.path if self._tiles is not None else None

    @cached_property
    def _read_from(self) -> Reader:
        return _source(self.reader)

    @cached_property
    def _tiles(self) -> TiledReader | None:
        """None unless it is a tile directory."""
        # cached: checking a runtime protocol takes longer than the file's stamp
        return self._read_from if isinstance(self._read_from, TiledReader) else None

    def version(self, tile: Tile) -> str:
        tiles = self._tiles
        if tiles is None:
            return self._read_from.fingerprint()
        zoom = self._zoom(tiles, tile)
        if zoom is None:
            return ""
        return " ".join(stamp or _ABSENT for stamp in tiles.stamps(tile, zoom))

    def read(
        self, tile: Tile, bands: Sequence[int], resampling: str = "nearest"
    ) -> RasterArray | None:
        source, tiles = self._read_from, self._tiles
        if source.kind is OutputKind.VECTOR:
            return _burnt(source, tile)
        if tiles is not None:
            zoom = self._zoom(tiles, tile)
            if zoom is None:
                return None
            data = tiles.pixels_at(tile).read(list(bands), resampling, tile_directory_zoom=zoom)
        else:
            here = source.at(tile)
            if not isinstance(here, RasterInput) or here.is_empty():
                return None
            data = here.read(list(bands), resampling)
        return None if np.ma.getmaskarray(data).all() else data

    def _zoom(self, source: TiledReader, tile: Tile) -> int | None:
        """The zoom of the folder that a tile is made from; None if the tile is too coarse."""
        if not self.zooms:
            return None
        wanted = source.zoom_at(tile, tile, source.matching)
        if wanted in self.zooms:
            return wanted
        finer = [zoom for zoom in self.zooms if zoom > wanted]
        if not finer:
            return self.zooms[-1]
        return finer[0] if finer[0] - wanted <= _COARSER else None


def _burnt(source: Reader, tile: Tile) -> RasterArray | None:
    """Features as one band with 1 inside them."""
    here = source.at(tile)
    if not isinstance(here, VectorInput) or here.is_empty():
        return None
    outside = here.read_as_raster_mask(all_touched=True)
    if outside.all():
        return None
    return np.ma.MaskedArray(np.ones((1, *outside.shape), np.uint8), mask=outside[None])


def _source(reader: Reader) -> Reader:
    """The underlying data: the output of another process is a folder or a file."""
    return _source(reader.reader) if isinstance(reader, PassingOn) else reader


def file_layer(
    name: str,
    title: str,
    reader: Reader,
    *,
    kind: LayerKind = LayerKind.OUTPUT,
    zooms: tuple[int, ...] = (),
    styles: Mapping[str, Query] | None = None,
) -> FileLayer:
    """A layer from a reader; `zooms` are those of a tile directory.

    Raises `InputError` if its metadata cannot be read.
    """
    source = _source(reader)
    if isinstance(source, TiledReader) and not zooms:
        zooms = source.stored_zooms()
    bounds = _extent(reader, source, zooms)
    bands, nodata = _bands(source)
    low, high = _zoom_range(source, zooms, bounds)
    return FileLayer(
        info=LayerInfo(
            name=name,
            title=title,
            kind=kind,
            bounds=bounds,
            min_zoom=low,
            max_zoom=high,
            bands=bands,
            nodata=nodata,
            alpha=_alpha(source),
            pyramid=source.pyramid if isinstance(source, TiledReader) else None,
            classes=_legend(source),
            styles=styles or {},
        ),
        reader=reader,
        zooms=zooms,
    )


def _extent(reader: Reader, source: Reader, zooms: tuple[int, ...]) -> Bounds:
    """Box in degrees: of a folder that of its tiles, since its pyramid may be global."""
    stored = None
    if reader is source and isinstance(source, TiledReader) and source.bounds is None:
        stored = source.stored_box(zooms)
    if stored is not None and isinstance(source, TiledReader):
        return web.lonlat_bounds(stored.polygon(), source.pyramid.crs)
    return web.lonlat_bounds(reader.footprint(web.LON_LAT), web.LON_LAT)


def _bands(source: Reader) -> tuple[tuple[LayerBand, ...], float | None]:
    """Bands and nodata value."""
    if source.kind is OutputKind.VECTOR:
        return (LayerBand(name="features", dtype="uint8"),), None
    look = _look(source)
    if isinstance(source, TiledReader):
        pixels = source.pixel_format()
        if look is not None:
            return described(look.info), pixels.nodata
        numbers = range(1, pixels.count + 1)
        bands = tuple(LayerBand(name=f"b{number}", dtype=pixels.dtype) for number in numbers)
        return bands, pixels.nodata
    if look is None:
        raise InputError("cannot be shown on a map", source.path)
    if complex_bands := [dtype for dtype in look.info.dtypes if dtype.startswith("complex")]:
        raise InputError(
            f"has {complex_bands[0]} numbers, which have no colour; make a raster of their "
            "amplitude or phase first",
            source.path,
        )
    return described(look.info), look.info.nodata


def _look(source: Reader) -> RasterLook | None:
    return source.look() if isinstance(source, Describing) else None


def _alpha(source: Reader) -> int | None:
    """Number of the alpha band."""
    look = _look(source)
    return None if look is None else look.info.alpha_band


def _legend(source: Reader) -> tuple[LegendEntry, ...]:
    look = _look(source)
    return () if look is None else land_classes(look.legend.names, look.legend.colours)


def land_classes(names: Mapping[int, str], colours: Mapping[int, str]) -> tuple[LegendEntry, ...]:
    """A legend: values with a name or a colour, grey if there is no colour."""
    return tuple(
        LegendEntry(
            value=value, name=names.get(value, str(value)), color=colours.get(value, "#808080")
        )
        for value in sorted({*names, *colours})
    )


def described(info: raster.RasterInfo) -> tuple[LayerBand, ...]:
    """Bands as described by a raster."""
    rows = zip(info.dtypes, info.descriptions, info.scales, info.offsets, strict=True)
    return tuple(
        LayerBand(name=name or f"b{number}", dtype=dtype, scale=scale, offset=offset)
        for number, (dtype, name, scale, offset) in enumerate(rows, start=1)
    )


def _zoom_range(source: Reader, zooms: tuple[int, ...], bounds: Bounds) -> tuple[int, int]:
    """Of a web map."""
    if isinstance(source, TiledReader):
        if not zooms:
            return 0, 0
        pyramid = source.pyramid
        finest = web.zoom_of(pyramid, zooms[-1], bounds)
        coarsest = web.zoom_of(pyramid, zooms[0], bounds) - _COARSER
    elif (look := _look(source)) is not None:
        info = look.info
        finest = _finest_zoom(info, source, bounds)
        coarsest = finest - math.log2(max(info.overviews, default=1)) - _WITHOUT_OVERVIEWS
    else:
        return 0, web.MAX_ZOOM
    high = min(web.MAX_ZOOM, max(0, math.ceil(finest - 1e-3)))
    return max(0, min(high, math.floor(coarsest + 1e-3))), high


def _finest_zoom(info: raster.RasterInfo, source: Reader, bounds: Bounds) -> float:
    if info.georeferencing is raster.Georeferencing.TRANSFORM:
        return web.pixel_zoom(info.crs, info.bounds.width / info.shape[1], bounds)
    # sources with control points or RPC only have a size after warping
    if not isinstance(source, Sized):
        raise InputError("does not say how large its pixels are", source.path)
    return web.pixel_zoom(web.LON_LAT, source.pixel_size(web.LON_LAT), bounds)
