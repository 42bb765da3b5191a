"""Data sources of QGIS layers: a raster, a VRT over tiles, a vector file."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from automap_tiles.errors import ConfigError
from automap_tiles.formats import OutputKind
from automap_tiles.formats.capabilities import Describing
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.stretch import numbers_of, samples_in
from automap_tiles.storage import is_address, open_storage
from automap_tiles.workflows.tiles.index import VrtMore, frame_of, vrt_xml
from automap_tiles.workflows.tiles.stored_tiles import TileSelection, open_stored_tiles

if TYPE_CHECKING:
    from rasterio.crs import CRS

    from automap_tiles.grid import Bounds

_ALIGNED = 256
"""Maximum decimation of an overview, at which a tile still has whole pixels."""

Statistics = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Data:
    """The source of a QGIS layer."""

    provider: str
    """`gdal` or `ogr`."""
    source: str
    """Relative to the folder of the project, or an address as GDAL opens it."""
    crs: CRS | None


def data_of(layer: FileLayer, folder: Path, beside: str) -> Data:
    """The source for QGIS; VRTs of tiles are written into the subfolder `beside`.

    Raises `ConfigError` for formats that only AutoMap reads, `OutputError` if nothing can be
    written.
    """
    path = layer.folder
    if path is not None:
        return _of_tiles(path, layer, folder, beside)
    reader = layer.reader
    if reader.kind is OutputKind.VECTOR:
        return Data(provider="ogr", source=_seen_from(folder, reader.path), crs=None)
    look = reader.look() if isinstance(reader, Describing) else None
    if look is None:
        raise ConfigError("is nothing that GDAL opens", file=reader.path)
    source = _seen_from(folder, look.info.path)
    return Data(provider="gdal", source=source, crs=look.info.crs)


def _of_tiles(path: str, layer: FileLayer, folder: Path, beside: str) -> Data:
    """A VRT of the finest zoom, with the coarser zooms as its overviews."""
    directory = open_stored_tiles(path)
    if directory.metadata.kind is not OutputKind.RASTER or not directory.opens_in_gdal:
        raise ConfigError(
            "single tiles of this format are nothing that QGIS shows as one layer",
            file=path,
            found=directory.metadata.format,
        )
    tiles = directory.existing(TileSelection())
    by_zoom = {zoom: list(group) for zoom, group in groupby(tiles, key=lambda index: index.zoom)}
    if not by_zoom:
        raise ConfigError("holds no tiles", file=path)
    finest = max(by_zoom)
    frame = frame_of(directory, by_zoom[finest])
    coarser = [
        zoom for zoom in sorted(by_zoom, reverse=True)[1:] if 2 ** (finest - zoom) <= _ALIGNED
    ]
    names = {zoom: f"{layer.info.name}-{zoom}.vrt" for zoom in (finest, *coarser)}
    place = folder / beside
    storage = open_storage(place)
    for zoom in coarser:
        more = VrtMore(frame=frame)
        storage.put(names[zoom], vrt_xml(directory, by_zoom[zoom], place, more=more).encode())
    more = VrtMore(
        frame=frame,
        overviews=tuple(names[zoom] for zoom in coarser),
        statistics=statistics_of(layer),
    )
    storage.put(names[finest], vrt_xml(directory, by_zoom[finest], place, more=more).encode())
    crs = directory.pyramid.crs
    return Data(provider="gdal", source=f"./{beside}/{names[finest]}", crs=crs)


def statistics_of(layer: FileLayer, bounds: Bounds | None = None) -> Statistics:
    """Statistics of each band from a few tiles of the layer, except bands without valid pixels."""
    bands = range(1, len(layer.info.bands) + 1)
    samples = samples_in(layer, bands, bounds)
    found = {}
    for band in bands:
        values = [numbers_of(data[band - 1]) for data in samples]
        numbers = np.concatenate(values).astype(float) if values else np.empty(0)
        if numbers.size:
            found[band] = {
                "minimum": float(numbers.min()),
                "maximum": float(numbers.max()),
                "mean": float(numbers.mean()),
                "stddev": math.sqrt(float(numbers.var())),
            }
    return found


def _seen_from(folder: Path, path: str) -> str:
    if is_address(path):
        return path
    relative = Path(os.path.relpath(Path(path).absolute(), folder.absolute())).as_posix()
    return relative if relative.startswith("../") else f"./{relative}"
