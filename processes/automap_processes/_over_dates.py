"""Composites of a `scenes` input: statistics over dates, on the sensor's own grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from automap_tiles import Empty, Grid, Raster, Scenes, Stack
from automap_tiles.analysis import composite
from automap_tiles.analysis import indices as spectral
from automap_tiles.analysis.geomedian import geomedian

Picture = np.ma.MaskedArray[Any, Any]
Provenance = Literal["valid_count"]

_WHOLE = 10000.0
"""Value of a reflectance of 1 in stacks of whole numbers."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for."""

    statistics: tuple[str, ...]
    """Names of `composite.reduce`, or `geomedian`."""
    indices: tuple[spectral.IndexName, ...]
    provenance: tuple[Provenance, ...]
    scale: float
    """Value of a reflectance, or of an index, of 1 in the result."""
    rounded: bool

    def __post_init__(self) -> None:
        plain = [name for name in self.statistics if name != "geomedian"]
        if plain or not self.statistics:
            composite.check_statistics(plain)


def names(bands: Sequence[str], wish: Wish) -> list[str]:
    """Names of the bands of the result: `median_red`, `std_ndvi`, `valid_count`."""
    planes = [*bands, *wish.indices]
    return [*(f"{name}_{plane}" for name in wish.statistics for plane in planes), *wish.provenance]


def over_dates(scenes: Scenes, wish: Wish) -> tuple[Raster, dict[int, dict[str, str]]]:
    """Every statistic of the bands, then of the indices; then the provenance; tags with names.

    The indices are computed for every date and then aggregated. Raises `Empty` when no date has a
    valid pixel around the tile.
    """
    strips = [
        (stack.without_dates(), _strip(stack, wish))
        for stack in scenes.strips(whole=wish.rounded and wish.scale == _WHOLE)
    ]
    if all(np.ma.getmaskarray(picture).all() for _, picture in strips):
        raise Empty
    first = strips[0][0]
    height = sum(stack.grid.height for stack, _ in strips)
    grid = Grid(first.grid.crs, first.grid.transform, (height, first.grid.width))
    tags = {
        number: {"name": name} for number, name in enumerate(names(scenes.bands, wish), start=1)
    }
    return Raster(_joined([picture for _, picture in strips]), grid, first.anchor), tags


def _strip(stack: Stack, wish: Wish) -> Picture:
    count = len(names(stack.bands, wish))
    if stack.is_empty:
        shape = (count, *stack.grid.shape)
        return np.ma.MaskedArray(np.zeros(shape, dtype=np.float32), mask=True)
    layers = [layer for name in wish.statistics for layer in _statistic(stack, wish, name)]
    layers += [_provenance(stack, name) for name in wish.provenance]
    return np.ma.MaskedArray(
        np.concatenate([np.ma.getdata(layer) for layer in layers], dtype=np.float32),
        mask=np.concatenate([np.ma.getmaskarray(layer) for layer in layers]),
    )


def _statistic(stack: Stack, wish: Wish, name: str) -> Iterator[Picture]:
    """(band, y, x) of the bands, then of each index."""
    if name == "geomedian":
        picture = geomedian(stack.values, stack.valid, scale=stack.scale).picture
    else:
        picture = _reduced(stack.values, stack.valid, name)
    yield _finished(picture, wish.scale / stack.scale, wish)
    for index in wish.indices:
        values = spectral.spectral_index(
            index, {band: stack.band(band) for band in stack.bands}, scale=stack.scale
        )
        plain = "median" if name == "geomedian" else name
        yield _finished(_reduced(values.data, ~values.mask, plain)[np.newaxis], wish.scale, wish)


def _reduced(values: Any, valid: Any, name: str) -> Picture:
    return composite.reduce(values, valid, (name,))[name]


def _finished(picture: Picture, factor: float, wish: Wish) -> Picture:
    data = np.ma.getdata(picture)
    if factor != 1:
        data = data * np.float32(factor)
    if wish.rounded:
        data = np.floor(data + np.float32(0.5))
    return np.ma.MaskedArray(data, mask=np.ma.getmaskarray(picture))


def _provenance(stack: Stack, name: Provenance) -> Picture:
    """(1, y, x); `valid_count` is the only one so far."""
    del name
    count = stack.valid.sum(axis=0, dtype=np.uint16)[np.newaxis]
    return np.ma.MaskedArray(count, mask=count == 0)


def _joined(strips: Sequence[Picture]) -> Picture:
    if len(strips) == 1:
        return strips[0]
    return np.ma.MaskedArray(
        np.concatenate([np.ma.getdata(strip) for strip in strips], axis=1),
        mask=np.concatenate([np.ma.getmaskarray(strip) for strip in strips], axis=1),
    )
