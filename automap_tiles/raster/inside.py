"""The local file behind a GDAL name of something inside it.

`/vsizip/scenes.zip/a.tif` and `NETCDF:model.nc:rain` are not files, but they change with one, and a
relative path has to be resolved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ARCHIVES = re.compile(r"(?:/vsi(?:zip|tar|gzip|7z|rar)/)+")
_SUBDATASET = re.compile(r"[A-Z][A-Z0-9_]+:")
_SCHEME = re.compile(r"(zip|tar|gzip)://(?!/?vsi)(.+)")
"""Archive URLs of rasterio and fiona: `zip://scenes.zip!/a.tif`."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A GDAL name in three parts."""

    before: str
    file: str
    """The file itself."""
    after: str

    def at(self, file: Path) -> str:
        """The name with the path of the file replaced."""
        return f"{self.before}{file}{self.after}"


def inside(path: str, base: Path | None = None) -> Inside | None:
    """The parts of a name if its file exists, absolute or below `base`; None for all others."""
    archives = _ARCHIVES.match(path)
    if archives is not None:
        return _of_archive(archives.group(), path[archives.end() :], base)
    if _SUBDATASET.match(path):
        return _of_subdataset(path, base)
    return None


def as_gdal_names_it(path: str) -> str:
    """`zip://scenes.zip!/a.tif` as `/vsizip/scenes.zip/a.tif`; other names unchanged."""
    scheme = _SCHEME.fullmatch(path)
    if scheme is None:
        return path
    archive, _, name = scheme.group(2).partition("!")
    return f"/vsi{scheme.group(1)}/{archive}/{name.lstrip('/')}".rstrip("/")


def _of_archive(before: str, rest: str, base: Path | None) -> Inside | None:
    """The archive is the shortest prefix of the path that is a file."""
    if rest.startswith("/vsi"):
        return None  # over the network
    if rest.startswith("{"):
        file, _, after = rest[1:].partition("}")
        return Inside(before + "{", file, "}" + after) if _is_file(file, base) else None
    for end in [place.start() for place in re.finditer("(?<=.)/", rest)] + [len(rest)]:
        if _is_file(rest[:end], base):
            return Inside(before, rest[:end], rest[end:])
    return None


def _of_subdataset(path: str, base: Path | None) -> Inside | None:
    """The file is the first existing one of the colon-separated parts, possibly quoted."""
    for found in re.finditer(r'(?<=:)(?:"([^"]+)"|([^":]+))', path):
        group = 1 if found.group(1) else 2
        if _is_file(found.group(group), base):
            start, end = found.span(group)
            return Inside(path[:start], path[start:end], path[end:])
    return None


def _is_file(name: str, base: Path | None) -> bool:
    try:
        return (Path(name) if base is None else Path(base, name)).is_file()
    except (OSError, ValueError):
        return False
