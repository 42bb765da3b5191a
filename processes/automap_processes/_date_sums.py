"""Sums over the dates of a `scenes` input, one date in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles import Empty, Raster, Scenes, Stack
from automap_tiles.analysis.indices import spectral_index

Array = np.ndarray[Any, Any]
Tags = dict[int, dict[str, str]]


@dataclass
class Sums:
    """Of all dates."""

    place: Stack
    """Without dates: where the sums lie."""
    count: Array
    """(y, x) number of observations."""
    ndvi_count: Array
    """(y, x) number of those that have an NDVI: its denominator is not 0."""
    ndvi: Array
    """(y, x) sum of NDVI."""


def sums(scenes: Scenes, *, masked: bool, ndvi: bool = False) -> Sums | None:
    """Count observations, those that the input's mask lets count or all with data.

    None when there is no observation around the tile.
    """
    found: Sums | None = None
    for stack in scenes.iter_scenes(masked=masked):
        if found is None:
            shape = stack.valid.shape[1:]
            found = Sums(
                place=stack.without_dates(),
                count=np.zeros(shape, dtype=np.uint16),
                ndvi_count=np.zeros(shape, dtype=np.uint16),
                ndvi=np.zeros(shape, dtype=np.float64),
            )
        found.count += stack.valid[0]
        if ndvi:
            index = spectral_index("ndvi", {name: stack.band(name)[0] for name in ("nir", "red")})
            found.ndvi_count += ~np.ma.getmaskarray(index)
            found.ndvi += index.filled(0)
    return found


def observed(scenes: Scenes, *, ndvi: bool = False) -> Sums:
    """Of all observations with data; raises `Empty` when there is none."""
    found = sums(scenes, masked=False, ndvi=ndvi)
    if found is None:
        raise Empty
    return found


def result(place: Stack, planes: dict[str, Any]) -> tuple[Raster, Tags]:
    """Planes by name, as a process returns them."""
    picture = np.ma.MaskedArray(
        np.stack([np.ma.getdata(plane) for plane in planes.values()]),
        mask=np.stack([np.ma.getmaskarray(plane) for plane in planes.values()]),
    )
    return place.raster(picture), {n: {"name": name} for n, name in enumerate(planes, start=1)}


def mean(total: Array, count: Array) -> Any:
    """float32, masked where nothing was counted."""
    none = count == 0
    return np.ma.MaskedArray((total / np.where(none, 1, count)).astype(np.float32), mask=none)
