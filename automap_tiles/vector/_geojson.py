"""GeoJSON (RFC 7946) as text, without OGR.

Fiona supports neither lists of numbers nor columns that mix numbers and text, and encodes nested
values twice; such values are lost with only a log message.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rasterio.crs import CRS

from automap_tiles.errors import InputError
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.parsing import parse_json
from automap_tiles.vector._geometry import Feature

_SHOWN = 120
"""Characters of a damaged feature that are told."""
_INT64 = range(-(2**63), 2**63)


def dumps(features: Iterable[Mapping[str, Any]], crs: CRS) -> bytes:
    """A FeatureCollection; its CRS as GDAL writes and reads it, an extension of the RFC."""
    head: dict[str, Any] = {"type": "FeatureCollection", "name": "tile"}
    if (urn := _urn(crs)) is not None:
        head["crs"] = {"type": "name", "properties": {"name": urn}}
    lines = ",\n".join(
        json.dumps(
            {
                "type": "Feature",
                "properties": {
                    name: _plain(value) for name, value in feature["properties"].items()
                },
                "geometry": feature["geometry"],
            },
            ensure_ascii=False,
            allow_nan=False,
        )
        for feature in features
    )
    return f'{json.dumps(head)[:-1]}, "features": [\n{lines}\n]}}\n'.encode()


def loads(content: bytes) -> list[Feature]:
    """The features that have a geometry; each has the union of all properties.

    Raises `InputError` for anything but a FeatureCollection, Feature or geometry.
    """
    try:
        found = parse_json(content)
        members = _members(found)
        names = dict.fromkeys(name for each in members for name in each.get("properties") or {})
        return [
            {
                "type": "Feature",
                "geometry": each["geometry"],
                "properties": {**dict.fromkeys(names), **(each.get("properties") or {})},
            }
            for each in members
            if each.get("geometry") is not None
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"is not a GeoJSON file: {error}") from error


def settle(features: Sequence[Feature], kinds: Mapping[str, str]) -> dict[str, str]:
    """Give each property a single type, in place; return the types, named as in fiona.

    `kinds` are the types that GDAL detects. What it cannot name is `json`; columns that mix text
    and other values become text, as in GDAL.
    """
    names = dict.fromkeys(name for each in features for name in each["properties"])
    settled = {}
    for name in {**kinds, **names}:
        values = [each["properties"].get(name) for each in features]
        settled[name] = kind = _kind([value for value in values if value is not None], kinds, name)
        for each, value in zip(features, values, strict=True):
            each["properties"][name] = None if value is None else _as_kind(value, kind)
    return settled


def _members(found: Any) -> list[dict[str, Any]]:
    kind = found["type"]
    if kind == "FeatureCollection":
        members: list[Any] = found["features"]
        for number, each in enumerate(members):
            if not isinstance(each, dict) or not isinstance(each.get("properties") or {}, dict):
                raise ValueError(f"features[{number}] is not a feature: {str(each)[:_SHOWN]}")
        return members
    return [found if kind == "Feature" else {"geometry": found}]


def _kind(values: Sequence[Any], kinds: Mapping[str, str], name: str) -> str:
    kind = kinds.get(name, "json")
    if kind == "json" and any(isinstance(value, str) for value in values):
        return "str"
    if kind.startswith("int") and any(value not in _INT64 for value in values):
        return "float"
    return kind


def _as_kind(value: Any, kind: str) -> Any:
    name = kind.partition(":")[0]
    if name == "float" and isinstance(value, int):
        return float(value)
    if name.startswith("int") and isinstance(value, bool):
        return int(value)
    if name == "str" and not isinstance(value, str):
        return as_text(value)
    if name == "List[str]":
        return [as_text(each) for each in value] if isinstance(value, list) else [as_text(value)]
    return value


def as_text(value: Any) -> str:
    """A value serialised as JSON; strings are returned as they are."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """The value, converted to something JSON can represent."""
    if isinstance(value, float) and not math.isfinite(value):
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.ATTRIBUTES,
                reason="GeoJSON has no NaN and no infinity; null is written instead",
            )
        )
        return None
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _urn(crs: CRS) -> str | None:
    """Name of a CRS; None when it has none."""
    if crs == CRS.from_epsg(4326):
        return "urn:ogc:def:crs:OGC:1.3:CRS84"  # as GDAL has it, longitude first
    authority = crs.to_authority()
    return None if authority is None else "urn:ogc:def:crs:{}::{}".format(*authority)
