"""Colour maps: named ramps, classes and intervals.

Names are those of matplotlib in lower case, as in titiler; the suffix `_r` reverses a map. The
ColorBrewer schemes are the colours of C. Brewer and M. Harrower, colorbrewer2.org; viridis, plasma,
inferno and magma are by N. Smith and S. van der Walt (matplotlib, CC0), turbo by A. Mikhailov
(Google, 2019): of these 35 of 256 colours are stored, with an interpolation error of at most 3 of
255 levels.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError

Rgba: TypeAlias = tuple[int, int, int, int]

_STOPS = {
    "rdylgn": "a50026d73027f46d43fdae61fee08bffffbfd9ef8ba6d96a66bd631a9850006837",
    "rdylbu": "a50026d73027f46d43fdae61fee090ffffbfe0f3f8abd9e974add14575b4313695",
    "rdbu": "67001fb2182bd6604df4a582fddbc7f7f7f7d1e5f092c5de4393c32166ac053061",
    "brbg": "5430058c510abf812ddfc27df6e8c3f5f5f5c7eae580cdc135978f01665e003c30",
    "piyg": "8e0152c51b7dde77aef1b6dafde0eff7f7f7e6f5d0b8e1867fbc414d9221276419",
    "puor": "7f3b08b35806e08214fdb863fee0b6f7f7f7d8daebb2abd28073ac5427882d004b",
    "spectral": "9e0142d53e4ff46d43fdae61fee08bffffbfe6f598abdda466c2a53288bd5e4fa2",
    "ylgn": "ffffe5f7fcb9d9f0a3addd8e78c67941ab5d238443006837004529",
    "ylgnbu": "ffffd9edf8b1c7e9b47fcdbb41b6c41d91c0225ea8253494081d58",
    "ylorrd": "ffffccffeda0fed976feb24cfd8d3cfc4e2ae31a1cbd0026800026",
    "ylorbr": "ffffe5fff7bcfee391fec44ffe9929ec7014cc4c02993404662506",
    "greens": "f7fcf5e5f5e0c7e9c0a1d99b74c47641ab5d238b45006d2c00441b",
    "blues": "f7fbffdeebf7c6dbef9ecae16baed64292c62171b508519c08306b",
    "greys": "fffffff0f0f0d9d9d9bdbdbd969696737373525252252525000000",
    "reds": "fff5f0fee0d2fcbba1fc9272fb6a4aef3b2ccb181da50f1567000d",
    "oranges": "fff5ebfee6cefdd0a2fdae6bfd8d3cf16913d94801a636037f2704",
    "purples": "fcfbfdefedf5dadaebbcbddc9e9ac8807dba6a51a354278f3f007d",
    "bugn": "f7fcfde5f5f9ccece699d8c966c2a441ae76238b45006d2c00441b",
    "gnbu": "f7fcf0e0f3dbccebc5a8ddb57bccc44eb3d32b8cbe0868ac084081",
    "gray": "000000ffffff",
    "viridis": (
        "440154460c5f471669482071472a7945347f433c844044873c4d8a38568b355d8c31648d2e6c8e2b748e"
        "287a8e26818e23898d20908c1e978a1e9d8820a58526ac812eb27c38b97645bf6f55c66664cb5d74d054"
        "88d5479dd93aafdc2ec2df22d7e219ece41afde724"
    ),
    "plasma": (
        "0c078621058f2f04953b039a49029f5601a36100a66c00a87801a88405a68e0ca49713a0a21c9aac2593"
        "b42d8dbb3586c33e7fcb4777d14f71d7576bde6064e46a5de97257ed7b51f2854af68f43f9993dfba337"
        "fdaf31fdbb2bfdc626fbd124f8df24f3ec26eff821"
    ),
    "inferno": (
        "000003030212090621120a321d0c452b0a56370961430a68500d6c5d126e68166e731a6d801f6b8d2369"
        "982765a32b61af315bbb3754c53d4dcf4446d94d3de25733e8612bee6c22f37918f8870dfa9306fba007"
        "fbb014fabf25f8cd37f4db4bf1e968f3f689fcfea4"
    ),
    "magma": (
        "00000303031109071f100c2f1a10412511553010653c0f714a107957147d61187f6c1d80792281852681"
        "912a809c2e7fa9327cb63679c23a75cd3f70d9466ae44e64ec585ff2635cf7715bfa805efc8e63fd9b6a"
        "feaa74feb97ffec689fdd295fde1a3fcf0b1fbfcbf"
    ),
    "turbo": (
        "30123b3929723f3d9c4350be4666dd467af2448cfd3c9dfd2fb1f321c4e119d3cf18e0bd22eba938f491"
        "51f9796dfd628bfe4ba4fc3bb6f735c8ee33dae236ead339f4c43afbb537fea12ffc8926f8741cf26014"
        "e84b0cdb3a07ce2d04be2102a91501910b017a0402"
    ),
}
"""Evenly spaced colours as hexadecimal digits, interpolated in between."""


@dataclass(frozen=True, eq=False)
class Ramp:
    """256 colours for the stretched values 0 to 255."""

    table: NDArray[np.uint8]
    """(256, 4) red, green, blue, alpha."""


@dataclass(frozen=True, kw_only=True)
class Classes:
    """A colour for each of some values; others are transparent."""

    colours: tuple[tuple[float, Rgba], ...]
    """By value, ascending."""


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """A colour for low <= value < high.

    Values outside all intervals are transparent, the first match wins.
    """

    colours: tuple[tuple[float, float, Rgba], ...]


ColorMap: TypeAlias = Ramp | Classes | Intervals


def names() -> tuple[str, ...]:
    """Names of ramps; each also with the suffix `_r`."""
    return tuple(_STOPS)


@cache
def named(name: str) -> Ramp:
    """A ramp by its name; raises `ConfigError`."""
    key = name.lower()
    stops = _STOPS.get(key.removesuffix("_r"))
    if stops is None:
        close = difflib.get_close_matches(key, _STOPS, 1)
        raise ConfigError(
            "unknown colour map",
            key="colormap_name",
            found=name,
            remedy=f"{close[0]}?" if close else f"one of {', '.join(_STOPS)}, or with _r behind",
        )
    colours = np.frombuffer(bytes.fromhex(stops), np.uint8).reshape(-1, 3).astype(float)
    # Indices of the stored colours among 256: there the colour is exact.
    places = np.round(np.linspace(0, 255, len(colours)))
    channels = [np.interp(np.arange(256), places, channel) for channel in colours.T]
    table = np.round(np.stack([*channels, np.full(256, 255.0)], axis=1)).astype(np.uint8)
    return Ramp(table[::-1].copy() if key.endswith("_r") else table)


def from_json(text: str) -> ColorMap:
    """`{"1": "#00ff00", "2": [255, 0, 0]}` or `[[[0, 10], "#00ff00"], …]`, as in titiler.

    Raises `ConfigError`.
    """
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _error(text, "is not valid JSON") from error
    return from_value(value)


def from_value(value: Any) -> ColorMap:
    """A colour map from a mapping of values to colours, or a list of intervals and colours."""
    if isinstance(value, str):
        return named(value)
    if isinstance(value, Mapping) and value:
        colours = {_number(key): _colour(colour) for key, colour in value.items()}
        return Classes(colours=tuple(sorted(colours.items())))
    if isinstance(value, Sequence) and value:
        return Intervals(colours=tuple(_interval(entry) for entry in value))
    raise _error(value, "is neither a mapping nor a list")


def _interval(entry: Any) -> tuple[float, float, Rgba]:
    try:
        (low, high), colour = entry
    except (TypeError, ValueError) as error:
        raise _error(entry, "is not an interval with a colour", "[[0, 10], [255, 0, 0]]") from error
    return _number(low), _number(high), _colour(colour)


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _error(value, "is not a number") from error
    if number != number or isinstance(value, bool):  # noqa: PLR0124 - NaN
        raise _error(value, "is not a number")
    return number


def _colour(value: Any) -> Rgba:
    remedy = '"#ff0000", [255, 0, 0] or [255, 0, 0, 128]'
    try:
        if isinstance(value, str):
            digits = value.removeprefix("#")
            parts = list(bytes.fromhex(digits))
        else:
            parts = [int(part) for part in value]
    except (TypeError, ValueError, OverflowError) as error:
        raise _error(value, "is not a colour", remedy) from error
    if len(parts) not in (3, 4) or not all(0 <= part <= 255 for part in parts):
        raise _error(value, "is not a colour", remedy)
    red, green, blue, alpha = [*parts, 255][:4]
    return red, green, blue, alpha


def _error(found: Any, message: str, remedy: str | None = None) -> ConfigError:
    text = str(found)
    return ConfigError(message, key="colormap", found=text[:80], remedy=remedy)
