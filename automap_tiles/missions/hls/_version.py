"""The version of HLS that is read here."""

from __future__ import annotations

from automap_tiles.errors import InputError

LEVEL = "SR"
FROM_ABOVE = "NBAR of HLS"
"""What has brought its reflectance to a view from straight above already."""


def check_version(version: str | None) -> None:
    """Raise `InputError` for another version than 2: its masks have other bits.

    None, where nothing says it, is taken for 2, the only one that is still given out.
    """
    if version is not None and not version.startswith("2."):
        raise InputError(
            f"is of HLS version {version}, whose masks mean something else: version 2.0 is read"
        )
