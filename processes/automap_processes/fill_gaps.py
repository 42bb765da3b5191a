"""Fill the gaps of one date from others: the stripes of Landsat 7, or what clouds hid.

Inputs: `picture`, a raster; `donor`, another date of the same bands, the first to be taken;
`second` (optional), where the first has no data either. All in one unit, such as prepared scenes or
composites of `automap run`.

What is taken is made as bright as the ground around the gap is in the picture (local gain); the
last band says where each pixel is from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_processes._band_tags import Tags, band_tags, tags_by_number
from automap_processes._types import Resampling
from automap_tiles import ConfigError, Empty, RasterInput, RasterReader, check_bands_alike
from automap_tiles.analysis.radiometry.donors import RADIUS, fill_gaps


def pixelbuffer(radius: int = RADIUS) -> int:
    """Pixels around a tile that its gaps are filled by."""
    return radius


def check_parameters(
    picture: RasterReader,
    donor: RasterReader,
    second: RasterReader | None = None,
    radius: int = RADIUS,
    bands: list[int] | None = None,
) -> int:
    """How many bands there are; complains of what cannot work."""
    given = {"picture": picture, "donor": donor, "second": second}
    tables = {name: each.describe_bands() for name, each in given.items() if each is not None}
    check_bands_alike(tables, "input", bands)
    if not 1 <= radius <= _WIDEST:
        key = "process_parameters.radius"
        raise ConfigError(f"is 1 to {_WIDEST} pixels", key=key, found=radius)
    return len(tables["picture"].names if bands is None else bands) + 1


_WIDEST = 100


def execute(
    picture: RasterInput,
    donor: RasterInput,
    second: RasterInput | None = None,
    *,
    radius: int = RADIUS,
    bands: list[int] | None = None,
    resampling: Resampling = "nearest",
) -> tuple[np.ma.MaskedArray[Any, Any], Tags]:
    """The bands with fewer gaps, and a last one: 0 own pixels, 1 of `donor`, 2 of `second`.

    `radius` is that of the window in which both dates are compared, in pixels: about as many as
    the widest gap. `bands` are numbers, from 1; all by default. Of pixels that are still gaps every
    band is masked.
    """
    if picture.is_empty():
        raise Empty
    own, *others = (
        each.read(indexes=bands, resampling=resampling)
        for each in (picture, donor, second)
        if each is not None
    )
    if any(len(each) != len(own) for each in others):
        raise ConfigError(
            "has other bands than the picture",
            key="input",
            found=", ".join(str(len(each)) for each in (own, *others)),
            remedy="bands: [1, 2, 3]",
        )
    found = fill_gaps(own, others, radius)
    if np.ma.getmaskarray(found.values).all():
        raise Empty
    mask = np.ma.getmaskarray(found.values)
    planes = (found.values.data, found.source[np.newaxis].astype(found.values.dtype))
    filled = np.ma.MaskedArray(np.concatenate(planes), mask=np.concatenate([mask, mask[:1]]))
    return filled, tags_by_number([*band_tags(picture, bands), {"name": "filled_from"}])
