"""How bands are rendered, with titiler's query parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.pictures import colormaps
from automap_tiles.pictures._expression import Expression, parse
from automap_tiles.pictures.colormaps import ColorMap

PARAMETERS = (
    "bidx", "expression", "rescale", "gamma", "colormap_name", "colormap", "return_mask"
)  # fmt: skip
"""Names of query parameters; `bidx` and `rescale` may be repeated."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """Bands or an expression of them, stretched and coloured."""

    bands: tuple[int, ...] = ()
    """Counted from 1; one, or three for RGB."""
    expression: Expression | None = None
    """Instead of bands; one or three results."""
    rescale: tuple[tuple[float, float], ...] = ()
    """Values that become black and white; one pair for all, or one per band. None: see `render`."""
    gamma: float = 1.0
    """Values above 1 brighten the midtones."""
    colormap: ColorMap | None = None
    return_mask: bool = True
    """Transparent where there is no data, in formats with transparency; else `background`."""
    alpha: int | None = None
    """Alpha band, from 1."""

    @property
    def needed(self) -> tuple[int, ...]:
        """Bands to read, counted from 1, in the order in which `render` takes them."""
        bands = self.bands if self.expression is None else self.expression.bands
        return bands if self.alpha is None else (*bands, self.alpha)


def read_style(
    query: Mapping[str, Sequence[str]], names: Sequence[str], alpha: int | None = None
) -> Style:
    """A style from query parameters, for bands of these names; unknown parameters are ignored.

    Without `bidx` and `expression`: the first three bands, or the first if there are fewer. `alpha`
    is the number of the alpha band; it has no effect if it is displayed itself, or if no mask is
    requested. Raises `ConfigError` naming the parameter.
    """
    expression = _single(query, "expression")
    bidx = query.get("bidx", ())
    if expression is not None and bidx:
        raise ConfigError("cannot stand beside bidx", key="expression", found=expression)
    parsed = None if expression is None else parse(expression, tuple(names))
    style = Style(
        bands=() if parsed is not None else _bands(bidx, len(names)),
        expression=parsed,
        rescale=tuple(_range(text) for text in query.get("rescale", ())),
        gamma=_gamma(_single(query, "gamma")),
        colormap=_colormap(query),
        return_mask=_flag(query, "return_mask"),
    )
    _check_counts(style)
    if alpha is None or not style.return_mask or alpha in style.needed:
        return style
    return replace(style, alpha=alpha)


def _check_counts(style: Style) -> None:
    count = len(style.bands) if style.expression is None else len(style.expression.results)
    key = "bidx" if style.expression is None else "expression"
    if count not in (1, 3):
        raise ConfigError(
            f"gives {count} planes", key=key, remedy="one, or three for red, green and blue"
        )
    if style.colormap is not None and count != 1:
        raise ConfigError("colours a single band", key="colormap", remedy=f"one {key}")
    if len(style.rescale) not in (0, 1, count):
        raise ConfigError(
            f"is given {len(style.rescale)} times", key="rescale", remedy=f"once, or {count} times"
        )


def _single(query: Mapping[str, Sequence[str]], key: str) -> str | None:
    values = query.get(key, ())
    if len(values) > 1:
        raise ConfigError("is given more than once", key=key)
    return values[0] if values else None


def _bands(texts: Sequence[str], count: int) -> tuple[int, ...]:
    if not texts:
        return (1, 2, 3) if count >= 3 else (1,)
    numbers = [part for text in texts for part in text.split(",")]
    bands = []
    for number in numbers:
        if not (number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= count):
            raise ConfigError(
                "is not a band", key="bidx", found=number[:20], remedy=f"a number from 1 to {count}"
            )
        bands.append(int(number))
    return tuple(bands)


def _range(text: str) -> tuple[float, float]:
    low, comma, high = text.partition(",")
    try:
        values = float(low), float(high)
    except ValueError:
        values = math.nan, math.nan
    if not comma or not all(map(math.isfinite, values)) or values[0] == values[1]:
        raise ConfigError(
            "is not a range", key="rescale", found=text[:40], remedy="low,high such as 0,3000"
        )
    return values


def _gamma(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.01 <= value <= 100:
        raise ConfigError(
            "is not a gamma", key="gamma", found=text[:20], remedy="from 0.01 to 100; 1 is linear"
        )
    return value


def _colormap(query: Mapping[str, Sequence[str]]) -> ColorMap | None:
    name, text = _single(query, "colormap_name"), _single(query, "colormap")
    if name is not None and text is not None:
        raise ConfigError("cannot stand beside colormap", key="colormap_name", found=name)
    if text is not None:
        return colormaps.from_json(text)
    return None if name is None else colormaps.named(name)


def _flag(query: Mapping[str, Sequence[str]], key: str) -> bool:
    text = (_single(query, key) or "true").lower()
    if text not in ("true", "false", "1", "0", "yes", "no"):
        raise ConfigError("is neither true nor false", key=key, found=text[:20])
    return text in ("true", "1", "yes")


def query_of(style: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """A named style of a process file as query parameters: `{bidx: [4, 3, 2], rescale: [0, 3000]}`.

    Raises `ConfigError` for other keys.
    """
    unknown = [key for key in style if key not in PARAMETERS]
    if unknown:
        raise ConfigError(
            "unknown key of a style", key=str(unknown[0]), remedy=", ".join(PARAMETERS)
        )
    return {key: _texts(key, value) for key, value in style.items()}


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if key == "colormap" and not isinstance(value, str):
        import json

        return (json.dumps(_plain(value)),)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, list | tuple):
        if key == "rescale" and value and not isinstance(value[0], list | tuple | str):
            return (",".join(map(str, value)),)
        return tuple(text for entry in value for text in _texts(key, entry))
    return (str(value),)


def _plain(value: Any) -> Any:
    """Keys as text and plain containers, for JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
