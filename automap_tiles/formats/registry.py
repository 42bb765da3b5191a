"""The registry of formats: built-in ones in one table, others by entry points."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._readers import Reader
from automap_tiles.formats._spec import InputSpec, OutputSpec
from automap_tiles.formats._writers import Writer
from automap_tiles.formats.context import OpenContext, ResolveProcess
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.grid import Pyramid
from automap_tiles.plugins import plugins
from automap_tiles.storage import is_address

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from shapely.geometry.base import BaseGeometry


ENTRY_POINTS = "automap_tiles.formats"
"""Entry point group; each entry names an object `FORMAT` of class `FormatInfo`."""


_HERE = "automap_tiles.formats"
_TABLE = {
    "raster_file": f"{_HERE}.raster_file",
    "vector_file": f"{_HERE}.vector_file",
    "TileDirectory": f"{_HERE}.tiles",
    "Mapchete": f"{_HERE}.mapchete",
    "scenes": f"{_HERE}.scenes",
    "GTiff": f"{_HERE}.gtiff",
    "PNG": f"{_HERE}.tiles.png",
    "PNG_hillshade": f"{_HERE}.tiles.png_hillshade",
    "JPEG": f"{_HERE}.tiles.jpeg",
    "Zarr": f"{_HERE}.tiles.zarr",
    "GeoJSON": f"{_HERE}.tiles.geojson",
    "FlatGeobuf": f"{_HERE}.tiles.flatgeobuf",
}
"""Format name -> module with an object `FORMAT`."""

_DIRECTORY = f"{_HERE}.tiles:open_directory"
"""The writer of all formats that have a codec and no writer of their own."""


def formats() -> list[FormatInfo]:
    """All formats, the built-in ones first; other packages cannot replace these."""
    return list(_each())


def find_format(name: str) -> FormatInfo | None:
    """A format by name; entry points are only loaded if it is not in the built-in table."""
    if name in _TABLE:
        return _own(name)
    entry = _plugins().get(name)
    return None if entry is None else _load_plugin(entry)


def format_of_tiles(ending: str) -> FormatInfo | None:
    """The format of tile files with a suffix."""
    wanted = ending.lower().lstrip(".")
    return next((info for info in _each() if wanted in info.endings), None)


def open_input(
    spec: InputSpec,
    base: Path,
    pyramid: Pyramid,
    *,
    resolve_process: ResolveProcess | None = None,
    area: BaseGeometry | None = None,
) -> Reader:
    """Reader of an input. Checks that the source exists, but does not open it.

    `area` is that of the process file, CRS of the pyramid, for sources that require a search.

    Raises `ConfigError` for an unknown format or option, `InputError` if the source is missing.
    """
    name = spec.format or guess_format(spec, base)
    info = find_format(name)
    if info is None or info.reader is None:
        raise spec.error(
            "unknown input format", key="format", found=name, remedy=_known(name, writing=False)
        )
    context = OpenContext(base=base, pyramid=pyramid, resolve_process=resolve_process, area=area)
    reader: Reader = load(info.reader)(spec, context)
    return reader


def open_output(spec: OutputSpec, process_pyramid: Pyramid) -> Writer:
    """Writer of an output; does no I/O before `prepare`.

    Raises `ConfigError` for an unknown format or option.
    """
    info = find_format(spec.format)
    if info is None or not info.is_written:
        raise spec.error(
            "unknown output format",
            key="format",
            found=spec.format,
            remedy=_known(spec.format, writing=True),
        )
    if info.writer is None:
        directory: Writer = load(_DIRECTORY)(info, spec, process_pyramid)
        return directory
    writer: Writer = load(info.writer)(spec, process_pyramid)
    return writer


def guess_format(spec: InputSpec, base: Path) -> str:
    """Format by the suffix of a path; without a known one a tile directory, or a raster."""
    ending = PurePosixPath(spec.path.partition("?")[0]).suffix.lstrip(".").lower()
    # the table first: loading entry points takes 30 ms
    for info in _each() if ending else ():
        if info.reader and ending in info.extensions:
            return info.name
    may_be_local = not is_address(spec.path)
    if may_be_local and is_process_file(Path(base, spec.path)):
        return "Mapchete"
    if not ending or (may_be_local and Path(base, spec.path).is_dir()):
        return "TileDirectory"
    return "raster_file"


def _each() -> Iterator[FormatInfo]:
    """All formats, lazily."""
    yield from map(_own, _TABLE)
    yield from map(_load_plugin, _plugins().values())


def _known(name: str, *, writing: bool) -> str:
    names = [info.name for info in formats() if (info.is_written if writing else info.reader)]
    close = difflib.get_close_matches(name, names, 1, 0.5)
    return f"{close[0]}?" if close else f"one of {', '.join(names)}"


@lru_cache(maxsize=1)
def _plugins() -> dict[str, EntryPoint]:
    return plugins(ENTRY_POINTS, _TABLE)


@lru_cache(maxsize=64)
def _own(name: str) -> FormatInfo:
    info: FormatInfo = importlib.import_module(_TABLE[name]).FORMAT
    return info


@lru_cache(maxsize=64)
def _load_plugin(entry: EntryPoint) -> FormatInfo:
    info = entry.load()
    if not isinstance(info, FormatInfo):
        raise TypeError(f"entry point {entry.value} is not a FormatInfo")
    return info


@lru_cache(maxsize=64)
def load(reference: str) -> Callable[..., Any]:
    """The object that a format's reference `module:function` names."""
    module, _, name = reference.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
