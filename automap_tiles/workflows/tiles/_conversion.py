"""The configuration of the built-in process `convert` for one source and one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.formats import FormatInfo, OutputKind, is_single_file
from automap_tiles.formats.registry import find_format
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.grid.cover import clip_to_pyramid, hull
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.parsing import parse_json
from automap_tiles.runtime.area import common
from automap_tiles.storage import is_address
from automap_tiles.workflows.tiles._convert_order import ConvertOrder
from automap_tiles.workflows.tiles.facts import Facts, area_on, best_zoom, source_facts

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# Options of the source's own output that apply to its folder, not to what is made from it.
_NOT_INHERITED = {"path", "format", "type", "pixelbuffer", "metatiling", "mode", "delimiters"}
FORMAT_REMEDY = "--output-format GTiff"
_SAID_OF_BANDS = ("descriptions", "scales", "offsets", "units", "colormap", "tags")


def conversion_config(wanted: ConvertOrder) -> dict[str, Any]:
    """The configuration for `open_process`, like a `.mapchete` file.

    Raises
    ------
    ConfigError
    Options are required that the source does not determine, or they contradict each other.
    InputError
    The source is missing or cannot be read.

    """
    facts = source_facts(wanted.source)
    _tell_of_unused(wanted, facts)
    pyramid, grid = _pyramid(wanted, facts)
    inputs = {"inp": wanted.source}
    if wanted.clip is not None:
        inputs["clip"] = wanted.clip
    return {
        "process": "convert",
        "config_dir": str(Path.cwd()),
        "input": inputs,
        "pyramid": grid,
        "zoom_levels": _zooms(wanted, facts, pyramid),
        "bounds": list(_bounds(wanted, facts, pyramid)),
        "output": _output(wanted, facts),
        "process_parameters": _parameters(wanted, facts),
    }


_OF_RASTERS = {
    "bands": "--bidx",
    "dtype": "--output-dtype",
    "nodata": "--output-nodata",
    "resampling": "--resampling-method",
    "scale_ratio": "--scale-ratio",
    "scale_offset": "--scale-offset",
}
_OF_FEATURES = {"geometry_type": "--output-geometry-type"}
"""Options that apply to one kind of data only, by their name at the command line."""


def _tell_of_unused(wanted: ConvertOrder, facts: Facts) -> None:
    """Note options of the order that have no effect on this kind of source."""
    of_others = _OF_RASTERS if facts.kind is OutputKind.VECTOR else _OF_FEATURES
    defaults = {each.name: each.default for each in fields(ConvertOrder)}
    said = [text for name, text in of_others.items() if getattr(wanted, name) != defaults[name]]
    if said:
        tell(
            Note.of(
                said,
                fate=Fate.IGNORED,
                subject=Subject.OPTIONS,
                reason=f"the source is {facts.kind.value} data, for which they mean nothing",
                remedy="leave them out",
            )
        )


def _pyramid(wanted: ConvertOrder, facts: Facts) -> tuple[Pyramid, dict[str, Any]]:
    """The pyramid of the process, and its entry in the file."""
    theirs = None if facts.pyramid is None else facts.pyramid.to_dict()
    if wanted.pyramid is None and theirs is None:
        raise ConfigError(
            "a file has no pyramid of its own",
            key="--output-pyramid",
            remedy="--output-pyramid mercator, geodetic, or a JSON file with a definition",
        )
    if wanted.pyramid is None:
        entry = dict(theirs or {}) | {"pixelbuffer": 0}
    else:
        entry = {"grid": _grid(wanted.pyramid)}
    if wanted.metatiling is not None:
        entry["metatiling"] = wanted.metatiling
    if wanted.tile_size is not None:
        entry["tile_size"] = wanted.tile_size
    return Pyramid.from_grid(**entry), entry


def _grid(name: str) -> str | dict[str, Any]:
    if name in ("geodetic", "mercator"):
        return name
    try:
        found = parse_json(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"neither the name of a grid nor a JSON file: {error}",
            key="--output-pyramid",
            found=name,
            remedy="mercator, geodetic, or a JSON file with shape, bounds and srs",
        ) from error
    # The metadata.json of a tile directory is accepted.
    found = found.get("pyramid", found)
    grid: str | dict[str, Any] = found.get("grid", found)
    return grid


def _zooms(wanted: ConvertOrder, facts: Facts, pyramid: Pyramid) -> dict[str, int]:
    if wanted.where.zooms is not None:
        return {"min": wanted.where.zooms[0], "max": wanted.where.zooms[-1]}
    if facts.zooms:
        first, last = facts.zooms[0], facts.zooms[-1]
    elif facts.kind is OutputKind.RASTER:
        first, last = 0, best_zoom(wanted.source, pyramid)
    else:
        raise ConfigError("vector data have no zoom of their own", key="--zoom", remedy="-z 0,10")
    return {"min": last if is_single_file(wanted.target) else first, "max": last}


def _bounds(wanted: ConvertOrder, facts: Facts, pyramid: Pyramid) -> Bounds:
    """Intersection of the bounds of source and clip, CRS of the pyramid.

    Across the antimeridian of a global grid the right edge is beyond that of the grid.
    """
    sources = [facts]
    if wanted.clip is not None:
        sources.append(Facts(path=wanted.clip, kind=OutputKind.VECTOR))
    shared: BaseGeometry = pyramid.bounds.polygon()
    for source in sources:
        area = area_on(source, pyramid)
        if not area.is_empty:
            area = clip_to_pyramid(pyramid, Bounds(*area.bounds).polygon())
        shared = common(shared, area)
        if shared.is_empty:
            raise ConfigError("lies outside of the pyramid or of the source", file=source.path)
    return hull(pyramid, shared)


def _output(wanted: ConvertOrder, facts: Facts) -> dict[str, Any]:
    name = _format(wanted, facts)
    info = find_format(name)
    kind = None if info is None else info.kind
    if kind is not None and kind is not facts.kind:
        raise ConfigError(
            f"{name} holds {kind.value} data, the source is {facts.kind.value} data",
            key="--output-format",
            found=name,
        )
    inherited = _of_raster(wanted, facts) if kind is OutputKind.RASTER else dict(facts.options)
    output = {key: value for key, value in inherited.items() if key not in _NOT_INHERITED}
    if name != (facts.format or _format_of_files(facts.kind)):
        output = _taken_over(output, name, info)
    if info is not None and info.has_byte_pixels and output.get("nodata", 0) not in range(256):
        output["nodata"] = info.byte_nodata  # masked pixels of the source are nodata anyway
    output |= {"format": name, "path": _absolute(wanted.target)}
    if wanted.metatiling is not None:
        output["metatiling"] = wanted.metatiling
    output |= _single_file_options(wanted, name)
    if wanted.geometry_type is not None and "schema" in output:
        output["schema"] = {**output["schema"], "geometry": wanted.geometry_type}
    return output | dict(wanted.creation_options)


def _of_raster(wanted: ConvertOrder, facts: Facts) -> dict[str, Any]:
    from automap_tiles.workflows.tiles._inherited import Rescaled, raster_options

    return raster_options(
        facts,
        bands=wanted.bands,
        dtype=wanted.dtype,
        nodata=wanted.nodata,
        rescaled=Rescaled(ratio=wanted.scale_ratio, offset=wanted.scale_offset),
    )


def _taken_over(options: Mapping[str, Any], name: str, info: FormatInfo | None) -> dict[str, Any]:
    """Options with the same meaning in the other format; notes those that are lost."""
    takes = FormatInfo.takes if info is None else info.takes
    lost = [key for key in _SAID_OF_BANDS if key in options and key not in takes]
    if lost:
        tell(
            Note.of(
                lost,
                fate=Fate.LOST,
                subject=Subject.ATTRIBUTES,
                reason=f"{name} has no place for them",
                remedy=FORMAT_REMEDY,
            )
        )
    return {key: value for key, value in options.items() if key in takes}


def _single_file_options(wanted: ConvertOrder, name: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if (wanted.cog or wanted.overviews) and not (name == "GTiff" and is_single_file(wanted.target)):
        option = "--cog" if wanted.cog else "--overviews"
        raise ConfigError("is for a single GeoTIFF", key=option, remedy="a target such as out.tif")
    if wanted.cog:
        options["cog"] = True
    if wanted.overviews is not None:
        options |= {"overviews": True, "overviews_resampling": wanted.overviews}
    return options


def _format(wanted: ConvertOrder, facts: Facts) -> str:
    if wanted.format is not None:
        return wanted.format
    if is_single_file(wanted.target):
        return "GTiff"
    return facts.format or _format_of_files(facts.kind)


def _format_of_files(kind: OutputKind) -> str:
    """Default format for a source that is not a tile directory."""
    return "GTiff" if kind is OutputKind.RASTER else "GeoJSON"


def _parameters(wanted: ConvertOrder, facts: Facts) -> dict[str, Any]:
    if facts.kind is OutputKind.VECTOR:
        return {}
    parameters: dict[str, Any] = {"resampling": wanted.resampling}
    if wanted.bands is not None:
        parameters["band_indexes"] = list(wanted.bands)
    if wanted.scale_ratio != 1.0:
        parameters["scale_ratio"] = wanted.scale_ratio
    if wanted.scale_offset != 0.0:
        parameters["scale_offset"] = wanted.scale_offset
    return parameters


def _absolute(path: str) -> str:
    return path if is_address(path) else str(Path(path).absolute())
