"""Types of the values in a record, to detect truncated or edited files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, kw_only=True)
class _Stored:
    size: int
    crc32: int


@dataclass(frozen=True, kw_only=True)
class _File(_Stored):
    name: str


@dataclass(frozen=True, kw_only=True)
class _Scene:
    id: str
    status: str = ""
    files: list[_File] = field(default_factory=list)
    picture: _Stored = _Stored(size=0, crc32=0)


@dataclass(frozen=True, kw_only=True)
class _Part:
    scenes: list[_Scene]


@dataclass(frozen=True, kw_only=True)
class _Record:
    """The keys that are read; others are ignored."""

    results: dict[str, _Part]
    area: dict[str, Any]
    made_by: dict[str, str] | None = None
    given: dict[str, _Stored] = field(default_factory=dict)
    checks: dict[str, _Stored] = field(default_factory=dict)


def misfit(said: Mapping[str, Any]) -> str | None:
    """The first key of a record that is missing or whose value has the wrong type; None: none."""
    from pydantic import ValidationError

    from automap_tiles.vector import shapes_of

    try:
        _adapter().validate_json(json.dumps(said), strict=True)
    except ValidationError as error:
        return ".".join(map(str, error.errors()[0]["loc"]))
    try:
        shapes_of([said["area"]])
    except ValueError:
        return "area"
    return None


def _adapter() -> TypeAdapter[_Record]:
    from pydantic import TypeAdapter

    return TypeAdapter(_Record)
