"""Limits that one user may have different from all others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields

from automap_service.settings import LimitsPart
from automap_tiles.errors import ConfigError

OWN = ("accepted", "launches", "description", "recipients", "job_budget", "month_budget")
"""Those that are asked of the user."""
AMOUNTS = ("job_budget", "month_budget")
_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)


def user_limits(said: Sequence[str]) -> dict[str, float]:
    """`accepted=500` and so on; raises `ConfigError`."""
    known = {each.name for each in fields(LimitsPart)} & set(OWN)
    found: dict[str, float] = {}
    for text in said:
        name, _, value = text.partition("=")
        is_right = _AMOUNT.fullmatch(value) if name in AMOUNTS else value.isdecimal()
        if name not in known or not is_right:
            raise ConfigError(
                "is not a limit of a user",
                key="limits",
                found=text,
                remedy=", ".join(f"{each}=NUMBER" for each in OWN),
            )
        found[name] = float(value) if name in AMOUNTS else int(value)
    return found
