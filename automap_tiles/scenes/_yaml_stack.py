"""Stacks of plain rasters, described by a small YAML file beside them.

::

    sensor: sentinel-2a
    level: L2A                          # optional
    time: "%Y%m%d"                      # how {time} is written, as in strptime
    files:
      - path: S2_{time}_10m.tif         # relative to this file
        bands: [blue, green, red, nir]  # in the order of the file, or name: number
      - path: S2_{time}_20m.tif
        bands: {swir1: 2}
    mask: {path: "S2_{time}_SCL.tif", layer: scl}
    scale: 0.0001
    offset: 0
    nodata: 0

`{id}` is any other text that tells scenes apart, `*` any text that does not. With `{band}` in the
path each band has a file of its own, and `bands` maps names to what stands there. A single picture
has a plain date as `time` and no `{time}` in its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from automap_tiles.errors import ConfigError
from automap_tiles.missions import BandFile, QualityFile, Scene, sensor_of
from automap_tiles.scenes._yaml_file import FilePattern, StackFile, read_stack_file
from automap_tiles.scenes.containers import folder_of, list_place, split

NAMES = ("scenes.yaml", "scenes.yml")
"""A folder that contains one of these is a described stack."""


@dataclass
class _Parts:
    """Files of a scene as they are collected."""

    bands: dict[str, BandFile] = field(default_factory=dict)
    quality: tuple[QualityFile, ...] = ()


def scenes(path: str) -> tuple[list[Scene], list[tuple[str, str]]]:
    """(scenes, rejected) of a description, local or in an object store.

    Raises `ConfigError` if it is invalid.
    """
    folder, own_name = split(path)
    files, _ = list_place(folder)
    place = folder_of(folder, files)
    stack = read_stack_file(place, own_name, path)
    own_folder = place.path.rstrip("/").rpartition("/")[2]
    groups: dict[tuple[str, str], _Parts] = {}
    for file in files:
        _sort_in(stack, file, place.href(f"{own_folder}/{file}"), groups)
    found: list[Scene] = []
    rejected: list[tuple[str, str]] = []
    wanted = {name for pattern in stack.patterns for name in pattern.bands}
    for (stamp, own), parts in groups.items():
        name = own or f"{own_folder}_{stamp}".rstrip("_")
        lost = sorted(wanted - parts.bands.keys())
        seen = _time(stack, stamp)
        if seen is None:
            rejected.append((name, f"{stamp} is not a date"))
        elif lost or (stack.mask is not None and not parts.quality):
            rejected.append((name, f"no file with {', '.join(lost) or 'the mask'}"))
        else:
            found.append(_scene(stack, name, seen, parts))
    if not groups:
        raise ConfigError(
            "no file has a name like this", path, key="files", found=f"files below {folder}"
        )
    return found, rejected


def _scene(stack: StackFile, name: str, seen: datetime, parts: _Parts) -> Scene:
    sensor = sensor_of(stack.sensor)
    return Scene(
        id=name,
        sensor=sensor.key,
        time=seen,
        level=stack.level,
        bands={sensor.band(band).name: file for band, file in parts.bands.items()},
        quality=parts.quality,
    )


def _sort_in(stack: StackFile, file: str, href: str, groups: dict[tuple[str, str], _Parts]) -> None:
    """`file` is relative to the description, `href` is what GDAL opens."""
    if stack.mask is not None and (found := stack.mask.expression.fullmatch(file)):
        indexes = tuple(int(number) for number in stack.mask.bands.values())
        group = groups.setdefault(_key(found), _Parts())
        group.quality = (QualityFile(layer=stack.layer, href=href, indexes=indexes),)
    for pattern in stack.patterns:
        found = pattern.expression.fullmatch(file)
        if found is None:
            continue
        for name, index in _bands_in(pattern, found):
            group = groups.setdefault(_key(found), _Parts())
            group.bands[name] = BandFile(href=href, index=index, scaling=stack.scaling)


def _key(found: re.Match[str]) -> tuple[str, str]:
    parts = found.groupdict()
    return parts.get("time") or "", parts.get("id") or ""


def _bands_in(pattern: FilePattern, found: re.Match[str]) -> Iterator[tuple[str, int]]:
    for name, place in pattern.bands.items():
        if not pattern.is_one_file_per_band:
            yield name, int(place)
        elif found["band"] == place:
            yield name, 1


def _time(stack: StackFile, stamp: str) -> datetime | None:
    if isinstance(stack.time, datetime):
        return stack.time
    try:
        return datetime.strptime(stamp, stack.time).replace(tzinfo=UTC)
    except ValueError:
        return None
