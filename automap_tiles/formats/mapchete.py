"""The output of another `.mapchete` file as an input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles import vector
from automap_tiles.errors import GridError, InputError
from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._pixel_sample import PixelSample
from automap_tiles.formats._readers import InputTile, RasterReader
from automap_tiles.formats._spec import InputSpec
from automap_tiles.formats._writers import Writer
from automap_tiles.formats.bands import BandTable
from automap_tiles.formats.capabilities import TileWriter
from automap_tiles.formats.context import OpenContext, ResolvedProcess
from automap_tiles.formats.raster_file import size_in
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Tile

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._readers import Reader


FORMAT = FormatInfo(
    name="Mapchete",
    summary="output of another .mapchete file",
    kind=None,
    extensions=("mapchete",),
    is_directory=True,
    reader=f"{__name__}:open_reader",
)


@dataclass(frozen=True, kw_only=True)
class ProcessOutput:
    """What another process has written; where it has not run yet there is nothing."""

    path: str
    """Of the process file, as the user wrote it."""
    process: ResolvedProcess
    reader: Reader
    """Of the files written."""

    @property
    def kind(self) -> OutputKind:
        return self.process.writer.kind

    def footprint(self, crs: CRS) -> BaseGeometry:
        return vector.reproject_geometry(self.process.area, self.process.writer.pyramid.crs, crs)

    def fingerprint(self) -> str:
        return f"{self.path} {self.process.writer.fingerprint()} {self.reader.fingerprint()}"

    def at(self, tile: Tile) -> InputTile:
        return self.reader.at(tile)

    def pixel_size(self, crs: CRS) -> float:
        """Of its finest zoom; raises `InputError` where that is not told by its grid."""
        pyramid = self.process.writer.pyramid
        if pyramid.crs == crs:
            return pyramid.pixel_size(max(self.process.zooms))[0]
        box, shape = pyramid.bounds, pyramid.pixel_shape(max(self.process.zooms))
        try:
            return size_in(crs, pyramid.crs, box, shape)
        except GridError as error:
            raise InputError(str(error), self.path) from error

    def contents(self) -> str:
        zooms = self.process.zooms
        return f"zooms {min(zooms)} to {max(zooms)}"

    def describe_bands(self) -> BandTable:
        """As its tiles say; raises `InputError` where it has no bands, or none yet."""
        if not isinstance(self.reader, RasterReader):
            raise InputError("is not a raster, so it has no bands", self.path)
        return self.reader.describe_bands()

    def pixel_sample(self) -> PixelSample:
        """At its tiles; raises `InputError` where it has no pixels, or none yet."""
        if not isinstance(self.reader, RasterReader):
            raise InputError("is not a raster, so it has no pixels", self.path)
        return self.reader.pixel_sample()


def open_reader(spec: InputSpec, context: OpenContext) -> ProcessOutput:
    """Reader of another process's output; raises `InputError` when its file is missing."""
    Options(spec).finish()
    file = Path(context.base, spec.path).absolute()
    if not file.is_file():
        raise InputError(f"input {spec.name}: no such file", file)
    if context.resolve_process is None:
        raise spec.error("outputs of other processes cannot be read here", found=spec.path)
    process = context.resolve_process(file)
    return ProcessOutput(path=spec.path, process=process, reader=_reader(process.writer, context))


def _reader(writer: Writer, context: OpenContext) -> Reader:
    if isinstance(writer, TileWriter):
        return writer.reader()
    # a single file, or a writer of another package: whatever can be opened at its path
    return open_input(InputSpec(name=writer.path, path=writer.path), Path("/"), context.pyramid)
