"""Readers and writers behind two small Protocols, one file per format."""

from typing import TYPE_CHECKING

from automap_tiles.formats._contents import (
    Counted,
    Counts,
    Feature,
    OutputData,
    OutputKind,
    StoredFile,
    Tiled,
)
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._readers import (
    InputTile,
    RasterInput,
    RasterReader,
    Reader,
    RememberedReader,
    Sized,
    VectorInput,
    WholeVectorInput,
)
from automap_tiles.formats._spec import InputSpec, OutputSpec, is_single_file
from automap_tiles.formats._writers import Advising, PixelWriter, Recut, Writer

if TYPE_CHECKING:  # an alias of NumPy's types
    from automap_tiles.formats._contents import RasterArray as RasterArray

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
    "RememberedReader",
    "Sized",
    "StoredFile",
    "Tiled",
    "VectorInput",
    "WholeVectorInput",
    "Writer",
    "is_single_file",
]
