"""Open layers from a path: a raster, tiles, dated rasters, scenes or a STAC file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

from automap_tiles.errors import AutomapError, ConfigError, InputError
from automap_tiles.formats import InputSpec
from automap_tiles.formats.capabilities import Dated, DatedReader
from automap_tiles.formats.registry import open_input
from automap_tiles.layers import web
from automap_tiles.layers._scenes import ScenesLayer, scenes_layer
from automap_tiles.layers.dated import DatedFiles, dated_files, series_by_name
from automap_tiles.layers.files import FileLayer, file_layer
from automap_tiles.layers.layer import LayerKind
from automap_tiles.missions import COMMON
from automap_tiles.notes import Fate, Note, Subject, collecting, tell
from automap_tiles.scenes.failures import check_own

Shown: TypeAlias = FileLayer | ScenesLayer | DatedFiles

_OPENED = 16
"""Maximum number of rasters opened in parallel."""
_HEAD = 1 << 16
"""Bytes of a file that suffice to recognise its type."""
_RASTERS = (".tif", ".tiff", ".jp2", ".vrt")
_BANDS = (COMMON, ("blue", "green", "red", "nir"), ("blue", "green", "red"))
"""Bands of scenes to display: the first combination that is available."""


def layers_at(path: str) -> list[Shown]:
    """Layers at a path, with names that need not be unique yet.

    Raises as the opening of files and scenes does.
    """
    place = Path(path)
    if place.suffix.lower() in (".json", ".geojson") and place.is_file() and _is_stac(place):
        return [_scenes(path, {"stac": path})]
    if not place.is_dir() or _is_tiles(place):
        return [_file(path)]
    try:
        return _of_folder(place)
    except InputError as problem:
        try:
            return [_file(path)]
        except (ConfigError, InputError) as error:
            raise InputError(
                "is not a folder of tiles, and holds neither scenes nor rasters: "
                f"{problem.message}",
                path,
            ) from error


def _is_stac(file: Path) -> bool:
    """Whether a file is STAC by its content; features are GeoJSON too."""
    with file.open("rb") as opened:
        return b'"stac_version"' in opened.read(_HEAD)


def _is_tiles(folder: Path) -> bool:
    """Whether a folder is a tile directory: by its metadata, or by subfolders named as zooms."""
    if (folder / "metadata.json").is_file():
        return True
    names = [each.name for each in folder.iterdir() if each.is_dir()]
    return bool(names) and all(
        name.isascii() and name.isdigit() and len(name) < 3 for name in names
    )


def _of_folder(folder: Path) -> list[Shown]:
    """Scenes of a satellite if there are any, else rasters, dated ones as one layer.

    Raises `InputError` if there is neither.
    """
    tried = [{"path": str(folder)}]
    tried += [
        {"stac": str(folder / name)}
        for name in ("collection.json", "catalog.json")
        if (folder / name).is_file()
    ]
    problem: InputError | None = None
    for options in tried:
        try:
            return [_scenes(str(folder), options)]
        except InputError as error:
            problem = problem or error
    names = sorted(each.name for each in folder.iterdir() if each.suffix.lower() in _RASTERS)
    if not names and problem is not None:
        raise problem
    return list(_rasters(folder, _opened(folder, names)))


def _opened(folder: Path, names: list[str]) -> dict[str, FileLayer]:
    """Rasters by name; notes those that cannot be opened. Raises `InputError` without any."""
    with ThreadPoolExecutor(_OPENED) as pool:
        tried = list(pool.map(lambda name: _tried(folder / name), names))
    found = {name: each for name, each in zip(names, tried, strict=True)
             if isinstance(each, FileLayer)}  # fmt: skip
    broken = [error for error in tried if isinstance(error, AutomapError)]
    if broken and not found:
        raise InputError(f"none of {len(names)} rasters can be opened: {broken[0]}", str(folder))
    if broken:
        tell(
            Note.of(
                [str(error) for error in broken],
                fate=Fate.LOST,
                subject=Subject.FILES,
                reason="not shown, they cannot be opened as rasters of a map",
            )
        )
    return found


def _tried(path: Path) -> FileLayer | AutomapError:
    try:
        return _file(str(path))
    except AutomapError as error:
        check_own(error)
        return error


def _rasters(folder: Path, opened: dict[str, FileLayer]) -> Iterator[Shown]:
    """One layer per series of dated rasters; one per raster without a date."""
    series = series_by_name(opened)
    for kind, days in series.items():
        by_day = {day: opened[name] for day, name in days.items()}
        layer = dated_files(kind or folder.name, kind or folder.name, LayerKind.OUTPUT, by_day)
        yield from [layer] if layer is not None else by_day.values()
    dated = {name for days in series.values() for name in days.values()}
    yield from (layer for name, layer in opened.items() if name not in dated)


def _scenes(path: str, options: dict[str, Any]) -> ScenesLayer:
    """Scenes with as many of the usual bands as they have."""
    problem: AutomapError | None = None
    for bands in _BANDS:
        value = {"format": "scenes", "bands": list(bands), "require_mask": False, **options}
        spec = InputSpec.from_value(Path(path).stem or path, value)
        reader = open_input(spec, Path.cwd(), web.web_pyramid())
        try:
            # scenes set aside for a missing band are only reported if other bands do not help
            with collecting() as notes:
                layer = scenes_layer(spec.name, spec.name, _by_date(reader), LayerKind.OUTPUT)
        except InputError as error:
            problem = problem or error
            continue
        tell(*notes)
        return layer
    assert problem is not None
    raise problem


def _by_date(reader: object) -> DatedReader:
    assert isinstance(reader, Dated)
    return reader.by_date()


def _file(path: str) -> FileLayer:
    reader = open_input(InputSpec.from_value("layer", path), Path.cwd(), web.web_pyramid())
    return file_layer(Path(path).stem or path, Path(path).name or path, reader)
