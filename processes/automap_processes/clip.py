"""A raster cut along features: what lies outside of them is no data.

Inputs: `inp`, a raster; `clip`, features.

Pixel-local: the result does not depend on how the tiles are cut.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_processes._ignored_parameters import check_matching
from automap_processes._types import Matching, Resampling
from automap_tiles import Empty, RasterInput, VectorInput

check_parameters = check_matching


def execute(  # noqa: PLR0913 - names and defaults that process files already use
    inp: RasterInput,
    clip: VectorInput,
    *,
    resampling: Resampling = "nearest",
    band_indexes: int | list[int] | None = None,
    clip_pixelbuffer: int = 0,
    td_matching_method: Matching = "gdal",  # noqa: ARG001
    td_matching_max_zoom: int | None = None,  # noqa: ARG001
    td_matching_precision: int = 8,  # noqa: ARG001
    td_fallback_to_higher_zoom: bool = False,  # noqa: ARG001
) -> np.ma.MaskedArray[Any, Any]:
    """Pixels whose centre lies in a feature; others and those without data are masked.

    `band_indexes` chooses bands, from 1. `clip_pixelbuffer` widens the features by so many pixels;
    give the pyramid as large a pixel buffer, or features of the next tile are missed.
    The `td_` parameters of mapchete are accepted and have no effect: a tile directory is read at
    the zoom that fits.
    """
    if clip.is_empty() or inp.is_empty():
        raise Empty
    outside = clip.read_as_raster_mask(pixelbuffer=clip_pixelbuffer)
    if outside.all():
        raise Empty
    pixels = inp.read(indexes=band_indexes, resampling=resampling)
    return np.ma.MaskedArray(pixels.data, mask=np.ma.getmaskarray(pixels) | outside)
