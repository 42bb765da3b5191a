"""The keys of an MTL file by group, from text, JSON or XML.

All three hold the same tree, one level of groups under a root; values are kept as written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from automap_tiles.errors import InputError
from automap_tiles.missions._common import xml


@dataclass(frozen=True)
class Groups:
    """Keys by group; all names in upper case."""

    groups: Mapping[str, Mapping[str, str]]

    def text(self, *keys: str, within: Iterable[str] | None = None) -> str | None:
        """The first of `keys` found, searching `within` in order, or the whole file."""
        places = self.groups if within is None else within
        for group in places:
            values = self.groups.get(group, {})
            for key in keys:
                if key in values:
                    return values[key]
        return None

    def number(self, *keys: str, within: Iterable[str] | None = None) -> float | None:
        """Like `text`, as a number; raises `InputError` if it is not one."""
        text = self.text(*keys, within=within)
        if text is None:
            return None
        try:
            number = float(text)
        except ValueError as error:
            raise InputError(f"{keys[0]} is not a number: {text!r}") from error
        if not math.isfinite(number):
            raise InputError(f"{keys[0]} is not a number: {text!r}")
        return number

    def items(self, group: str) -> Mapping[str, str]:
        """Keys and values of a group; empty if it is missing."""
        return self.groups.get(group, {})


def read_groups(data: str | bytes) -> Groups:
    """Groups of an MTL file in any of its three formats, with or without NUL padding.

    Raises `InputError` if the file is truncated or in none of these formats.
    """
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    else:
        text = data.removeprefix("\ufeff")
    text = text.strip("\0 \t\r\n")
    if text.startswith("{"):
        return _from_json(text)
    if text.startswith("<"):
        return _from_xml(text)
    return _from_text(text)


def _from_text(text: str) -> Groups:
    """`GROUP = name`, `KEY = value`, `END_GROUP = name`, `END`."""
    groups: dict[str, dict[str, str]] = {}
    path: list[str] = []
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.strip("\0").partition("="))
        key, value = key.upper(), value.strip('"').strip()
        if key == "END":
            if path:
                raise InputError(f"metadata ends within the group {path[-1]}")
            return Groups(groups)
        if key == "GROUP":
            path.append(value.upper())
        elif key == "END_GROUP":
            if not path or path.pop() != value.upper():
                raise InputError(f"metadata ends a group that was not begun: {value}")
        elif equals and path:
            groups.setdefault(path[-1], {})[key] = value
    if path or not groups:
        raise InputError("no MTL file, or one that is cut off")
    return Groups(groups)  # all groups are closed: some files lack the last line


def _from_json(text: str) -> Groups:
    try:
        tree = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not valid JSON, or cut off: {error}") from error
    groups: dict[str, dict[str, str]] = {}
    for root in tree.values() if isinstance(tree, dict) else ():
        for name, values in root.items() if isinstance(root, dict) else ():
            if isinstance(values, dict):
                groups[name.upper()] = {
                    key.upper(): str(value).strip()
                    for key, value in values.items()
                    if not isinstance(value, (dict, list))
                }
    if not groups:
        raise InputError("no MTL file: JSON without groups")
    return Groups(groups)


def _from_xml(text: str) -> Groups:
    groups = {
        group.tag.upper(): {key.tag.upper(): (key.text or "").strip() for key in group}
        for group in xml.parse(text)
    }
    if not any(groups.values()):
        raise InputError("no MTL file: XML without groups")
    return Groups(groups)
