"""Geometric median of many dates, and how far they scatter around it.

The geometric median is the point in the space of the bands with the smallest sum of distances to
the dates of a pixel: unlike the median band by band it keeps the relations between the bands
(Roberts, Mueller, McIntyre 2017, doi:10.1109/TGRS.2017.2723896). Its three deviations are those of
Roberts, Dunn, Mueller 2018 (doi:10.1109/IGARSS.2018.8518312).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from automap_tiles.analysis import _weiszfeld
from automap_tiles.analysis._compiled import compiled
from automap_tiles.analysis._dates import Array, Bools, WholeDates, whole_dates
from automap_tiles.analysis.composites import composite

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
Deviation = Literal["emad", "smad", "bcmad"]
TOLERANCE = 3e-5
MAX_STEPS = 1000
# Bytes per sample. The three arrays of a step take 12, but blocks of 4 000 pixels, which exceed the
# L2 cache, were a third faster than those that fit in it, since there are fewer calls.
_PIXEL_BYTES = 3
_SAMPLE_SECONDS = 18e-9
"""NumPy, per band and date of a pixel, measured for 8 dates of 5 bands."""


@dataclass(frozen=True, kw_only=True)
class GeometricMedian:
    """Result of `geomedian`."""

    picture: Picture
    """(band, y, x) float32 in the unit of the stack."""
    deviations: dict[Deviation, Picture]
    """(y, x) float32, by the requested names."""
    count: Picture
    """(y, x) uint16: number of dates with all bands valid."""


def geomedian(
    stack: composite.Stack,
    valid: Bools | None = None,
    *,
    deviations: Sequence[Deviation] = (),
    scale: float = 1.0,
    tolerance: float = TOLERANCE,
    max_steps: int = MAX_STEPS,
    fast: bool | None = None,
) -> GeometricMedian:
    """Geometric median of the dates of which all bands are valid; stack and valid as for `median`.

    A pixel is done when its step is shorter than `tolerance`, in reflectance, of which 1 is `scale`
    in the stack, or after `max_steps`. It is computed in float32; steps of a millionth of the
    sample vector's length are not told apart from none.

    `deviations`: `emad` is the median distance ‖x - g‖ to the geometric median g in the unit of the
    stack, `smad` that of 1 - cos(x, g), `bcmad` that of Σ|x - g| / Σ|x + g|.
    `fast` as in `accelerate`; the result is the same, bit by bit.
    """
    for name in deviations:
        if name not in get_args(Deviation):
            raise ValueError(f"unknown deviation {name!r}; known: {', '.join(get_args(Deviation))}")
    dates = whole_dates(stack, valid)
    bands, height, width = dates.data.shape[1:]
    number = dates.valid.sum(axis=0, dtype=np.uint16)
    missing = number == 0
    data = np.zeros((bands, height * width), dtype=np.float32)
    if bands == 1:  # in one dimension it is the median, which has a closed form
        data[:] = composite.median(dates.data, dates.valid).data.reshape(1, -1)
    else:
        kernels = compiled(fast, dates.data.size * _SAMPLE_SECONDS)
        _solve(dates, data, tolerance * scale, max_steps, kernels)
    picture = np.ma.MaskedArray(
        data.reshape(bands, height, width), mask=np.repeat(missing[None], bands, axis=0)
    )
    return GeometricMedian(
        picture=picture,
        deviations=_deviations(dates, picture, dict.fromkeys(deviations)),
        count=np.ma.MaskedArray(number, mask=np.zeros(number.shape, dtype=bool)),
    )


def _solve(
    dates: WholeDates, out: Array, tolerance: float, max_steps: int, kernels: ModuleType | None
) -> None:
    blocks = _blocks(dates, tolerance)
    if kernels is None:
        _weiszfeld.solve(blocks, out, max_steps)
        return
    for block in blocks:
        kernels.solve(block, out, max_steps)


def _blocks(dates: WholeDates, tolerance: float) -> Iterator[_weiszfeld.PixelBlock]:
    """Pixels with a valid date, some rows at a time, with their initial values."""
    count, bands, _, width = dates.data.shape
    used = np.flatnonzero(dates.valid.any(axis=(1, 2)))  # fully clouded dates cost nothing
    if len(used) == 0:
        return
    for rows in dates.blocks(_PIXEL_BYTES * count * bands):
        valid, samples = dates.valid[:, rows], dates.data[:, :, rows]
        if len(used) < count:
            valid, samples = valid[used], samples[used]
        valid = valid.reshape(len(used), -1)
        samples = samples.astype(np.float32).reshape(len(used), bands, -1)
        place = np.flatnonzero(valid.any(axis=0))
        if len(place) < valid.shape[1]:
            samples, valid = np.take(samples, place, axis=2), np.take(valid, place, axis=1)
        if len(place):
            yield _weiszfeld.start(samples, valid, place + rows.start * width, tolerance)


def _deviations(
    dates: WholeDates, picture: Picture, names: Iterable[Deviation]
) -> dict[Deviation, Picture]:
    count, bands, height, width = dates.data.shape
    found: dict[Deviation, Picture] = {
        name: np.ma.MaskedArray(
            np.zeros((height, width), dtype=np.float32), mask=np.ma.getmaskarray(picture)[0].copy()
        )
        for name in names
    }
    if not found:
        return found
    for rows in dates.blocks(_PIXEL_BYTES * count * bands):
        centre = picture.data[:, rows].reshape(bands, -1)
        distances = np.empty((count, len(found), centre.shape[1]), dtype=np.float32)
        length = np.sqrt(_weiszfeld.total(centre * centre))
        for date in range(count):
            samples = dates.data[date, :, rows].astype(np.float32).reshape(bands, -1)
            for name, distance in zip(found, distances[date], strict=True):
                _DISTANCES[name](samples, centre, length, distance)
        valid = dates.valid[:, rows]
        shape = count, len(found), *valid.shape[1:]
        medians = composite.median(distances.reshape(shape), valid).data
        for result, median in zip(found.values(), medians, strict=True):
            result.data[rows] = median
    return found


def _euclidean(samples: Array, centre: Array, _: Array, out: Array) -> None:
    difference = samples - centre
    np.multiply(difference, difference, out=difference)
    np.sqrt(_weiszfeld.total(difference), out=out)


def _spectral(samples: Array, centre: Array, length: Array, out: Array) -> None:
    """1 - cos as half the squared distance of unit vectors, without cancellation in float32."""
    with np.errstate(all="ignore"):
        product = samples * samples
        here = np.sqrt(_weiszfeld.total(product))
        np.divide(samples, here, out=product)
        np.subtract(product, centre / length, out=product)
        np.multiply(product, product, out=product)
        np.multiply(_weiszfeld.total(product), np.float32(0.5), out=out)


def _bray_curtis(samples: Array, centre: Array, _: Array, out: Array) -> None:
    with np.errstate(all="ignore"):
        part = samples - centre
        difference = _weiszfeld.total(np.abs(part, out=part))
        np.add(samples, centre, out=part)
        np.divide(difference, _weiszfeld.total(np.abs(part, out=part)), out=out)


_DISTANCES = {"emad": _euclidean, "smad": _spectral, "bcmad": _bray_curtis}
