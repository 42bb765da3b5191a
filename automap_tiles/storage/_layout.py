"""Names of tiles below a root."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter

from automap_tiles.errors import ConfigError
from automap_tiles.grid import TileIndex

DEFAULT_SCHEMA = "{zoom}/{row}/{col}.{extension}"
_NUMBERS = ("zoom", "row", "col")


@dataclass(frozen=True, slots=True)
class TileLayout:
    """How the key of a tile is made from its index.

    Raises `ConfigError` when the schema does not contain zoom, row and column once each, gives two
    tiles the same name, or leaves the root.
    """

    schema: str = DEFAULT_SCHEMA
    """Python format string with `zoom`, `row`, `col` and optionally `extension`."""
    extension: str = "tif"
    """File name extension without the dot."""

    def __post_init__(self) -> None:
        _check(self.schema)

    def key(self, index: TileIndex) -> str:
        zoom, row, col = index
        return self.schema.format(zoom=zoom, row=row, col=col, extension=self.extension)

    def parse(self, key: str) -> TileIndex | None:
        """The tile index of a key; None when it is not the key of a tile."""
        match = _pattern(self.schema, self.extension).fullmatch(key)
        if match is None:
            return None
        return TileIndex(*(int(match[name]) for name in _NUMBERS))


def _check(schema: str) -> None:
    try:
        fields = [(name, spec, conv) for _, name, spec, conv in Formatter().parse(schema) if name]
    except ValueError as error:
        raise _wrong(schema, str(error)) from error
    names = [name for name, _, _ in fields]
    if any(spec or conv for _, spec, conv in fields):
        raise _wrong(schema, "format codes are not supported")
    if sorted(name for name in names if name != "extension") != sorted(_NUMBERS):
        raise _wrong(schema, "zoom, row and col must each be named once")
    if not _is_unambiguous(schema):
        raise _wrong(schema, "between zoom, row and col must be more than digits")
    if schema.startswith("/") or ".." in schema.split("/"):
        raise _wrong(schema, "it must stay below the output folder")


def _is_unambiguous(schema: str) -> bool:
    """Whether numbers are unambiguous, unlike 1/12 and 11/2 in `{row}{col}`."""
    between = "/"
    for literal, name, _, _ in Formatter().parse(schema):
        between += literal
        if name in _NUMBERS:
            if not between or between.isdecimal():
                return False
            between = ""
        elif name:
            between += name  # An extension is not a number.
    return True


def _wrong(schema: str, why: str) -> ConfigError:
    return ConfigError(
        why, key="tile_path_schema", found=schema, remedy=f"for example {DEFAULT_SCHEMA}"
    )


@lru_cache(maxsize=64)
def _pattern(schema: str, extension: str) -> re.Pattern[str]:
    parts = []
    for literal, name, _, _ in Formatter().parse(schema):
        parts.append(re.escape(literal))
        if name == "extension":
            parts.append(re.escape(extension))
        elif name:
            # No leading zeros: every tile has exactly one name.
            parts.append(f"(?P<{name}>0|[1-9][0-9]*)")
    return re.compile("".join(parts))
