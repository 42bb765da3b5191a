"""The features of a picture as a map: what a classifier of `automap train` would look at.

Input: `picture`, any raster, whose bands have names. `recipe` says which features, as a file of
`automap train --recipe` does: bands, indices, statistics of the pixels around (means, textures,
local binary patterns, gradients, openings, blobs …) and of the dates of a pixel.

Bands of the output (`dtype: float32`): one for each feature, in the unit of the bands
(reflectance). The pixels around a tile that they need are asked for by themselves: the result does
not depend on how the tiles are cut. A pixel that lacks a band has no data in any of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_processes._types import Resampling
from automap_tiles import ConfigError, Empty, RasterInput, RasterReader
from automap_tiles.analysis.learning.recipe import Recipe

Picture = np.ma.MaskedArray[Any, Any]
Tags = dict[int, dict[str, str]]


def pixelbuffer(recipe: dict[str, Any]) -> int:
    """Pixels around a tile that its features depend on."""
    return _recipe(recipe).margin


def check_parameters(picture: RasterReader, recipe: dict[str, Any]) -> int:
    """How many bands the result has; complains of a recipe that does not fit the picture."""
    wanted = _recipe(recipe)
    try:
        wanted.check(picture.describe_bands().names)
    except ValueError as error:
        raise ConfigError(str(error), key="process_parameters.recipe") from error
    return len(wanted.names)


def execute(
    picture: RasterInput,
    *,
    recipe: dict[str, Any],
    resampling: Resampling = "nearest",
) -> tuple[Picture, Tags]:
    """All features of every pixel, named as in the recipe."""
    if picture.is_empty():
        raise Empty
    wanted, bands = _recipe(recipe), picture.describe_bands()
    pixels = picture.read(indexes=bands.numbers(wanted.needs), resampling=resampling)
    found = wanted.compute(pixels, wanted.needs, units=bands.units(wanted.needs))
    if not found.valid.any():
        raise Empty
    missing = np.broadcast_to(~found.valid, found.data.shape)
    names = {number: {"name": name} for number, name in enumerate(wanted.names, start=1)}
    return np.ma.MaskedArray(found.data, mask=missing), names


def _recipe(content: dict[str, Any]) -> Recipe:
    try:
        return Recipe.from_dict(content)
    except ValueError as error:
        raise ConfigError(str(error), key="process_parameters.recipe") from error
