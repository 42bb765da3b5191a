"""Tile-pyramid processing of satellite images: run a function on every tile of an area.

The public names are loaded when they are first asked for, so that importing the package costs
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automap_tiles.version import VERSION

if TYPE_CHECKING:
    from automap_tiles.api import Process, load_ipython_extension, open_process, write_process
    from automap_tiles.errors import (
        AutomapError,
        ConfigError,
        Empty,
        GridError,
        InputError,
        JournalError,
        MissingExtra,
        OutputBusy,
        OutputError,
        OutputMismatch,
        ProcessChanged,
        ProcessError,
        ProcessResultError,
        TilesFailed,
        ValueOverflow,
    )
    from automap_tiles.formats import (
        Counted,
        RasterInput,
        RasterReader,
        VectorInput,
        WholeVectorInput,
    )
    from automap_tiles.formats.bands import check_bands_alike
    from automap_tiles.formats.scenes_reader import ScenesReader
    from automap_tiles.formats.scenes_tile import Scenes
    from automap_tiles.grid import Bounds, Grid, Pyramid, Tile, TileIndex
    from automap_tiles.notebook import follow, look
    from automap_tiles.notes import Fate, Note, Subject, tell
    from automap_tiles.parsing import parse_number
    from automap_tiles.raster import Raster
    from automap_tiles.runs import check, run
    from automap_tiles.runtime.markers import (
        OutputDtype,
        OutputNodataValue,
        OutputPath,
        TileBuffer,
        TilePixelBuffer,
    )
    from automap_tiles.scenes.stack import Stack

__version__ = VERSION

__all__ = [
    "AutomapError",
    "Bounds",
    "ConfigError",
    "Counted",
    "Empty",
    "Fate",
    "Grid",
    "GridError",
    "InputError",
    "JournalError",
    "MissingExtra",
    "Note",
    "OutputBusy",
    "OutputDtype",
    "OutputError",
    "OutputMismatch",
    "OutputNodataValue",
    "OutputPath",
    "Process",
    "ProcessChanged",
    "ProcessError",
    "ProcessResultError",
    "Pyramid",
    "Raster",
    "RasterInput",
    "RasterReader",
    "Scenes",
    "ScenesReader",
    "Stack",
    "Subject",
    "Tile",
    "TileBuffer",
    "TileIndex",
    "TilePixelBuffer",
    "TilesFailed",
    "ValueOverflow",
    "VectorInput",
    "WholeVectorInput",
    "__version__",
    "check",
    "check_bands_alike",
    "follow",
    "load_ipython_extension",
    "look",
    "open_process",
    "parse_number",
    "run",
    "tell",
    "write_process",
]

_MODULES = {
    "api": ("Process", "load_ipython_extension", "open_process", "write_process"),
    "errors": (
        "AutomapError",
        "ConfigError",
        "Empty",
        "GridError",
        "InputError",
        "JournalError",
        "MissingExtra",
        "OutputBusy",
        "OutputError",
        "OutputMismatch",
        "ProcessChanged",
        "ProcessError",
        "ProcessResultError",
        "TilesFailed",
        "ValueOverflow",
    ),
    "formats": ("Counted", "RasterInput", "RasterReader", "VectorInput", "WholeVectorInput"),
    "formats.bands": ("check_bands_alike",),
    "formats.scenes_reader": ("ScenesReader",),
    "formats.scenes_tile": ("Scenes",),
    "grid": ("Bounds", "Grid", "Pyramid", "Tile", "TileIndex"),
    "notebook": ("follow", "look"),
    "notes": ("Fate", "Note", "Subject", "tell"),
    "parsing": ("parse_number",),
    "raster": ("Raster",),
    "runs": ("check", "run"),
    "scenes.stack": ("Stack",),
    "runtime.markers": (
        "OutputDtype",
        "OutputNodataValue",
        "OutputPath",
        "TileBuffer",
        "TilePixelBuffer",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # so that type checkers complain of names that do not exist

    def __getattr__(name: str) -> Any:
        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
