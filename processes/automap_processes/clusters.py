"""A map of kinds of pixels that nobody has named, by clusters that were fitted once.

Inputs: `picture`, any raster that has the bands the clusters were fitted on, by name; `centres` is
a parameter, the file that `automap clusters` wrote.

Band of the output (`dtype: uint8`, `nodata: 0`): the number of the cluster, from 1, the darkest
first. The pixels around a tile that features need are asked for by themselves, and every tile has
the same centres: the result does not depend on how the tiles are cut. Give `lower: mode` under
`baselevels`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from automap_processes._types import Resampling
from automap_tiles import ConfigError, Empty, RasterInput, RasterReader
from automap_tiles.analysis.objects.cluster_file import ClusterFile

Picture = np.ma.MaskedArray[Any, Any]


def setup(centres: Path) -> ClusterFile:
    """The clusters, read once in each worker."""
    return ClusterFile.open(centres)


def pixelbuffer(centres: Path) -> int:
    """Pixels around a tile that its clusters depend on."""
    return ClusterFile.open(centres).recipe.margin


def check_parameters(picture: RasterReader, centres: Path) -> int:
    """How many bands the map has; complains of a picture without the bands that are needed."""
    try:
        ClusterFile.open(centres).recipe.check(picture.describe_bands().names)
    except ValueError as error:
        raise ConfigError(str(error), key="input.picture") from error
    return 1


def execute(
    picture: RasterInput,
    context: ClusterFile,
    *,
    centres: Path,  # noqa: ARG001 - read in `setup`
    resampling: Resampling = "nearest",
) -> Picture:
    """The nearest cluster of every pixel, the lower number of equally near ones."""
    if picture.is_empty():
        raise Empty
    recipe, bands = context.recipe, picture.describe_bands()
    pixels = picture.read(indexes=bands.numbers(recipe.needs), resampling=resampling)
    features = recipe.compute(pixels, recipe.needs, units=bands.units(recipe.needs))
    if not features.valid.any():
        raise Empty
    found = context.assign(features)[None]
    return np.ma.MaskedArray(found, mask=found == 0)
