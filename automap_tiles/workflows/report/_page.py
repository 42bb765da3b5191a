"""Templates and their filters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import MissingExtra

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates; raises `MissingExtra` without jinja2 or matplotlib."""
    try:
        import matplotlib.figure  # noqa: F401
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtra(error.name or "jinja2", "classify") from error
    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "percent": percent,
        "number": number,
        "whole": whole,
        "interval": interval,
        "hectares": hectares,
    }
    return found


def render(template: str, values: Mapping[str, Any]) -> str:
    """A page."""
    return environment().get_template(template).render(values)


def percent(share: float | None, digits: int = 1) -> str:
    """`93.5 %`; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def number(value: float | None, digits: int = 3) -> str:
    """With this number of decimals."""
    return "–" if value is None else f"{value:.{digits}f}"


def whole(value: float) -> str:
    """With a narrow space as thousands separator."""
    return f"{value:,.0f}".replace(",", "\u202f")


def interval(one: Mapping[str, float | None]) -> str:
    """An estimate in per cent with its 95 % interval."""
    value, half = one["value"], one["interval"]
    if value is None:
        return "–"
    return f"{100 * value:.1f} ± {'?' if half is None else f'{100 * half:.1f}'} %"


def hectares(one: Mapping[str, float | None]) -> str:
    """An estimated area with its 95 % interval."""
    value, half = one["value"], one["interval"]
    if value is None:
        return "–"
    digits = 0 if value >= 100 else 2
    told = "?" if half is None else _area(half, digits)
    return f"{_area(value, digits)} ± {told}"


def _area(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace(",", "\u202f")
