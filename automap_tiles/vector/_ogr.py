"""fiona, loaded when a file of features is first touched: many runs have none, it takes 30 ms."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def fiona() -> Any:
    """The package."""
    import automap_tiles.imports.fiona  # noqa: F401 - before fiona

    return __import__("fiona")


@cache
def ogr_errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """What it raises for files that cannot be read or written, and others."""
    fiona()
    from fiona._err import CPLE_BaseError
    from fiona.errors import FionaError

    return FionaError, CPLE_BaseError, *more
