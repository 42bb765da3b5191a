"""Ranges of the values of orders; pydantic refuses what lies outside and names the key."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from annotated_types import Ge, Gt, Le, Lt, MinLen

from automap_tiles.errors import ConfigError

Count: TypeAlias = Annotated[int, Ge(1)]
Whole: TypeAlias = Annotated[int, Ge(0)]
Positive: TypeAlias = Annotated[float, Gt(0)]
NotNegative: TypeAlias = Annotated[float, Ge(0)]
Percent: TypeAlias = Annotated[float, Ge(0), Le(100)]
Half: TypeAlias = Annotated[float, Ge(0), Le(0.5)]
"""A fraction up to one half."""
SmallShare: TypeAlias = Annotated[float, Gt(0), Lt(0.5)]
Folds: TypeAlias = Annotated[int, Ge(2)]
Zooms: TypeAlias = Annotated[tuple[Whole, ...], MinLen(1)]
"""A single zoom, the first and the last one, or all of them: see `all_zooms`."""


def all_zooms(said: tuple[int, ...]) -> tuple[int, ...]:
    """All zooms, ascending: `(3, 7)` means 3 to 7, as on the command line.

    Raises `ConfigError` for a list with gaps.
    """
    meant = tuple(range(min(said), max(said) + 1))
    if len(said) > 2 and tuple(sorted(set(said))) != meant:
        raise ConfigError(
            "zooms are one, or the first and the last",
            key="zooms",
            found=said,
            remedy=f"({meant[0]}, {meant[-1]}), or one after the other",
        )
    return meant
