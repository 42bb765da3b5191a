"""Another grid, format or type for a raster; another grid or format for features.

Inputs: `inp`, a raster or features; `clip` (optional), features outside of which nothing is kept.

Pixel-local: the result does not depend on how the tiles are cut.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_processes._ignored_parameters import check_matching
from automap_processes._types import Matching, Resampling
from automap_tiles import Empty, RasterInput, VectorInput

Feature = dict[str, Any]


check_parameters = check_matching


def execute(  # noqa: PLR0913 - names and defaults that process files already use
    inp: RasterInput | VectorInput,
    clip: VectorInput | None = None,
    *,
    resampling: Resampling = "nearest",
    band_indexes: int | list[int] | None = None,
    scale_offset: float = 0.0,
    scale_ratio: float = 1.0,
    clip_to_output_dtype: str | None = None,
    clip_pixelbuffer: int = 0,
    td_matching_method: Matching = "gdal",  # noqa: ARG001
    td_matching_max_zoom: int | None = None,  # noqa: ARG001
    td_matching_precision: int = 8,  # noqa: ARG001
    td_fallback_to_higher_zoom: bool = False,  # noqa: ARG001
) -> np.ma.MaskedArray[Any, Any] | list[Feature]:
    """Pixels as (pixel + scale_offset) * scale_ratio, or the features of the tile.

    `band_indexes` chooses bands, from 1. `clip_to_output_dtype` names a type whose range scaled
    values are cut to. `clip_pixelbuffer` widens the clip features by so many pixels; give the
    pyramid as large a pixel buffer, or features of the next tile are missed.
    The `td_` parameters of mapchete are accepted and have no effect: a tile directory is read at
    the zoom that fits.
    """
    if inp.is_empty() or (clip is not None and clip.is_empty()):
        raise Empty
    if isinstance(inp, VectorInput):
        features: list[Feature] = inp.read()
        return features if clip is None else _clip_features(features, clip, clip_pixelbuffer)
    pixels: np.ma.MaskedArray[Any, Any] = inp.read(indexes=band_indexes, resampling=resampling)
    if scale_offset != 0.0 or scale_ratio != 1.0:
        scaled = (pixels.data.astype(np.float64) + scale_offset) * scale_ratio
        if clip_to_output_dtype is not None:
            scaled = np.clip(scaled, *_range(clip_to_output_dtype))
        pixels = np.ma.MaskedArray(scaled, mask=pixels.mask)
    if clip is None:
        return pixels
    outside = clip.read_as_raster_mask(pixelbuffer=clip_pixelbuffer)
    return np.ma.MaskedArray(pixels.data, mask=np.ma.getmaskarray(pixels) | outside)


def _range(dtype: str) -> tuple[float, float]:
    """Smallest and largest value of a type; raises `ValueError` for an unknown one."""
    try:
        kind = np.dtype(dtype)
        info = np.iinfo(kind) if kind.kind in "iu" else np.finfo(kind)
    except (TypeError, ValueError) as error:
        raise ValueError(f"clip_to_output_dtype is not a type of numbers: {dtype!r}") from error
    return float(info.min), float(info.max)


def _clip_features(features: list[Feature], clip: VectorInput, pixelbuffer: int) -> list[Feature]:
    from shapely.geometry import mapping, shape

    area = clip.read_union_geometry(pixelbuffer=pixelbuffer)
    cut = [(feature, shape(feature["geometry"]).intersection(area)) for feature in features]
    return [
        {**feature, "geometry": mapping(geometry)}
        for feature, geometry in cut
        if not geometry.is_empty
    ]
