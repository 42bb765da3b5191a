"""Text, numbers and times of XML elements, with errors that name the missing element."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from automap_tiles.errors import InputError

"""A closed line: the last point is the first one."""


def text_of(root: Element, *tags: str) -> str | None:
    """Text of the first element found for these names, tried in order."""
    for tag in tags:
        element = next(root.iter(tag), None)
        if element is not None and element.text and element.text.strip():
            return element.text.strip()
    return None


def need(root: Element, *tags: str) -> str:
    """Like `text_of`; raises `InputError` if there is none."""
    text = text_of(root, *tags)
    if text is None:
        raise InputError(f"metadata without {tags[-1]}")
    return text


def number(text: str | None) -> float | None:
    """A number; None if there is no text."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(f"metadata with {text!r} in place of a number") from error
    if not math.isfinite(value):
        raise InputError(f"metadata with {text!r} in place of a number")
    return value


def number_of(root: Element, tag: str) -> float:
    """The number in the first element of this name; raises `InputError` if there is none."""
    text = need(root, tag)
    return number(text) or 0.0


def numbers(text: str | None) -> list[float]:
    """Numbers separated by white space; NaN is allowed (angles outside the swath)."""
    try:
        return [float(part) for part in (text or "").split()]
    except ValueError as error:
        raise InputError(f"metadata with something between its numbers: {error}") from error


def whole(text: str | None) -> int | None:
    """An integer; None if there is no text."""
    value = number(text)
    return None if value is None else round(value)


def utc(text: str | None) -> datetime:
    """A timezone-aware time; UTC if no zone is given."""
    try:
        time = datetime.fromisoformat(text or "")
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"metadata without a time: {text!r}") from error


def sensor_of(name: str | None) -> str:
    """`Sentinel-2A` or `S2A` → `sentinel-2a`."""
    found = re.fullmatch(r"(?:SENTINEL-?|S)2([ABC])", (name or "").strip().upper())
    if found is None:
        raise InputError(f"metadata of an unknown satellite: {name!r}")
    return f"sentinel-2{found[1].lower()}"
