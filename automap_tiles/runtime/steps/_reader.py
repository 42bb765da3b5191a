"""A step as an input of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from automap_tiles.errors import InputError
from automap_tiles.formats import OutputKind, PixelWriter
from automap_tiles.formats.capabilities import tile_writer
from automap_tiles.formats.step_result import (
    StepResultTile,
    band_table,
    expected_sample,
    pixel_format,
)
from automap_tiles.formats.tiles import PixelFormat, touched
from automap_tiles.grid import Tile, cover
from automap_tiles.runtime._canonical import digest
from automap_tiles.runtime.steps._results import StepResults, current

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats import InputTile, RasterArray, Reader
    from automap_tiles.formats.bands import BandTable
    from automap_tiles.formats.step_result import PixelSample
    from automap_tiles.grid import TileIndex
    from automap_tiles.runtime._process import Process

_IN_STEP = "in the step"


@dataclass(frozen=True, kw_only=True)
class StepTiles:
    """Tiles of a step that its own run has made."""

    areas: Mapping[int, BaseGeometry] = field(default_factory=dict)
    """By zoom: where it made all that there are, CRS of the pyramid. Elsewhere what is not there
    may be to come."""
    failed: frozenset[TileIndex] = frozenset()
    """Those that it could not make."""


@dataclass(frozen=True, kw_only=True, repr=False)
class StepReader:
    """The result of a step, computed where it is read; see `Reader`."""

    name: str
    process: Process
    """The step by itself, on tiles as others would have it: the one that is stored."""
    wide: Process
    """The same on tiles that are wider by `margin`, of whose result nothing is left out."""
    margin: int
    """Pixels around a tile that others need of it at most."""
    users: frozenset[str]
    """Steps that read it."""
    is_stored: bool
    """Whether it has a place of its own."""
    stored: StepTiles | None = None
    """What is there; None: everything is computed."""

    @property
    def path(self) -> str:
        return self.process.writer.path if self.is_stored else f"step {self.name}"

    @property
    def kind(self) -> OutputKind:
        return self.process.writer.kind

    def footprint(self, crs: CRS) -> BaseGeometry:
        """As far as its inputs reach; of a step without any, the whole pyramid."""
        from shapely import union_all

        from automap_tiles.vector import reproject_geometry

        steps = (self, *steps_below(self.process).values())
        if all(step.process.inputs for step in steps):
            return union_all([reader.footprint(crs) for reader in _sources(steps)])
        pyramid = self.process.pyramid
        return reproject_geometry(pyramid.bounds.polygon(), pyramid.crs, crs)

    def fingerprint(self) -> str:
        """Of what it does with which data; where its tiles are, and how many, does not count."""
        return _fingerprint(self, {})

    def at(self, tile: Tile) -> InputTile:
        """Raises `InputError` for features that are not stored yet."""
        if self.kind is OutputKind.VECTOR:
            if self.stored is None:
                raise InputError(
                    f"the features of the step {self.name} are stored first: run the process",
                    self.path,
                )
            return tile_writer(self.process.writer).reader().at(tile)
        return StepResultTile(tile, self, partial(self._pixels, tile, current()))

    def describe_bands(self) -> BandTable:
        return band_table(tile_writer(self.process.writer).appearance())

    def pixel_format(self) -> PixelFormat:
        return self._pixel_format

    def pixel_sample(self) -> PixelSample:
        pixels, pyramid = self._pixel_format, self.process.pyramid
        x, y = self.process.area.representative_point().coords[0]
        zoom = max(self.process.base_zooms or self.process.zooms)
        width, height = pyramid.metatile_size(zoom)
        rows, cols = pyramid.matrix_shape(zoom)
        row = min(rows - 1, max(0, int((pyramid.bounds.top - y) / height)))
        col = min(cols - 1, max(0, int((x - pyramid.bounds.left) / width)))
        return expected_sample(pixels.count, pixels.dtype, pyramid.tile(zoom, row, col).grid)

    @cached_property
    def _pixel_format(self) -> PixelFormat:
        writer = self.process.writer
        assert isinstance(writer, PixelWriter)  # no other has pixels to be read
        return pixel_format(writer, tile_writer(writer).appearance())

    def _pixels(self, tile: Tile, results: StepResults) -> RasterArray | None:
        wide = self._widened(tile)
        found = results.of(self.name, self.users, lambda: self._made(wide))
        return None if found is None else _cut(found, wide, tile)

    def _widened(self, tile: Tile) -> Tile:
        """The tile that the step is computed on; raises `InputError` for one of another grid."""
        pyramid = tile.pyramid
        if not pyramid.same_grid(self.process.pyramid) or tile.pixelbuffer > self.margin:
            raise InputError(f"is read on tiles of the process only, not on {tile}", self.path)
        return Tile(pyramid.replace(pixelbuffer=self.wide.pyramid.pixelbuffer), tile.index)

    def _made(self, wide: Tile) -> RasterArray | None:
        """(band, y, x) on the widened tile, where nobody but its margin's readers look."""
        near = Tile(wide.pyramid.replace(pixelbuffer=self.margin), wide.index)
        if self.stored is not None and self._is_there(near, self.stored):
            return self._read(near, wide)
        try:
            found = self.wide.compute(wide)
        except Exception as error:
            _name_step(error, self.name)
            raise
        return None if found is None else _masked(found.data, self._pixel_format.nodata)

    def _is_there(self, tile: Tile, stored: StepTiles) -> bool:
        """Whether all is known of a tile: each that it touches is stored, or empty."""
        bare = self.process.pyramid.replace(pixelbuffer=0)
        for index in touched(bare, tile, tile.zoom):
            if index in stored.failed:
                return False
            if self.process.writer.exists(Tile(bare, index)):
                continue
            area = stored.areas.get(index.zoom)
            if area is None or not cover.includes(bare, area, index):
                return False
        return True

    def _read(self, near: Tile, wide: Tile) -> RasterArray | None:
        """What is stored on a tile, on a wider one."""
        seen = tile_writer(self.process.writer).reader().at(near)
        found: RasterArray = seen.read()  # type: ignore[attr-defined]  # it is a raster
        if np.ma.getmaskarray(found).all():
            return None
        out = np.ma.MaskedArray(
            np.zeros((len(found), *wide.shape), found.dtype), mask=True, fill_value=found.fill_value
        )
        rows, cols = _window(wide, near)
        out.data[:, rows, cols] = found.data
        np.ma.getmaskarray(out)[:, rows, cols] = np.ma.getmaskarray(found)
        return out

    def __repr__(self) -> str:
        return f"StepReader({self.name!r})"

    def __getstate__(self) -> dict[str, object]:
        names = self.__dataclass_fields__
        return {name: value for name, value in self.__dict__.items() if name in names}


def step_readers(process: Process) -> list[StepReader]:
    """The steps that a process reads itself, each once."""
    found = [reader for _, reader in process.inputs.readers() if isinstance(reader, StepReader)]
    return list({reader.name: reader for reader in found}.values())


def _name_step(error: Exception, step: str) -> None:
    """Say in the last line of the traceback, which is what is shown first, where it happened."""
    if not any(_IN_STEP in note for note in getattr(error, "__notes__", ())):
        text = str(error).partition("\n")[0]
        error.add_note(f"{type(error).__name__}: {text} ({_IN_STEP} {step})")


def steps_below(
    process: Process, found: dict[str, StepReader] | None = None
) -> dict[str, StepReader]:
    """All steps below a process by name, each after those that it reads."""
    found = {} if found is None else found
    for reader in step_readers(process):
        if reader.name not in found:
            steps_below(reader.process, found)
            found[reader.name] = reader
    return found


def _sources(steps: Iterable[StepReader]) -> list[Reader]:
    """What steps read that is no step, each once."""
    readers = [reader for step in steps for _, reader in step.process.inputs.readers()]
    return list({id(each): each for each in readers if not isinstance(each, StepReader)}.values())


def _fingerprint(reader: Reader, known: dict[int, str]) -> str:
    """Of a reader that may be read in several ways by the same process."""
    if id(reader) not in known:
        if isinstance(reader, StepReader):
            inputs = sorted(reader.process.inputs.readers(), key=lambda pair: pair[0])
            stamps = {name: _fingerprint(each, known) for name, each in inputs}
            hashes = reader.process.hashes(stamps)
            known[id(reader)] = digest(
                "step", hashes.function, hashes.parameters, hashes.inputs, hashes.output
            )
        else:
            known[id(reader)] = reader.fingerprint()
    return known[id(reader)]


def _cut(data: RasterArray, wide: Tile, tile: Tile) -> RasterArray:
    rows, cols = _window(wide, tile)
    return data[:, rows, cols]


def _window(wide: Tile, tile: Tile) -> tuple[slice, slice]:
    """Where a tile lies in the same one with a wider buffer."""
    (top, left), (row, col) = wide.pixel_offset, tile.pixel_offset
    return (
        slice(row - top, row - top + tile.shape[0]),
        slice(col - left, col - left + tile.shape[1]),
    )


def _masked(data: RasterArray, nodata: float | None) -> RasterArray:
    """As it would be read from a file: what equals nodata is none, and nodata is what is masked."""
    mask = np.ma.getmaskarray(data)
    fill = 0 if nodata is None else nodata
    if nodata is not None:
        mask = mask | (np.isnan(data.data) if np.isnan(nodata) else data.data == nodata)
    pixels = np.where(mask, np.asarray(fill, data.dtype), data.data)
    return np.ma.MaskedArray(pixels, mask, fill_value=fill)
