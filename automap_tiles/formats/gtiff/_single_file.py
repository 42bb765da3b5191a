"""One GeoTIFF, or COG, for the whole area.

Tiles are spooled into a folder `<path>.parts` beside the file, atomically like any other tile, and
merged with the existing file when the run ends. So any number of workers can write, and a killed
run loses nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.errors import InputError, OutputMismatch
from automap_tiles.formats._contents import OutputKind, StoredFile, Tiled
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.gtiff._assembly import Assembly, FileOptions
from automap_tiles.formats.gtiff._pixel_boxes import (
    box_of_area,
    box_of_grid,
    hull,
    offset_of,
    pixels_of_area,
    tiles_under,
)
from automap_tiles.formats.gtiff._placed_file import PlacedFile
from automap_tiles.formats.gtiff._spool import Spool
from automap_tiles.formats.gtiff._tiles import SINGLE_FILE_OPTIONS, GeoTiffCodec, directory_writer
from automap_tiles.formats.tiles import RasterDirectory, pam, paste, write_summary
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster.drivers import SIDE_FILES
from automap_tiles.raster.warp import resampling_of
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.storage import (
    Cleaned,
    Streaming,
    checksum,
    checksum_of_file,
    is_remote,
    open_storage,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._contents import RasterArray


# Suffix of GDAL's side file of names and colours.
_NO_END = (sys.maxsize, sys.maxsize)
_SIDE = ".aux.xml"


def open_single_file(spec: OutputSpec, process_pyramid: Pyramid) -> SingleFile:
    """Writer of a single file; raises `ConfigError` if there is more than one zoom."""
    if len(spec.zooms) > 1:
        raise spec.error(
            "a single file holds one zoom only",
            key="path",
            found=spec.path,
            remedy="give one zoom level, or a folder",
        )
    options = Options(spec)
    file_options = _file_options(spec, options)
    folder, _, name = spec.path.rpartition("/")
    file = PlacedFile(folder=open_storage(folder or "/"), name=name, nodata=None)
    spool = directory_writer(
        spec,
        process_pyramid,
        options,
        path=f"{spec.path}.parts",
        begun_with_zero=lambda: file.exists() and file.inspect().nodata == 0,
    )
    options.finish()
    return SingleFile(
        spool=spool,
        file=replace(file, nodata=spool.nodata),
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
    extent = options.text("extent", "tiles", ("tiles", "area"))
    options.pick(SINGLE_FILE_OPTIONS)
    try:
        resampling_of(resampling)
    except InputError as error:
        raise spec.error(error.message, key="overviews_resampling") from error
    factors = tuple(int(level) for level in levels or ())
    is_cog = bool(spec.options.get("cog", False))
    if not (is_cog or factors or wanted):
        _tell_of_no_overviews(spec)
    return FileOptions(
        cog=is_cog,
        overviews=factors or bool(wanted),
        resampling=resampling,
        cropped=extent == "area",
    )


def _tell_of_no_overviews(spec: OutputSpec) -> None:
    """Issue a note on overview options without overviews."""
    if "overviews_resampling" in spec.options:
        tell(
            Note(
                fate=Fate.IGNORED,
                subject=Subject.OPTIONS,
                examples=("output.overviews_resampling",),
                reason="the file has no overviews",
                remedy="overviews: true, or cog: true, beside it",
            )
        )


@dataclass(kw_only=True)
class SingleFile:
    """Writer of a single file; see `Writer`."""

    spool: RasterDirectory
    file: PlacedFile
    options: FileOptions
    zoom: int | None
    area: BaseGeometry | None
    """The area that the file has to cover, CRS of the pyramid."""
    ends_with_area: bool = False
    """Crop to the area, whatever the extent of the existing file."""
    kind: OutputKind = field(default=OutputKind.RASTER, init=False)

    @property
    def path(self) -> str:
        return self.file.path

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
    def dtype(self) -> str:
        return self.spool.dtype

    @property
    def bytes_per_pixel(self) -> int:
        return self.spool.bytes_per_pixel

    def advice(self) -> tuple[Note, ...]:
        return self.spool.advice()

    def prepare(self, *, area: BaseGeometry | None = None, overwrite: bool = False) -> None:
        if area is not None and not area.is_empty:
            self.area = area
        if self.file.exists():
            difference = self._difference()
            if difference and not overwrite:
                raise OutputMismatch(
                    f"{difference}; write to another path, or run with --overwrite", self.path
                )
            if difference:
                self.file.delete()
        self.spool.prepare(overwrite=overwrite)

    def end_with_area(self) -> None:
        self.ends_with_area = self.options.cropped

    def convert(self, tile: Tile, result: object) -> Tiled | None:
        return self.spool.convert(tile, result)

    def write(self, tile: Tile, data: Tiled) -> tuple[StoredFile, ...]:
        # the stored result is the file, not the spooled tiles
        self.spool.write(tile, data)
        spool = Spool(self.spool)
        for cut in self.spool.files.cuts(tile):
            if self.file.exists() and not spool.holds(cut.tile.index):
                spool.mark_gone(cut.tile.index)
            else:
                spool.unmark(cut.tile.index)
        return ()

    def read(self, tile: Tile) -> Tiled | None:
        data = self._in_file(tile)
        if data is None:
            return self.spool.read(tile)
        for cut in self.spool.files.overlapping(tile):
            stored = Spool(self.spool).read(cut.tile)
            if stored is not None:
                paste(data, stored.data, cut.rows.start, cut.cols.start)
        return None if np.ma.getmaskarray(data).all() else Tiled(data)

    def exists(self, tile: Tile) -> bool:
        if self.spool.exists(tile):
            return True
        return self.file.exists() and self.read(tile.unbuffered()) is not None

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        found = self.spool.exists_many(tiles)
        if self.file.exists():
            found |= {tile.index for tile in tiles if tile.index not in found and self.exists(tile)}
        return found

    def whole_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        found = self.spool.whole_many(tiles)
        # pixels of the file do not show whether all parts of a larger tile were merged
        if self.pyramid.metatiling == self.process_pyramid.metatiling:
            found |= self.exists_many(tiles)
        return found

    def stored(self, names: Sequence[str]) -> set[str]:
        return {name for name in names if self.file.folder.exists(f"{self.file.name}{name}")}

    def delete(self, tile: Tile) -> None:
        self.spool.delete(tile)
        for cut in self.spool.files.cuts(tile):
            inside = self._in_file(cut.tile)
            # metadata and extent of the file may be new although its pixels are not
            if inside is not None and (self.ends_with_area or not np.ma.getmaskarray(inside).all()):
                Spool(self.spool).mark_gone(cut.tile.index)

    def finish(self, summary: Mapping[str, Any] | None = None) -> tuple[StoredFile, ...]:
        """Merge the spooled tiles into the file, then empty the spool."""
        spool, folder, name = Spool(self.spool), self.file.folder, self.file.name
        stored: tuple[StoredFile, ...] = ()
        spooled = spool.indexes()
        spooled |= spool.unlisted(self._unlisted(spooled))
        if spooled:
            assembly = Assembly(
                spool=spool,
                codec=self._codec,
                file=self.file,
                options=self.options,
                area=self.area,
                spooled=spooled,
                ends_with_area=self.ends_with_area,
            )
            stored = (StoredFile("", *self._put(assembly, summary or {})),)
            for end in SIDE_FILES:  # they belong to the previous pixels
                folder.delete(f"{name}{end}")
            if self._codec.needs_side_file:
                side = pam(self._codec.options.legend)
                folder.put(f"{name}{_SIDE}", side)
                stored = (*stored, StoredFile(_SIDE, len(side), checksum(side)))
        write_summary(folder, summary or {}, f"{Path(name).stem}.")
        spool.clear(spooled if is_remote(self.path) else ())
        return stored

    def _put(self, assembly: Assembly, summary: Mapping[str, Any]) -> tuple[int, int]:
        """Size and checksum of the new file."""
        folder, name = self.file.folder, self.file.name
        sent = assembly.send(folder, name, summary) if isinstance(folder, Streaming) else None
        if sent is not None:
            return sent
        with folder.staged(name) as path:
            assembly.write(path, summary)
            made = checksum_of_file(path)
            raise_if_stopped()  # it may have been stopped meanwhile, and must not appear then
        return made

    def _unlisted(self, listed: set[TileIndex]) -> Iterator[TileIndex]:
        """Tiles of the area that a store does not list: most of them are empty."""
        if is_remote(self.path) and self.area is not None and self.zoom is not None:
            pyramid = self.pyramid.replace(pixelbuffer=0)
            box = box_of_area(self.area, pyramid, self.zoom)
            yield from (
                index for index in tiles_under(box, pyramid, self.zoom) if index not in listed
            )

    def clean(self) -> Cleaned:
        spooled = self.spool.clean()
        whole = self.file.folder.clean_parts(self.file.name)
        return Cleaned(spooled.removed + whole.removed, spooled.left + whole.left)

    def fingerprint(self) -> str:
        return self.spool.fingerprint()

    @property
    def _codec(self) -> GeoTiffCodec:
        codec = self.spool.codec
        if not isinstance(codec, GeoTiffCodec):
            raise TypeError(f"a single file is a GeoTIFF, not {type(codec).__name__}")
        return codec

    def _difference(self) -> str | None:
        """Why new tiles cannot be merged into the existing file; None if they can."""
        try:
            info = self.file.inspect()
        except InputError as error:
            if is_remote(self.path):  # the store may be unavailable
                raise
            return f"is damaged ({error.message})"
        if info.crs is None:
            return "is damaged (it says no coordinate reference system)"
        count, dtype = self._codec.count, self._codec.options.dtype
        if (info.count, set(info.dtypes)) != (count, {dtype}):
            return f"has {info.kinds}, and {count} × {dtype} come"
        if self.zoom is None:
            return None
        if info.crs != self.pyramid.crs or offset_of(info.grid, self.pyramid, self.zoom) is None:
            return f"lies on another grid than zoom {self.zoom} of the {self.pyramid}"
        if self.options.cropped and self.area is not None and not self.ends_with_area:
            # its tiles count as done, and pixels beyond it are lost
            there = box_of_grid(info.grid, self.pyramid, self.zoom)
            wanted_box = pixels_of_area(self.area, self.pyramid, self.zoom)
            if there is None or hull([there, wanted_box], _NO_END) != there:
                return "ends where an earlier area did, and this one goes on"
        return None

    def _in_file(self, tile: Tile) -> RasterArray | None:
        """The pixels of a tile in the file; None if there is no file."""
        return self.file.read(tile) if self.file.exists() else None
