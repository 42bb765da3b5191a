"""Ranges of the values of orders; pydantic refuses what lies outside and names the key."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from annotated_types import Ge, Gt, Le, Lt, MinLen

Count: TypeAlias = Annotated[int, Ge(1)]
Whole: TypeAlias = Annotated[int, Ge(0)]
Positive: TypeAlias = Annotated[float, Gt(0)]
NotNegative: TypeAlias = Annotated[float, Ge(0)]
Percent: TypeAlias = Annotated[float, Ge(0), Le(100)]
Half: TypeAlias = Annotated[float, Ge(0), Le(0.5)]
"""A share of up to a half."""
SmallShare: TypeAlias = Annotated[float, Gt(0), Lt(0.5)]
Folds: TypeAlias = Annotated[int, Ge(2)]
Zooms: TypeAlias = Annotated[tuple[Whole, ...], MinLen(1)]
