"""Reading of text tables, and errors of fields and cells."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from automap_tiles.errors import ConfigError

KEY = "--class-field"


def read_text(path: str | Path, key: str) -> str:
    """The text of a user's file.

    Raises `ConfigError` with the option's key for bytes that are not UTF-8, and `OSError`.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            "is not UTF-8 text",
            path,
            line,
            key,
            f"byte 0x{error.object[error.start]:02x}",
            "save it as UTF-8 (of a spreadsheet: CSV UTF-8)",
        ) from error


def delimiter_of(line: str) -> str:
    """The column separator of a table, from its first line: a comma, a semicolon or a tab."""
    return max(",;\t", key=line.count)


def missing_field(path: str | Path, name: str | None, fields: Sequence[str]) -> ConfigError:
    """The error for a class field that is missing, or was not given."""
    known = ", ".join(fields) or "none"
    if name is None:
        return ConfigError(
            "which field holds the classes must be said", path, key=KEY, remedy=f"one of {known}"
        )
    lower = {field.lower(): field for field in fields}
    close = difflib.get_close_matches(name.lower(), list(lower), 1)
    meant = f"{lower[close[0]]}? " if close else ""
    return ConfigError("has no such field", path, None, KEY, name, f"{meant}its fields: {known}")


def check_cells(
    beyond: Sequence[str] | None, where: tuple[str | Path, int, str], names: Sequence[str]
) -> None:
    """Raise `ConfigError` for a row with more cells than columns."""
    if beyond and any(cell.strip() for cell in beyond):
        path, line, key = where
        raise ConfigError(
            f"has more cells than the columns {', '.join(names)}",
            path,
            line,
            key,
            ", ".join(beyond),
            'a text with a comma in quotes ("forest, mixed"), decimals with a point',
        )
