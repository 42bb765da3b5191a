"""Schema and validation of scenes.yaml."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import Scaling, quality_layer, sensor_of
from automap_tiles.parsing import parse_yaml
from automap_tiles.scenes.containers import FileTree

_KEYS = ("sensor", "level", "time", "files", "path", "bands", "mask", "scale", "offset", "nodata")


_FORMATS = {
    "%Y": r"\d{4}",
    "%y": r"\d\d",
    "%m": r"\d\d",
    "%d": r"\d\d",
    "%j": r"\d{3}",
    "%H": r"\d\d",
    "%M": r"\d\d",
    "%S": r"\d\d",
    "%f": r"\d{1,6}",
    "%%": "%",
}


@dataclass(frozen=True, kw_only=True)
class FilePattern:
    """Path pattern of one kind of file."""

    expression: re.Pattern[str]
    bands: Mapping[str, str]
    """Name → band index in the file, or the text for `{band}`."""
    is_one_file_per_band: bool


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """A validated description."""

    sensor: str
    level: str | None
    time: str | datetime
    """A pattern, or the single time of all scenes."""
    patterns: tuple[FilePattern, ...]
    mask: FilePattern | None
    layer: str
    scaling: Scaling


def read_stack_file(place: FileTree, name: str, path: str) -> StackFile:
    try:
        text = place.read(f"/{name}").decode()
        content = _with_texts(parse_yaml(text), parse_yaml(text, numbers_as_written=True))
    except InputError as error:
        raise ConfigError(error.message, path) from error
    except ValueError as error:
        raise ConfigError(f"not valid YAML: {error}", path) from error
    if not isinstance(content, Mapping):
        raise ConfigError("must be a mapping", path)
    for key in content:
        if key not in _KEYS:
            raise ConfigError(
                "unknown key", path, key=str(key), remedy=f"known are {', '.join(_KEYS)}"
            )
    try:
        return _checked(content)
    except ConfigError as error:
        raise ConfigError(
            error.message, path, key=error.key, found=error.found, remedy=error.remedy
        ) from error


def _with_texts(value: Any, written: Any) -> Any:
    """The values, but bands as written: 02 is part of a file name, 2 would be a different one."""
    if isinstance(value, Mapping):
        return {
            key: said if key == "bands" else _with_texts(own, said)
            for (key, own), said in zip(value.items(), written.values(), strict=True)
        }
    if isinstance(value, list):
        return [_with_texts(*pair) for pair in zip(value, written, strict=True)]
    return value


def _checked(content: Mapping[str, Any]) -> StackFile:
    sensor = sensor_of(_text(content, "sensor"))
    moment = _moment(content.get("time"))
    files = content.get("files") or [{key: content.get(key) for key in ("path", "bands")}]
    if not isinstance(files, list) or not all(isinstance(file, Mapping) for file in files):
        raise ConfigError("must be a list of mappings with path and bands", key="files")
    patterns = tuple(_pattern(file, moment) for file in files)
    for name in (name for pattern in patterns for name in pattern.bands):
        sensor.band(name)
    mask = content.get("mask")
    if mask is not None and not isinstance(mask, Mapping):
        raise ConfigError("must be a mapping with path and layer", key="mask", found=mask)
    return StackFile(
        sensor=sensor.key,
        level=None if content.get("level") is None else str(content["level"]),
        time=moment,
        patterns=patterns,
        mask=None if mask is None else _mask_pattern(mask, moment),
        layer="" if mask is None else quality_layer(_text(mask, "layer")).name,
        scaling=Scaling(
            multiply=_number(content, "scale", 1.0),
            add=_number(content, "offset", 0.0),
            nodata=_nodata(content),
        ),
    )


def _moment(value: Any) -> str | datetime:
    """A pattern or a time: YAML parses 2018-01-01 as a date."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=UTC)
    if not isinstance(value, str) or "%" not in value:
        raise ConfigError("must be a date or a pattern", key="time", found=value, remedy="%Y%m%d")
    return value


def _pattern(file: Mapping[str, Any], moment: str | datetime) -> FilePattern:
    path = _text(file, "path")
    bands = file.get("bands")
    if isinstance(bands, Mapping):
        places = {str(name): str(place) for name, place in bands.items()}
    elif isinstance(bands, list) and bands:
        own = "{band}" in path
        places = {
            str(name): str(name) if own else str(number)
            for number, name in enumerate(bands, start=1)
        }
    else:
        raise ConfigError("must be a list of names, or names with numbers", key="bands")
    is_one_file_per_band = "{band}" in path
    if not is_one_file_per_band and not all(place.isdigit() for place in places.values()):
        raise ConfigError("must be numbers of bands", key="bands", found=bands)
    return FilePattern(
        expression=_expression(path, moment),
        bands=places,
        is_one_file_per_band=is_one_file_per_band,
    )


def _mask_pattern(mask: Mapping[str, Any], moment: str | datetime) -> FilePattern:
    layer = quality_layer(_text(mask, "layer"))
    first = mask.get("band", 1)
    if isinstance(first, bool) or not isinstance(first, int) or first < 1:
        raise ConfigError("must be the number of a band", key="mask.band", found=first)
    numbers = range(first, first + layer.bands)
    return FilePattern(
        expression=_expression(_text(mask, "path"), moment),
        bands={str(number): str(number) for number in numbers},
        is_one_file_per_band=False,
    )


def _expression(path: str, moment: str | datetime) -> re.Pattern[str]:
    """Regular expression for a path with `{time}`, `{id}`, `{band}` and `*`."""
    if "{time}" in path and isinstance(moment, datetime):
        raise ConfigError("with {time} in a path, time is a pattern", key="time", remedy="%Y%m%d")
    if "{time}" not in path and not isinstance(moment, datetime):
        raise ConfigError("a path needs {time}, or time is a date", key="path", found=path)
    seen: set[str] = set()
    parts: list[str] = []
    for piece in re.split(r"(\{\w+\}|\*)", path):
        name = piece[1:-1] if piece.startswith("{") else ""
        if name and name in seen:
            parts.append(f"(?P={name})")
        elif name == "time" and isinstance(moment, str):
            parts.append(f"(?P<time>{_time_expression(moment)})")
        elif name in ("id", "band"):
            parts.append(f"(?P<{name}>[^/]+)")
        elif name:
            raise ConfigError(
                "unknown placeholder", key="path", found=piece, remedy="{time}, {id} or {band}"
            )
        else:
            parts.append("[^/]*" if piece == "*" else re.escape(piece))
        seen.add(name)
    return re.compile("".join(parts))


def _time_expression(pattern: str) -> str:
    parts = re.split(r"(%.)", pattern)
    for part in parts:
        if part.startswith("%") and part not in _FORMATS:
            raise ConfigError(
                "unknown part of a time", key="time", found=part, remedy=", ".join(_FORMATS)
            )
    return "".join(_FORMATS.get(part, re.escape(part)) for part in parts)


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigError("is needed", key=key, found=value)
    return value


def _number(content: Mapping[str, Any], key: str, default: float) -> float:
    value = content.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError("must be a number", key=key, found=value)
    return float(value)


def _nodata(content: Mapping[str, Any]) -> int | None:
    value = content.get("nodata")
    if value is None:
        return None
    number = _number(content, "nodata", 0)
    if number != int(number):
        raise ConfigError("must be a whole number", key="nodata", found=value)
    return int(number)
