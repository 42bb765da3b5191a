"""fiona, imported on first use: many runs read no vectors, and the import takes 30 ms."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def fiona() -> Any:
    """The fiona package."""
    import automap_tiles.imports.fiona  # noqa: F401 - before fiona

    return __import__("fiona")


@cache
def ogr_errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Exceptions that fiona raises for files that cannot be read or written, and others."""
    fiona()
    from fiona._err import CPLE_BaseError
    from fiona.errors import FionaError

    return FionaError, CPLE_BaseError, *more
