"""Formats by name: a literal table of our own, and those that other packages bring along."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from automap_tiles.formats.context import OpenContext, ResolveProcess
from automap_tiles.formats.protocols import OutputKind, Reader, Writer
from automap_tiles.formats.spec import InputSpec, OutputSpec
from automap_tiles.grid import Pyramid

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from shapely.geometry.base import BaseGeometry


ENTRY_POINTS = "automap_tiles.formats"
"""Group of entry points; each names an object `FORMAT` of class `FormatInfo`."""


@dataclass(frozen=True, kw_only=True)
class FormatInfo:
    """One format."""

    name: str
    """As written under `format`."""
    summary: str
    """One line."""
    kind: OutputKind | None
    """None: either, as the source says."""
    extensions: tuple[str, ...] = ()
    """Endings of paths, without the dot, that are recognised when no format is written."""
    reader: str | None = None
    """`module:function` taking (InputSpec, OpenContext) and giving a `Reader`."""
    writer: str | None = None
    """`module:function` taking (OutputSpec, process pyramid) and giving a `Writer`."""


_HERE = "automap_tiles.formats"
_TABLE = (
    FormatInfo(
        name="raster_file",
        summary="any raster that GDAL opens",
        kind=OutputKind.RASTER,
        extensions=("tif", "tiff", "vrt", "png", "jp2", "jpg", "nc", "img", "asc"),
        reader=f"{_HERE}.raster_file:open_reader",
    ),
    FormatInfo(
        name="vector_file",
        summary="features of GeoJSON, GeoPackage, Shapefile or FlatGeobuf",
        kind=OutputKind.VECTOR,
        extensions=("shp", "geojson", "json", "gpkg", "fgb"),
        reader=f"{_HERE}.vector_file:open_reader",
    ),
    FormatInfo(
        name="TileDirectory",
        summary="folder of zoom/row/col tiles",
        kind=None,
        reader=f"{_HERE}.tiles._directory:open_reader",
    ),
    FormatInfo(
        name="Mapchete",
        summary="output of another .mapchete file",
        kind=None,
        extensions=("mapchete",),
        reader=f"{_HERE}.mapchete:open_reader",
    ),
    FormatInfo(
        name="scenes",
        summary="dates of a satellite, from products in folders, archives or a STAC catalogue",
        kind=OutputKind.RASTER,
        reader=f"{_HERE}.scenes:open_reader",
    ),
    FormatInfo(
        name="GTiff",
        summary="GeoTIFF tiles, or one GeoTIFF or COG when the path ends with .tif",
        kind=OutputKind.RASTER,
        writer=f"{_HERE}.gtiff:open_writer",
    ),
    FormatInfo(
        name="PNG",
        summary="8-bit PNG tiles with an alpha band",
        kind=OutputKind.RASTER,
        writer=f"{_HERE}.tiles.png:open_writer",
    ),
    FormatInfo(
        name="GeoJSON",
        summary="GeoJSON tiles",
        kind=OutputKind.VECTOR,
        writer=f"{_HERE}.tiles.features:open_writer",
    ),
    FormatInfo(
        name="FlatGeobuf",
        summary="FlatGeobuf tiles",
        kind=OutputKind.VECTOR,
        writer=f"{_HERE}.tiles.features:open_writer",
    ),
)


_OWN_EXTENSIONS = frozenset(ending for info in _TABLE for ending in info.extensions)


def formats() -> list[FormatInfo]:
    """All formats, our own first; one of our names cannot be taken by another package."""
    known = {info.name: info for info in _TABLE}
    for entry in _plugins():
        known.setdefault(entry.name, _load_plugin(entry))
    return list(known.values())


def open_input(
    spec: InputSpec,
    base: Path,
    pyramid: Pyramid,
    *,
    resolve_process: ResolveProcess | None = None,
    area: BaseGeometry | None = None,
) -> Reader:
    """Reader of an input. Looks whether the source is there, but does not open it.

    `area` is that of the process file, CRS of the pyramid, for sources that have to be searched.

    Raises `ConfigError` for an unknown format or option, `InputError` when the source is missing.
    """
    name = spec.format or guess_format(spec, base)
    info = _find(name, writing=False)
    if info is None:
        raise spec.error(
            "unknown input format", key="format", found=name, remedy=_known(name, writing=False)
        )
    context = OpenContext(base=base, pyramid=pyramid, resolve_process=resolve_process, area=area)
    reader: Reader = _function(info.reader)(spec, context)
    return reader


def open_output(spec: OutputSpec, process_pyramid: Pyramid) -> Writer:
    """Writer of an output; touches nothing before `prepare`.

    Raises `ConfigError` for an unknown format or option.
    """
    info = _find(spec.format, writing=True)
    if info is None:
        raise spec.error(
            "unknown output format",
            key="format",
            found=spec.format,
            remedy=_known(spec.format, writing=True),
        )
    writer: Writer = _function(info.writer)(spec, process_pyramid)
    return writer


def guess_format(spec: InputSpec, base: Path) -> str:
    """Format by the ending of a path; without a known ending a folder of tiles, or a raster."""
    ending = PurePosixPath(spec.path.partition("?")[0]).suffix.lstrip(".").lower()
    # the table first: looking for other packages costs a start-up 30 ms
    for info in _TABLE if ending in _OWN_EXTENSIONS else formats():
        if info.reader and ending and ending in info.extensions:
            return info.name
    is_address = "://" in spec.path or spec.path.startswith("/vsi")
    if not ending or (not is_address and Path(base, spec.path).is_dir()):
        return "TileDirectory"
    return "raster_file"


def _find(name: str, *, writing: bool) -> FormatInfo | None:
    """A format by its name; other packages are only asked for what is not in our own table."""
    own = next((info for info in _TABLE if info.name == name), None)
    for info in formats() if own is None else [own]:
        if info.name == name and (info.writer if writing else info.reader):
            return info
    return None


def _known(name: str, *, writing: bool) -> str:
    names = [info.name for info in formats() if (info.writer if writing else info.reader)]
    close = difflib.get_close_matches(name, names, 1, 0.5)
    return f"{close[0]}?" if close else f"one of {', '.join(names)}"


@lru_cache(maxsize=1)
def _plugins() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group=ENTRY_POINTS))


@lru_cache(maxsize=32)
def _load_plugin(entry: EntryPoint) -> FormatInfo:
    info = entry.load()
    if not isinstance(info, FormatInfo):
        raise TypeError(f"entry point {entry.value} is no FormatInfo")
    return info


@lru_cache(maxsize=32)
def _function(reference: str | None) -> Callable[..., Any]:
    module, _, name = (reference or "").partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
