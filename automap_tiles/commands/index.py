"""Indexes of the tiles that exist: one file per zoom and kind, always written anew."""

from __future__ import annotations

import contextlib
import enum
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from automap_tiles.commands.tiledir import Selection, TileDirectory
from automap_tiles.engine.journal import hold
from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.formats.protocols import OutputKind
from automap_tiles.grid import TileIndex
from automap_tiles.storage import is_remote, open_storage


class IndexKind(enum.Enum):
    """What an index is written as; the value is the ending of the file."""

    GEOJSON = "geojson"
    GPKG = "gpkg"
    FGB = "fgb"
    VRT = "vrt"
    TXT = "txt"


_DRIVERS = {
    IndexKind.GEOJSON: "GeoJSON",
    IndexKind.GPKG: "GPKG",
    IndexKind.FGB: "FlatGeobuf",
}


@dataclass(frozen=True, kw_only=True)
class IndexOptions:
    """How tiles are named in an index."""

    fieldname: str = "location"
    """Field of the path, in vector indexes."""
    basepath: str | None = None
    """Stands in for the path of the directory."""
    for_gdal: bool = False
    """Addresses of object storage as GDAL opens them (/vsis3/…); a VRT always has these."""


def write_indexes(
    directory: TileDirectory,
    folder: Path,
    kinds: Sequence[IndexKind],
    selection: Selection,
    options: IndexOptions,
) -> list[Path]:
    """Write `<zoom>.<kind>` for each zoom that has tiles; the paths that were written.

    The directory is held meanwhile where they go into it: of one that a run is writing an index
    would miss the tiles that come.

    Raises
    ------
    ConfigError
        A VRT was asked for tiles that are no rasters.
    OutputBusy
        A run is writing the directory that the indexes go into.
    OutputError
        An index cannot be written.

    """
    if IndexKind.VRT in kinds and directory.metadata.kind is not OutputKind.RASTER:
        raise ConfigError(
            "a VRT needs raster tiles", file=directory.path, found=directory.metadata.format
        )
    with contextlib.ExitStack() as stack:
        if not is_remote(directory.path) and folder.resolve() == Path(directory.path).resolve():
            stack.enter_context(hold(directory.place))
        return _write_all(directory, folder, kinds, selection, options)


def _write_all(
    directory: TileDirectory,
    folder: Path,
    kinds: Sequence[IndexKind],
    selection: Selection,
    options: IndexOptions,
) -> list[Path]:
    written = []
    tiles = directory.existing(selection)
    for zoom, group in groupby(tiles, key=lambda index: index.zoom):
        members = list(group)
        for kind in kinds:
            path = folder / f"{zoom}.{kind.value}"
            _write(directory, members, path, kind, options)
            written.append(path)
    return written


def _write(
    directory: TileDirectory,
    tiles: list[TileIndex],
    path: Path,
    kind: IndexKind,
    options: IndexOptions,
) -> None:
    """One index; whole or not at all."""
    storage = open_storage(path.parent)
    storage.clean_parts(path.name)
    try:
        # GDAL's drivers want the ending of the name: the part file has another
        with (
            TemporaryDirectory(prefix="automap-index-") as name,
            storage.staged(path.name) as staged,
        ):
            part = Path(name) / path.name
            if kind is IndexKind.TXT:
                lines = (f"{_location(directory, index, options)}\n" for index in tiles)
                part.write_text("".join(lines), encoding="utf-8")
            elif kind is IndexKind.VRT:
                from automap_tiles.commands.vrt import vrt_xml

                part.write_text(vrt_xml(directory, tiles, path.parent, options.basepath), "utf-8")
            else:
                _write_features(directory, tiles, part, kind, options)
            shutil.copyfile(part, staged)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", path) from error


def _write_features(
    directory: TileDirectory,
    tiles: list[TileIndex],
    path: Path,
    kind: IndexKind,
    options: IndexOptions,
) -> None:
    import fiona

    properties = {"tile_id": "str", "zoom": "int", "row": "int", "col": "int"}
    schema = {"geometry": "Polygon", "properties": {**properties, options.fieldname: "str"}}
    with fiona.open(
        path,
        "w",
        driver=_DRIVERS[kind],
        schema=schema,
        crs_wkt=directory.pyramid.crs.to_wkt(),
    ) as sink:
        sink.writerecords(_features(directory, tiles, options))


def _features(
    directory: TileDirectory, tiles: Iterable[TileIndex], options: IndexOptions
) -> Iterator[dict[str, Any]]:
    from shapely.geometry import mapping

    for index in tiles:
        yield {
            "type": "Feature",
            "geometry": mapping(directory.tile(index).bbox),
            "properties": {
                "tile_id": str(index),
                "zoom": index.zoom,
                "row": index.row,
                "col": index.col,
                options.fieldname: _location(directory, index, options),
            },
        }


def _location(directory: TileDirectory, index: TileIndex, options: IndexOptions) -> str:
    key = directory.layout.key(index)
    if options.basepath is not None:
        return f"{options.basepath.rstrip('/')}/{key}"
    if options.for_gdal or not is_remote(directory.path):
        return directory.storage.url(key)
    return f"{directory.path.rstrip('/')}/{key}"
