"""The supported version of HLS."""

from __future__ import annotations

from automap_tiles.errors import InputError

LEVEL = "SR"
FROM_ABOVE = "NBAR of HLS"
"""The correction by which HLS reflectance is already at nadir view."""


def check_version(version: str | None) -> None:
    """Raise `InputError` for any version other than 2, whose masks use other bits.

    None (not stated) is taken as 2, the only version still distributed.
    """
    if version is not None and not version.startswith("2."):
        raise InputError(
            f"is of HLS version {version}, whose masks mean something else: version 2.0 is read"
        )
