"""Templates of new processes: a `.mapchete` file and the function it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.formats import FormatInfo, OutputKind


@dataclass(frozen=True, kw_only=True)
class Template:
    """What to write where."""

    config: Path
    """The `.mapchete` file."""
    module: Path
    """The Python file."""
    output_format: str
    """Any that tiles are written in (`automap formats`)."""
    output_path: str
    """Folder of the tiles, as it will stand in the `.mapchete` file."""
    grid: str
    """`geodetic` or `mercator`."""


_CONFIG = """\
# Run it:             automap execute {config}
# What it would do:   automap execute {config} --check
# What is done:       automap info {config}

# The function to run on each tile: a Python file beside this one, or the name of a built-in
# process (automap processes).
process: {module}

# The grid. metatiling: how many tiles along an edge are computed at once.
pyramid:
  grid: {grid}
  metatiling: 2
  pixelbuffer: 0

zoom_levels: {{min: 0, max: 4}}

# What the function reads, by the name of its argument: a raster or vector file, a tile directory,
# another .mapchete file.
# input:
#   scene: path/to/scene.tif

process_parameters:
  spacing: 10.0

# Only a part of the world, in the CRS of the grid or of bounds_crs.
# bounds: [5.9, 45.8, 10.5, 47.8]
# bounds_crs: EPSG:4326

{baselevels}output:
  path: {output_path}
{output}"""

_BASELEVELS = """\
# Zooms below 4 are made from the tiles of zoom 4.
baselevels: {min: 4, max: 4, lower: average}

"""

_NUMBERS = "  bands: 1\n  dtype: uint8\n  nodata: 0\n"
_FEATURES = "  schema:\n    geometry: Polygon\n    properties: {name: str}\n"

_RASTER_HEAD = '''\
"""A process to start from: rings around the middle of the map."""

import numpy as np

from automap_tiles import Empty, Tile


def execute(tile: Tile, *, spacing: float = 10.0):
    """Rings around the middle of the map, `spacing` of them from the middle to an edge.

    Inputs of the .mapchete file arrive as arguments of the same name:
    `scene.read()` is a masked array (band, y, x) on the grid of the tile.
    """
    height, width = tile.shape
    edge = tile.pyramid.bounds
    # Centres of the pixels, from -1 (left, bottom) to 1 (right, top) of the whole map.
    x = tile.bounds.left + (np.arange(width) + 0.5) * tile.pixel_x_size
    y = tile.bounds.top - (np.arange(height) + 0.5) * tile.pixel_y_size
    x = (2 * x - edge.left - edge.right) / edge.width
    y = (2 * y - edge.bottom - edge.top) / edge.height
    distance = np.hypot(x[None, :], y[:, None])
    if distance.min() > 1:
        raise Empty  # nothing to write for this tile
    shade = 128 + 127 * np.cos(2 * np.pi * spacing * distance)
    outside = distance > 1
'''

_NUMBERS_MODULE = (
    _RASTER_HEAD
    + "    # (band, y, x); what is masked is written as nodata.\n"
    + "    return np.ma.masked_array(shade.clip(1, 255).astype(np.uint8), outside)[None]\n"
)
_COLOURS_MODULE = (
    _RASTER_HEAD
    + "    # Red, green, blue; what is masked becomes transparent, where pictures can be.\n"
    + "    grey = shade.clip(1, 255).astype(np.uint8)\n"
    + "    bands = np.stack([grey, grey // 2 + 64, 255 - grey // 2])\n"
    + "    return np.ma.masked_array(bands, np.stack([outside] * 3))\n"
)
_FEATURES_MODULE = '''\
"""A process to start from: the outline of each tile."""

from shapely.geometry import mapping

from automap_tiles import Tile


def execute(tile: Tile, *, spacing: float = 10.0):
    """One polygon per tile, `spacing` per cent of its width smaller than the tile.

    Inputs of the .mapchete file arrive as arguments of the same name:
    `fields.read()` is a list of features, cut at the edge of the tile.
    """
    outline = tile.bbox.buffer(-tile.bounds.width * spacing / 100)
    return [{"geometry": mapping(outline), "properties": {"name": str(tile.index)}}]
'''


def write_template(template: Template, *, force: bool = False) -> None:
    """Write both files; the folder must be there.

    Raises
    ------
    ConfigError
        There is no such format of tiles.
    OutputError
        A file is there and `force` is off, or it cannot be written.

    """
    info = check_template(template)
    files = {template.config: _config(template, info), template.module: _module(info)}
    write_files(files, force=force)


def write_files(files: Mapping[Path, str], *, force: bool) -> None:
    """Write these texts, none where one cannot be; raises `OutputError` as `write_template`."""
    for path in files:
        if path.exists() and not force:
            raise OutputError("is there already (--force replaces it)", path)
    for path, text in files.items():
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", path) from error


def check_template(template: Template) -> FormatInfo:
    """The format of the tiles; raises `ConfigError` and `OutputError` as `write_template`."""
    info = _format(template.output_format)
    if template.config == template.module:
        raise OutputError("is the Python file already; name it .mapchete", template.config)
    return info


def _format(name: str) -> FormatInfo:
    from automap_tiles.formats.registry import find_format, formats

    info = find_format(name)
    if info is None or not info.is_written:
        known = ", ".join(each.name for each in formats() if each.is_written)
        raise ConfigError(
            "is not a format of tiles", key="--out-format", found=name, remedy=f"one of {known}"
        )
    return info


def _module(info: FormatInfo) -> str:
    if info.kind is OutputKind.VECTOR:
        return _FEATURES_MODULE
    return _COLOURS_MODULE if _has_colours(info) else _NUMBERS_MODULE


def _has_colours(info: FormatInfo) -> bool:
    return info.has_byte_pixels and not info.takes_one_band


def _config(template: Template, info: FormatInfo) -> str:
    module = Path(os.path.relpath(template.module, template.config.parent)).as_posix()
    has_features = info.kind is OutputKind.VECTOR
    options = _FEATURES if has_features else "" if _has_colours(info) else _NUMBERS
    return _CONFIG.format(
        config=template.config.name,
        module=module if module.startswith("..") else f"./{module}",
        grid=template.grid,
        output_path=template.output_path,
        baselevels="" if has_features else _BASELEVELS,
        output=f"  format: {info.name}\n{options}",
    )
