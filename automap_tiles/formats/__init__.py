"""Readers and writers behind two small Protocols, one file per format."""

from automap_tiles.formats.info import FormatInfo
from automap_tiles.formats.protocols import (
    Feature,
    InputTile,
    OutputData,
    OutputKind,
    RasterInput,
    Reader,
    Tiled,
    VectorInput,
    Writer,
)
from automap_tiles.formats.spec import InputSpec, OutputSpec, is_single_file

__all__ = [
    "Feature",
    "FormatInfo",
    "InputSpec",
    "InputTile",
    "OutputData",
    "OutputKind",
    "OutputSpec",
    "RasterInput",
    "Reader",
    "Tiled",
    "VectorInput",
    "Writer",
    "is_single_file",
]
