"""Which bands of a picture are red, green and blue, and what their numbers are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automap_tiles import ConfigError, Fate, Note, RasterReader, Subject, tell

COLOURS = ("red", "green", "blue")
_PLACES = (3, 2, 1)
"""Of bands without such names: red, green and blue as sensors count them."""
_WHOLE = 1e-4
"""Reflectance of a stored 1 where whole numbers do not say it."""

Units = tuple[tuple[float, float], ...]


def bands_of(names: Sequence[str], asked: tuple[int, int, int] | None) -> tuple[int, int, int]:
    """Numbers of red, green and blue, from 1; raises `ConfigError` for bands that are not there.

    By their names, of several statistics the first (`median_red`, `median_green`, …), or by their
    places where no band is called so.
    """
    found = asked or _named(names) or _PLACES
    outside = [number for number in found if not 1 <= number <= len(names)]
    if outside:
        raise ConfigError(
            f"a picture in colour is of three bands, and the input has {len(names)}",
            key="process_parameters.bands",
            found=list(found),
            remedy="the numbers of red, green and blue, from 1",
        )
    return found


def units_of(
    units: Sequence[tuple[float, float]], dtype: np.dtype[Any], asked: float | None
) -> Units:
    """(factor, offset) of each band: a stored number times the factor plus the offset."""
    if asked is not None:
        return tuple((asked, 0.0) for _ in units)
    if any(unit != (1.0, 0.0) for unit in units) or dtype.kind == "f":
        return tuple(units)
    return tuple((_WHOLE, 0.0) for _ in units)


def check_colours(
    picture: RasterReader, bands: tuple[int, int, int] | None, factor: float | None
) -> None:
    """Tell what is guessed of a picture; raises `ConfigError` where it has no such bands."""
    if factor is not None and not 0 < factor < np.inf:
        raise ConfigError("is more than 0", key="process_parameters.factor", found=factor)
    table = picture.describe_bands()
    numbers = bands_of(table.names, bands)
    if bands is None and _named(table.names) is None:
        _tell(
            "no bands are called red, green and blue: taken for the third, second and first",
            tuple(table.names[number - 1] for number in numbers),
            "bands: [3, 2, 1] under process_parameters, or names of the bands",
        )
    own = [(table.scales[number - 1], table.offsets[number - 1]) for number in numbers]
    dtype = picture.pixel_sample().pixels.dtype
    if factor is None and units_of(own, dtype, None) != tuple(own):
        _tell(
            "whole numbers that do not say what they are worth: taken for reflectance x 10000",
            (str(dtype),),
            "factor under process_parameters, or a scale of the bands",
        )


def _named(names: Sequence[str]) -> tuple[int, int, int] | None:
    """Numbers of the first three bands that have the names of colours, and else share theirs."""
    for number, name in enumerate(names, start=1):
        before = name.removesuffix(COLOURS[0])
        if before == name or (before and not before.endswith("_")):
            continue
        places = [[place for place, each in enumerate(names, start=1) if each == before + colour]
                  for colour in COLOURS[1:]]  # fmt: skip
        if all(places):
            return number, places[0][0], places[1][0]
    return None


def _tell(reason: str, examples: tuple[str, ...], remedy: str) -> None:
    tell(Note(fate=Fate.GUESSED, subject=Subject.BANDS, reason=reason, count=3,
              examples=examples, remedy=remedy))  # fmt: skip
