"""Indexes of the tiles that exist: one file per zoom and kind, always written anew."""

from __future__ import annotations

import contextlib
import enum
import shutil
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from automap_tiles.engine.journal import hold
from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.formats import OutputKind
from automap_tiles.grid import Pyramid, TileIndex
from automap_tiles.storage import is_remote, open_storage
from automap_tiles.workflows._order import NEVER, Order, StopToken
from automap_tiles.workflows.events import Done, Event, Finished, Json, Started
from automap_tiles.workflows.selections import selection_of
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles._vrt import VrtMore, frame_of, vrt_xml
from automap_tiles.workflows.tiles.outdated import report_outdated
from automap_tiles.workflows.tiles.stored_tiles import (
    StoredTiles,
    TileSelection,
    open_stored_tiles,
)

__all__ = [
    "IndexFile", "IndexKind", "IndexOrder", "IndexOutcome", "VrtMore", "check", "frame_of", "run",
    "vrt_xml",
]  # fmt: skip


class IndexKind(enum.StrEnum):
    """Format of an index; the value is the suffix of the file."""

    GEOJSON = "geojson"
    GPKG = "gpkg"
    SHP = "shp"
    FGB = "fgb"
    VRT = "vrt"
    TIF = "tif"
    TXT = "txt"


_DRIVERS = {
    IndexKind.GEOJSON: "GeoJSON",
    IndexKind.GPKG: "GPKG",
    IndexKind.SHP: "ESRI Shapefile",
    IndexKind.FGB: "FlatGeobuf",
}


@dataclass(frozen=True, kw_only=True)
class IndexOrder(Order):
    """Write `<zoom>.<kind>` for each zoom that has tiles, replacing existing ones."""

    workflow: ClassVar[str] = "index"

    tiles: str
    """Output folder of a process, or the `.mapchete` file that writes it."""
    kinds: tuple[IndexKind, ...] = (IndexKind.GEOJSON,)
    folder: str | None = None
    """Folder to write to; None: the directory itself, if it is local."""
    fieldname: str = "location"
    """Field of the path, in vector indexes."""
    basepath: str | None = None
    """Replaces the path of the directory."""
    for_gdal: bool = False
    """GDAL names of objects in stores (/vsis3/…); a VRT always has these."""
    where: Subset = field(default_factory=Subset)
    """Default: everything."""
    tile: tuple[int, int, int] | None = None
    """Zoom, row and column of a single process tile, counted in metatiles; excludes `where`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """An index of the tiles of one zoom."""

    path: Path
    kind: IndexKind
    zoom: int
    tiles: int

    def to_json(self) -> Json:
        return {
            "path": str(self.path),
            "kind": self.kind.value,
            "zoom": self.zoom,
            "tiles": self.tiles,
        }


@dataclass(frozen=True, kw_only=True)
class IndexOutcome:
    """The indexes written, or of a check, those to write."""

    files: tuple[IndexFile, ...]
    stopped: bool = False

    def to_json(self) -> Json:
        return {"files": [file.to_json() for file in self.files], "stopped": self.stopped}


def check(order: IndexOrder) -> IndexOutcome:
    """The files to write.

    Raises `ConfigError` if there is no tile directory or no such place, there is nothing to write,
    a VRT is requested for tiles that are not rasters, or a remote directory is given without a
    folder.
    """
    directory = open_stored_tiles(order.tiles)
    folder = _folder(order, directory)
    return IndexOutcome(files=tuple(file for file, _ in _planned(order, directory, folder)))


def run(order: IndexOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Write the indexes.

    If they are written to the directory it is locked meanwhile: otherwise an index could miss tiles
    of a concurrent run. Raises as `check`, `OutputBusy` while a run is writing that directory, and
    `OutputError` if one cannot be written.
    """
    directory = open_stored_tiles(order.tiles)
    folder = _folder(order, directory)
    with contextlib.ExitStack() as stack:
        if not is_remote(directory.path) and folder.resolve() == Path(directory.path).resolve():
            stack.enter_context(hold(directory.place))
        planned = _planned(order, directory, folder)
        yield Started(total=len(planned), facts={"folder": str(folder)})
        written: list[IndexFile] = []
        for file, tiles in planned:
            if stop.is_set():
                break
            _write(directory, tiles, file, order)
            written.append(file)
            yield Done(item=file)
    yield Finished(outcome=IndexOutcome(files=tuple(written), stopped=len(written) < len(planned)))


def _folder(order: IndexOrder, directory: StoredTiles) -> Path:
    """Folder of the indexes; raises `ConfigError` for an invalid order."""
    if not order.kinds:
        raise ConfigError("no kind of index is requested", key="kinds", remedy=", ".join(IndexKind))
    if IndexKind.VRT in order.kinds and directory.metadata.kind is not OutputKind.RASTER:
        raise ConfigError(
            "a VRT needs raster tiles", file=directory.path, found=directory.metadata.format
        )
    if IndexKind.VRT in order.kinds and not directory.opens_in_gdal:
        raise ConfigError(
            "a VRT lists files that GDAL opens, which single tiles of this format are not",
            file=directory.path,
            found=directory.metadata.format,
            remedy="another kind of index, or automap convert to GTiff first",
        )
    if order.folder is not None:
        return Path(order.folder)
    if is_remote(directory.path):
        raise ConfigError(
            "a remote tile directory needs a folder of this machine to write to",
            key="--idx-out-dir",
        )
    return Path(directory.path)


def _planned(
    order: IndexOrder, directory: StoredTiles, folder: Path
) -> list[tuple[IndexFile, list[TileIndex]]]:
    """The files, and the tiles that each lists."""
    selection = _selection(order, directory.process_pyramid)
    report_outdated(directory, selection)
    tiles = directory.existing(selection)
    planned = []
    for zoom, group in groupby(tiles, key=lambda index: index.zoom):
        members = list(group)
        for kind in order.kinds:
            path = folder / f"{zoom}.{kind.value}"
            file = IndexFile(path=path, kind=kind, zoom=zoom, tiles=len(members))
            planned.append((file, members))
    return planned


def _selection(order: IndexOrder, pyramid: Pyramid) -> TileSelection:
    """Raises `ConfigError` for a tile combined with another selection, `GridError` if invalid."""
    if order.tile is None:
        return selection_of(order.where, pyramid)
    if not order.where.is_everywhere:
        raise ConfigError("goes with no other choice of tiles", key="tile", found=order.tile)
    tile = pyramid.replace(pixelbuffer=0).tile(*order.tile)
    return TileSelection(zooms=(tile.zoom,), area=tile.bbox)


def _write(
    directory: StoredTiles,
    tiles: list[TileIndex],
    file: IndexFile,
    options: IndexOrder,
) -> None:
    """Write one index, atomically."""
    path, kind = file.path, file.kind
    storage = open_storage(path.parent)
    storage.clean_parts(path.name)
    try:
        # GDAL's drivers require the suffix of the name: the part file has another one
        with TemporaryDirectory(prefix="automap-index-") as name:
            part = Path(name) / path.name
            if kind is IndexKind.TXT:
                lines = (f"{_location(directory, index, options)}\n" for index in tiles)
                part.write_text("".join(lines), encoding="utf-8")
            elif kind is IndexKind.VRT:
                part.write_text(vrt_xml(directory, tiles, path.parent, options.basepath), "utf-8")
            elif kind is IndexKind.TIF:
                from automap_tiles.workflows.tiles._index_raster import write_raster

                write_raster(directory, tiles, part)
            else:
                _write_features(directory, tiles, part, kind, options)
            # a Shapefile is several files; the one by which it is opened comes last
            for file_ in sorted(part.parent.iterdir(), key=lambda each: each == part):
                with storage.staged(file_.name) as staged:
                    shutil.copyfile(file_, staged)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", path) from error


def _write_features(
    directory: StoredTiles,
    tiles: list[TileIndex],
    path: Path,
    kind: IndexKind,
    options: IndexOrder,
) -> None:
    import fiona

    if kind is IndexKind.SHP:
        _check_shapefile(directory, tiles, options)
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


def _check_shapefile(
    directory: StoredTiles, tiles: Iterable[TileIndex], options: IndexOrder
) -> None:
    """Raises `ConfigError` for what exceeds a Shapefile's limits (ESRI's technical description)."""
    if len(options.fieldname) > 10:
        found = options.fieldname
        remedy = "a shorter name, or a GeoPackage"
        raise ConfigError("a Shapefile has names of 10 letters", key="fieldname", found=found,
                          remedy=remedy)  # fmt: skip
    longest = max((_location(directory, index, options) for index in tiles), key=len, default="")
    if len(longest.encode()) > 254:
        remedy = "a shorter --basepath, or a GeoPackage"
        raise ConfigError("a Shapefile has texts of 254 bytes", key="basepath", found=longest,
                          remedy=remedy)  # fmt: skip


def _features(
    directory: StoredTiles, tiles: Iterable[TileIndex], options: IndexOrder
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


def _location(directory: StoredTiles, index: TileIndex, options: IndexOrder) -> str:
    key = directory.layout.key(index)
    if options.basepath is not None:
        return f"{options.basepath.rstrip('/')}/{key}"
    if options.for_gdal or not is_remote(directory.path):
        return directory.storage.url(key)
    return f"{directory.path.rstrip('/')}/{key}"
