"""Why a process cannot be opened, as the page shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from automap_tiles.errors import (
    AutomapError,
    ConfigError,
)

_PLACE = re.compile(r"^(?P<file>[^\n:]+(?::\\[^\n:]+)?):(?P<line>\d+): (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class OpeningProblem:
    """Why a process cannot be opened in its current state."""

    message: str
    file: str | None = None
    line: int | None = None
    key: str | None = None


def problem_of(error: AutomapError) -> OpeningProblem:
    """An error with the location that it names."""
    if isinstance(error, ConfigError):
        remedy = f"; {error.remedy}" if error.remedy else ""
        found = "" if error.found is None else f" (found: {error.found!r})"
        file = None if error.file is None else str(error.file)
        return OpeningProblem(
            message=f"{error.message}{found}{remedy}", file=file, line=error.line, key=error.key
        )
    match = _PLACE.match(str(error))
    if match is None:
        return OpeningProblem(message=str(error))
    return OpeningProblem(message=match["text"], file=match["file"], line=int(match["line"]))
