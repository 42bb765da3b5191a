"""Readers and writers behind two small Protocols, one file per format."""

from typing import TYPE_CHECKING

from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._protocols import (
    Advising,
    Counted,
    Counts,
    Feature,
    InputTile,
    OutputData,
    OutputKind,
    PixelWriter,
    RasterInput,
    RasterReader,
    Reader,
    Recut,
    Sized,
    StoredFile,
    Tiled,
    VectorInput,
    WholeVectorInput,
    Writer,
)
from automap_tiles.formats._spec import InputSpec, OutputSpec, is_single_file

if TYPE_CHECKING:  # an alias of NumPy's types
    from automap_tiles.formats._protocols import RasterArray as RasterArray

__all__ = [
    "Advising",
    "Counted",
    "Counts",
    "Feature",
    "FormatInfo",
    "InputSpec",
    "InputTile",
    "OutputData",
    "OutputKind",
    "OutputSpec",
    "PixelWriter",
    "RasterInput",
    "RasterReader",
    "Reader",
    "Recut",
    "Sized",
    "StoredFile",
    "Tiled",
    "VectorInput",
    "WholeVectorInput",
    "Writer",
    "is_single_file",
]
