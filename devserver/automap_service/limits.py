"""Limits that one user may have different from all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from automap_service.settings import LimitsPart
from automap_tiles.errors import ConfigError

OWN = ("accepted", "launches", "description", "recipients")
"""Those that are asked of the user."""


def user_limits(said: Sequence[str]) -> dict[str, int]:
    """`accepted=500` and so on; raises `ConfigError`."""
    known = {each.name for each in fields(LimitsPart)} & set(OWN)
    found: dict[str, int] = {}
    for text in said:
        name, _, value = text.partition("=")
        if name not in known or not value.isdecimal():
            raise ConfigError(
                "is no limit of a user",
                key="limits",
                found=text,
                remedy=", ".join(f"{each}=NUMBER" for each in OWN),
            )
        found[name] = int(value)
    return found
