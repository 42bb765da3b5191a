"""Gaps of one date filled from others, as bright as the ground around the gap is on that date.

For Landsat 7 since its scan line corrector failed (31 May 2003): stripes of up to 14 pixels, which
lie elsewhere on every date. Each pixel of a gap is that of the other date times the ratio of both
dates' means in a window, of pixels that both have (the local gain of USGS 2004, "SLC-off gap-filled
products", phase one; its offset is left out, for dark ground gets negative by it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.textures.boxes import box_mean

RADIUS = 15
"""Pixels: twice as wide as the widest gap."""
LEAST_SHARE = 0.25
"""Of a window's pixels that both dates must have."""
_LARGEST_GAIN = 3.0
"""A donor that is more than so many times as dark, or as bright, shows something else."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Filled:
    """A picture with its gaps filled as far as could be."""

    values: np.ma.MaskedArray[Any, Any]
    """(band, y, x), of the picture's own type; masked where there is still nothing."""
    source: NDArray[np.uint8]
    """(y, x): 0 the picture's own, else the number of the donor, from 1."""


def fill_gaps(
    picture: np.ma.MaskedArray[Any, Any],
    donors: Sequence[np.ma.MaskedArray[Any, Any]],
    radius: int = RADIUS,
) -> Filled:
    """A picture (band, y, x) filled from the first of the donors that can, all bands together.

    A pixel that any band lacks is a gap. Gains are those of the picture's own pixels, never of
    filled ones: the result depends on windows of (2 · radius + 1)² pixels alone. Raises
    `ValueError` for donors of another shape.
    """
    if any(donor.shape != picture.shape for donor in donors):
        raise ValueError("a donor has the bands and pixels of the picture")
    own = _valid(picture)
    values = np.ma.getdata(picture).copy()
    source = np.zeros(own.shape, dtype=np.uint8)
    rest = ~own
    for number, donor in enumerate(donors, start=1):
        if not rest.any():
            break
        fillable = rest & _valid(donor)
        if not fillable.any():
            continue
        gains, known = _gains(picture, donor, own & _valid(donor), radius)
        fillable &= known
        lent = np.where(fillable, np.ma.getdata(donor), 0).astype(np.float64) * gains
        np.copyto(values, _as_type(lent, values.dtype), where=fillable)
        source[fillable] = number
        rest &= ~fillable
    mask = np.broadcast_to(rest, values.shape)
    return Filled(values=np.ma.MaskedArray(values, mask=mask), source=source)


def _valid(picture: np.ma.MaskedArray[Any, Any]) -> NDArray[np.bool_]:
    """(y, x): where every band has data, which is finite."""
    there = np.isfinite(np.ma.getdata(picture)) & ~np.ma.getmaskarray(picture)
    found: NDArray[np.bool_] = np.logical_and.reduce(there)
    return found


def _gains(
    picture: np.ma.MaskedArray[Any, Any],
    donor: np.ma.MaskedArray[Any, Any],
    both: NDArray[np.bool_],
    radius: int,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Ratio of the means around each pixel (band, y, x), and where (y, x) it can be trusted."""
    share = np.ma.getdata(box_mean(both.astype(np.float32), radius))
    # 0 where not both have data: the share of them is in both means
    sums = [
        np.ma.getdata(box_mean(np.where(both, np.ma.getdata(each), 0), radius)).astype(np.float64)
        for each in (picture, donor)
    ]
    there = sums[1] > 0
    gains = np.divide(sums[0], sums[1], out=np.zeros_like(sums[0]), where=there)
    plausible = there & (gains >= 1 / _LARGEST_GAIN) & (gains <= _LARGEST_GAIN)
    return gains, (share >= LEAST_SHARE) & np.logical_and.reduce(plausible)


def _as_type(exact: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Whole numbers with halves rounded up and cut to the type's limits, or floats."""
    if dtype.kind == "f":
        return exact.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.floor(exact + 0.5), limits.min, limits.max).astype(dtype)
