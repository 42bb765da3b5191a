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
from automap_tiles import ConfigError, Empty, Fate, Note, RasterInput, RasterReader, Subject, tell
from automap_tiles.analysis.learning.classifier import is_other_unit
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
    found = ClusterFile.open(centres)
    try:
        found.recipe.check(picture.describe_bands().names)
    except ValueError as error:
        raise ConfigError(str(error), key="input.picture") from error
    _tell_unit(found, picture)
    return 1


def _tell_unit(found: ClusterFile, picture: RasterReader) -> None:
    """Numbers of another unit than those of the fit are all nearest to one or two clusters."""
    names, recipe = picture.describe_bands().names, found.recipe
    units = dict(zip(recipe.needs, picture.describe_bands().units(recipe.needs), strict=True))
    bands = {
        name: plane.compressed() * units[name][0] + units[name][1]
        for name, plane in zip(names, picture.pixel_sample().pixels, strict=False)
        if name in units
    }
    times = found.times_larger(bands)
    if times is not None and is_other_unit(times):
        many = f"{times:.3g} times larger" if times > 1 else f"{1 / times:.3g} times smaller"
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.CLASSES,
                reason=f"the picture has numbers that are {many} than those that the clusters were "
                "fitted on: another unit",
                count=len(found.shares),
                remedy="clusters of this picture (automap clusters), or one that says its scale",
            )
        )


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
