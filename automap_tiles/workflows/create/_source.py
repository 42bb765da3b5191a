"""Draft of a process that reads the data at a path."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import FormatInfo, InputSpec, OutputKind, RasterReader, Reader, Sized
from automap_tiles.formats.bands import check_bands_alike
from automap_tiles.formats.capabilities import DatedReader
from automap_tiles.formats.registry import find_format, guess_format, open_input
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.layers.dated import DatedFiles, DatedLayer
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.layer import Layer
from automap_tiles.layers.open import open_layers
from automap_tiles.notes import Fate, Note, Subject, collecting, tell
from automap_tiles.runtime.template import Template, check_template
from automap_tiles.storage import is_remote
from automap_tiles.workflows.create import _modules as modules
from automap_tiles.workflows.create._draft import Draft, bounds_on, zoom_of_whole, zooms_of
from automap_tiles.workflows.create._tiles import finest_tiles, kind_of_tiles
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles.convert import (
    FORMAT_REMEDY,
    NODATA_REMEDY,
    ConvertOrder,
    conversion_config,
)

_MASK = ("cloud", "shadow", "cirrus")
_DATES = {"dtype": "int16", "nodata": -32768}
"""Pixels of a composite of scenes: reflectance × 10000."""
_FINER = 4
"""Zooms of features, counted from the one at which all of them fit on one tile: they have no
resolution."""
_REMEDIES = {
    NODATA_REMEDY: "nodata and dtype of the output, in the file",
    FORMAT_REMEDY: "--out-format GTiff",
}
"""Remedies of `automap convert`, which has other options, and their replacements."""
_FEW = 40
"""Maximum number of values of a class map."""
_SHRINKING = {True: "mode", False: "average"}
"""Resampling of overviews: of classes, and of quantities."""


def draft_from(source: str, template: Template) -> Draft:
    """Draft of a process for this source, to be written to the template's path.

    Raises
    ------
    ConfigError
    The format does not suit the source, or the source is outside the grid.
    InputError
    It is missing, cannot be read, or is not georeferenced.

    """
    info = check_template(template)
    pyramid = Pyramid.from_grid(template.grid)
    base = template.config.parent
    if not _holds_dates(source):
        return _of_one(source, pyramid, info, base)
    (layer, *others), _ = open_layers([source])
    if others:
        tell(_left_out(others))
    if isinstance(layer, FileLayer):
        return _of_one(layer.reader.path, pyramid, info, base)
    assert isinstance(layer, DatedLayer)  # a path here is never a process file
    if isinstance(layer, DatedFiles):
        paths = {day: each.reader.path for day, each in zip(layer.dates, layer.files, strict=True)}
        return _of_rasters(paths, pyramid, info, base)
    return _of_scenes(source, layer.reader, pyramid, info, base)


def _left_out(layers: Sequence[Layer]) -> Note:
    names = [layer.info.title for layer in layers]
    return Note.of(
        names,
        fate=Fate.IGNORED,
        subject=Subject.LAYERS,
        reason="one process is of one kind of raster",
        remedy="--from one of these",
    )


def usual_format(source: str) -> str:
    """The tile format for the content of the source."""
    found = find_format(guess_format(InputSpec.from_value("inp", source), Path.cwd()))
    kind = None if found is None else found.kind
    if found is not None and found.is_directory:
        kind = kind_of_tiles(source)
    return "GeoJSON" if kind is OutputKind.VECTOR else "GTiff"


def _holds_dates(source: str) -> bool:
    """Whether there may be scenes or rasters of several dates."""
    place = Path(source)
    is_list = place.suffix.lower() in (".json", ".geojson") and place.is_file()
    if place.is_dir():
        return not (place / "metadata.json").is_file()
    return is_list and b'"stac_version"' in place.read_bytes()[: 1 << 16]


def _of_one(source: str, pyramid: Pyramid, info: FormatInfo, base: Path) -> Draft:
    """A raster, features, a tile directory, or the output of another process."""
    reader = open_input(InputSpec.from_value("inp", source), Path.cwd(), pyramid)
    tiles = finest_tiles(source)
    area = reader.footprint(pyramid.crs) if tiles is None else tiles.area_in(pyramid.crs)
    if area.is_empty and reader.kind is OutputKind.VECTOR:
        _conversion(source, pyramid, info)  # raises if no feature has a geometry
    bounds = bounds_on(pyramid, area, source)
    config = _conversion(source, pyramid, info)
    entry = _written(source, base)
    if tiles is not None:
        entry = tiles.entry(entry, pyramid)
    output = _of_output(config)
    if reader.kind is OutputKind.VECTOR:
        first = zoom_of_whole(pyramid, bounds)
        return Draft(
            about=source,
            process=None,
            module=modules.FEATURES,
            inputs={"features": entry},
            bounds=bounds,
            zooms=(first, first + _FINER) if tiles is None else tiles.zooms_on(pyramid),
            lower=None,
            output=output,
            parameters={},
        )
    classes = _is_of_classes(reader, output)
    size = _pixel_size(reader, pyramid) if tiles is None else tiles.pixel_size(pyramid.crs)
    return Draft(
        about=_sized(reader, source) if tiles is None else f"{source} ({tiles})",
        process=None,
        module=modules.PICTURE,
        inputs={"picture": entry},
        bounds=bounds,
        zooms=zooms_of(pyramid, bounds, size),
        lower=_SHRINKING[classes],
        output=output,
        parameters={"resampling": "nearest" if classes else "bilinear"},
    )


def _of_rasters(paths: Mapping[str, str], pyramid: Pyramid, info: FormatInfo, base: Path) -> Draft:
    """Rasters of several dates, combined to their median."""
    first = next(iter(paths.values()))
    config = _conversion(first, pyramid, info)
    readers = [
        open_input(InputSpec.from_value(day, path), Path.cwd(), pyramid)
        for day, path in paths.items()
    ]
    tables = {
        day: reader.describe_bands()
        for day, reader in zip(paths, readers, strict=True)
        if isinstance(reader, RasterReader)
    }
    check_bands_alike(tables, "--from")
    boxes = [bounds_on(pyramid, reader.footprint(pyramid.crs), reader.path) for reader in readers]
    bounds = Bounds(
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    )
    size = min(_pixel_size(reader, pyramid) for reader in readers)
    days = list(paths)
    return Draft(
        about=f"{len(days)} rasters of {days[0]} to {days[-1]}",
        process="composite",
        module="",
        inputs={"scenes": {f"d{day}": _written(path, base) for day, path in paths.items()}},
        bounds=bounds,
        zooms=zooms_of(pyramid, bounds, size),
        lower=_SHRINKING[False],
        output=_of_output(config, but=("tags",)),  # metadata of one date do not apply to all
        parameters={"method": "median"},
    )


def _of_scenes(
    source: str, reader: DatedReader, pyramid: Pyramid, info: FormatInfo, base: Path
) -> Draft:
    """Scenes of a satellite, combined to a cloud-free composite."""
    if info.has_byte_pixels or info.kind is not OutputKind.RASTER:
        raise _unsuitable(info, source, "reflectance")
    bounds = bounds_on(pyramid, reader.footprint(pyramid.crs), source)
    bands = list(reader.bands)
    key = "stac" if Path(source).is_file() else "path"
    days = [date.time.date().isoformat() for date in reader.dates]
    # with a single date there is nothing below its clouds
    mask = list(_MASK) if len(days) > 1 else []
    scenes = {"format": "scenes", key: _written(source, base), "bands": bands, "mask": mask}
    count = len(reader.scenes)
    return Draft(
        about=f"{count} scene{'s' * (count > 1)} of "
        + " to ".join(dict.fromkeys((days[0], days[-1]))),
        process="composite",
        module="",
        inputs={"scenes": scenes},
        bounds=bounds,
        zooms=zooms_of(pyramid, bounds, _pixel_size(reader, pyramid)),
        lower=_SHRINKING[False],
        output={"format": info.name, "bands": len(bands), **_DATES},
        parameters={"statistics": ["median"]},
    )


def _conversion(source: str, pyramid: Pyramid, info: FormatInfo) -> dict[str, Any]:
    """Properties of tiles with the same content: bands, dtype and metadata."""
    # a tile directory declares its own zooms, features none: both are set later
    wanted = ConvertOrder(
        source=source,
        target="tiles",
        pyramid=pyramid.name,
        format=info.name,
        where=Subset(zooms=(0,)),
    )
    with collecting() as notes:
        config = conversion_config(wanted)
    _check_pixels(info, source, config)
    for note in notes:
        tell(replace(note, remedy=_REMEDIES.get(note.remedy or "", note.remedy)))
    return config


def _of_output(config: Mapping[str, Any], but: Sequence[str] = ()) -> dict[str, Any]:
    """The options of the output, without its path."""
    output = {key: value for key, value in config["output"].items() if key not in ("path", *but)}
    nodata = output.get("nodata")
    if isinstance(nodata, float) and nodata.is_integer():
        output["nodata"] = int(nodata)
    return output


def _is_of_classes(reader: Reader, output: Mapping[str, Any]) -> bool:
    """Whether pixels are class numbers: declared, or few integers in a single band."""
    if "colormap" in output:
        return True
    if output.get("bands") != 1 or not isinstance(reader, RasterReader):
        return False
    if np.dtype(str(output.get("dtype", "uint8"))).kind not in "iu":
        return False
    seen = np.unique(reader.pixel_sample().pixels.compressed())
    if not 0 < len(seen) <= _FEW:
        return False
    tell(
        Note(
            fate=Fate.GUESSED,
            subject=Subject.PIXELS,
            examples=(reader.path,),
            reason=f"one band of whole numbers, no more than {_FEW} of them, is taken for classes: "
            "nearest pixels, coarser zooms by the most frequent one",
            remedy="resampling: bilinear and lower: average, where they are quantities",
        )
    )
    return True


def _check_pixels(info: FormatInfo, source: str, config: Mapping[str, Any]) -> None:
    dtype = config["output"].get("dtype", "uint8")
    if info.has_byte_pixels and dtype != "uint8":
        raise _unsuitable(info, source, f"numbers of {dtype}")


def _unsuitable(info: FormatInfo, source: str, what: str) -> ConfigError:
    return ConfigError(
        f"{info.name} cannot hold {what}, which {source} has",
        key="--out-format",
        found=info.name,
        remedy="--out-format GTiff; automap export makes pictures of what comes out",
    )


def _pixel_size(reader: Reader, pyramid: Pyramid) -> float:
    """Pixel size; raises `InputError` if it is unknown."""
    if not isinstance(reader, Sized):
        raise InputError("does not say how large its pixels are", reader.path)
    return reader.pixel_size(pyramid.crs)


def _sized(reader: Reader, source: str) -> str:
    return f"{source} ({reader.contents()})" if isinstance(reader, Sized) else source


def _written(source: str, base: Path) -> str:
    """A path relative to the folder of the file; absolute ones stay as given."""
    if is_remote(source) or source.startswith("/") or "://" in source:
        return source
    return Path(os.path.relpath(source, base)).as_posix()
