"""Orders as flat keywords, as used on the command line and in Python."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

from automap_tiles.errors import ConfigError
from automap_tiles.workflows import order_kind
from automap_tiles.workflows._order import Order, Part


def keywords_of(kind: type[Part]) -> dict[str, tuple[str, ...]]:
    """Map each keyword to its path in the order: `erode` -> `("learn", "erode")`."""
    return dict(_words(kind, ()))


def _words(kind: type[Part], way: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    types = get_type_hints(kind)
    for field in fields(kind):  # type: ignore[arg-type]  # parts are dataclasses
        found = types[field.name]
        if isinstance(found, type) and issubclass(found, Part):
            yield from _words(found, (*way, field.name))
        else:
            yield field.name, (*way, field.name)


def order_from_keywords(workflow: str, said: Mapping[str, Any]) -> Order:
    """Build an order from keywords.

    Sequences may be lists, or text with commas; paths, dates and enumerations may be objects. None
    selects the default. Raises `ConfigError` for unknown or missing keywords, and for invalid
    values.
    """
    kind = order_kind(workflow)
    known = keywords_of(kind)
    nested: dict[str, Any] = {}
    for word, value in said.items():
        if word not in known:
            close = difflib.get_close_matches(word, known, 1)
            raise ConfigError(
                f"is not a keyword of an order to {workflow}",
                key=word,
                found=value,
                remedy=f"{close[0]}?" if close else f"one of {', '.join(known)}",
            )
        if value is None:
            continue
        *parts, name = known[word]
        here = nested
        for part in parts:
            here = here.setdefault(part, {})
        here[name] = _listed(_plain(value), _type_of(kind, known[word]))
    return kind.from_json(nested)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return [[key, _plain(one)] for key, one in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value


def _type_of(kind: type[Part], way: tuple[str, ...]) -> Any:
    found: Any = kind
    for name in way:
        found = get_type_hints(found)[name]
    return found


def _listed(value: Any, wanted: Any) -> Any:
    """Split a text if several values are expected, as at the command line."""
    choices = (wanted,) if get_origin(wanted) is tuple else get_args(wanted)
    if str in choices or not any(get_origin(one) is tuple for one in choices):
        return value
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value if isinstance(value, list) else [value]
