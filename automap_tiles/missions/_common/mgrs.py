"""Tiles of the Military Grid Reference System, used by Sentinel-2 and HLS."""

from __future__ import annotations

import re

_TILE = re.compile(r"(?:MGRS-)?T?(\d{1,2})([C-HJ-NP-X][A-HJ-NP-Z]{2})")


def parse_mgrs(text: str) -> str | None:
    """`33TWL` from `T33TWL` or `MGRS-33TWL`; None if it is not an MGRS tile."""
    found = _TILE.fullmatch(text)
    return f"{int(found[1]):02}{found[2]}" if found else None
