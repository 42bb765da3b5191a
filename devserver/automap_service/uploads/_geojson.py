"""GeoJSON of strangers, written anew before GDAL reads it.

GDAL follows a `crs` of type `link` to whatever address it names, with the rights of this machine.
So only shapes and a CRS that is named by an authority are passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError

_AUTHORITY = re.compile(
    r"urn:(x-)?ogc:def:crs:[A-Za-z0-9.:_-]+"
    r"|[A-Za-z]+:[A-Za-z0-9.]+"
    r"|https?://(www\.)?opengis\.net/def/crs/[A-Za-z0-9./_-]+"
)
"""Names of a CRS in OGC's two ways, and `EPSG:4326`; GDAL has tables of them all."""
_UNKNOWN = "\ufffd"
"""What letters become that are not of UTF-8."""
_SAVE = "save it as GeoJSON in EPSG:4326, without crs"


def rewrite(path: Path, fields: Callable[[str], bool] = lambda _: False) -> None:
    """Leave in a file nothing but shapes, how they are referenced and some `fields`.

    Of these numbers and texts alone. Raises `ConfigError`.
    """
    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig", "replace"))
    except ValueError:
        raise ConfigError("is not valid GeoJSON", remedy="save it as GeoJSON") from None
    if not isinstance(found, dict):
        raise ConfigError("is not valid GeoJSON", remedy="save it as GeoJSON")
    path.write_text(json.dumps(_kept(found, fields)), encoding="utf-8")


def _kept(found: Mapping[str, Any], fields: Callable[[str], bool]) -> dict[str, Any]:
    """An object of GeoJSON (RFC 7946, and `crs` of the 2008 one) without any further members."""
    kept = {name: found[name] for name in ("type", "coordinates") if name in found}
    if found.get("crs") is not None:
        kept["crs"] = _named(found["crs"])
    if "geometry" in found:
        kept["geometry"] = _inner(found["geometry"], fields)
    for name in ("features", "geometries"):
        if name in found:
            kept[name] = [_inner(each, fields) for each in _listed(found[name])]
    if kept.get("type") == "Feature":
        kept["properties"] = _properties(found.get("properties"), fields)
    return kept


def _properties(said: Any, fields: Callable[[str], bool]) -> dict[str, Any]:
    """Those that are wanted; raises `ConfigError` for letters that are not to be read."""
    known = said.items() if isinstance(said, dict) else ()
    kept = {
        name: value
        for name, value in known
        if fields(name) and (value is None or isinstance(value, str | int | float))
    }
    if any(_UNKNOWN in value for value in kept.values() if isinstance(value, str)):
        raise ConfigError("is not text in UTF-8", remedy="save it as GeoJSON in UTF-8")
    return kept


def _inner(found: Any, fields: Callable[[str], bool]) -> dict[str, Any] | None:
    return _kept(found, fields) if isinstance(found, dict) else None


def _listed(found: Any) -> Iterable[Any]:
    return found if isinstance(found, list) else ()


def _named(crs: Any) -> dict[str, Any]:
    """A `crs` of type `name`; raises `ConfigError` for one that has to be looked for elsewhere."""
    kind = crs.get("type") if isinstance(crs, dict) else None
    said = crs.get("properties") if isinstance(crs, dict) else None
    name = said.get("name") if isinstance(said, dict) else None
    if kind != "name":
        found = str(kind)[:40]
        raise ConfigError("its crs is not of the type name", found=found, remedy=_SAVE)
    if not isinstance(name, str) or not _AUTHORITY.fullmatch(name):
        found = str(name)[:80]
        raise ConfigError("its crs has no name of an authority", found=found, remedy=_SAVE)
    return {"type": "name", "properties": {"name": name}}
