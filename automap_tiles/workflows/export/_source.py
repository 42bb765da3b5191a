"""The layer to export, and its style."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import InputSpec
from automap_tiles.formats.capabilities import PassingOn
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.formats.registry import open_input
from automap_tiles.layers import web
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.files import file_layer
from automap_tiles.layers.open import safe_name
from automap_tiles.pictures.style import PARAMETERS, read_style
from automap_tiles.runtime.document import read_document
from automap_tiles.runtime.legacy import modernise
from automap_tiles.runtime.open import resolve_process
from automap_tiles.runtime.settings import read_sections
from automap_tiles.runtime.styles import Styles, read_styles
from automap_tiles.storage import is_remote
from automap_tiles.workflows.export._order import ExportSpec, Look
from automap_tiles.workflows.tiles.outdated import report_outdated
from automap_tiles.workflows.tiles.stored_tiles import open_stored_tiles

if TYPE_CHECKING:
    from automap_tiles.layers.files import FileLayer
    from automap_tiles.layers.layer import Query


def open_source(path: str) -> FileLayer:
    """The layer of a raster or tile directory, or of the output of a process.

    Raises `ConfigError`, or `InputError` if it is missing or cannot be shown on a map.
    """
    pyramid = web.web_pyramid()
    spec = InputSpec.from_value("layer", path)
    title = Path(path).stem or path
    with contextlib.suppress(ConfigError):  # not a tile directory, or not yet
        report_outdated(open_stored_tiles(path))
    if not is_process_file(path):
        return file_layer(safe_name(title), title, open_input(spec, Path.cwd(), pyramid))
    reader = open_input(spec, Path.cwd(), pyramid, resolve_process=resolve_process)
    if isinstance(reader, PassingOn):
        # the files themselves: their extent is that of the tiles, not of the whole process
        reader = reader.reader
    return file_layer(safe_name(title), title, reader, styles=_styles(path))


def _styles(path: str) -> Styles:
    """Named styles of a process file; its inputs and function need not exist any more."""
    document = modernise(read_document(path))
    return read_styles(read_sections(document).output, document)


def look_of(order: ExportSpec, layer: FileLayer) -> Look:
    """The style of the export.

    Raises `ConfigError` for an invalid style or zooms, `InputError` if there is nothing to see.
    """
    query = _query(order, layer)
    read_style(query, layer.info.band_names)
    return Look(
        source=order.source if is_remote(order.source) else str(Path(order.source).absolute()),
        query={key: tuple(values) for key, values in query.items()},
        image=order.image,
        resampling=order.resampling,
        zooms=_zooms(order, layer),
    )


def _query(order: ExportSpec, layer: FileLayer) -> Query:
    info = layer.info
    if order.style_name is not None:
        if order.style_name not in info.styles:
            known = ", ".join(info.styles) or "none; a .mapchete file names them"
            raise ConfigError(
                "no such style",
                key="--style-name",
                found=order.style_name,
                remedy=f"one of: {known}",
            )
        return info.styles[order.style_name]
    if order.style:
        unknown = [key for key in order.style if key not in PARAMETERS]
        if unknown:
            raise ConfigError(
                "unknown parameter",
                key="--style",
                found=unknown[0],
                remedy=f"one of: {', '.join(PARAMETERS)}",
            )
        return order.style
    found, seen = default_style(layer)
    if not seen:
        raise InputError("there is no pixel to export", order.source)
    return found


def _zooms(order: ExportSpec, layer: FileLayer) -> tuple[int, int]:
    if order.zooms is None:
        return 0, layer.info.max_zoom
    low, high = order.zooms
    if not 0 <= low <= high <= web.MAX_ZOOM:
        raise ConfigError(
            f"zooms of a web map go from 0 to {web.MAX_ZOOM}", key="--zoom", found=f"{low},{high}"
        )
    return low, high
