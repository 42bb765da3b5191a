"""A map of classes in which each superpixel of a picture has the class of most of its pixels.

Inputs: `classes`, a map (of `classify`, for one), and `picture`, what its objects are seen in.
Superpixels are those of process `segments`: the result does not depend on how the tiles are cut.

The band of the output (`dtype: uint8`, `nodata: 0`) is the class. Pixels without a class have none,
and those without a superpixel keep theirs. Give `lower: mode` under `baselevels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_processes._objects import report_negligible_compactness, values_of
from automap_processes._superpixels import checked, labels_of
from automap_processes._types import Resampling
from automap_tiles import ConfigError, Empty, RasterInput, RasterReader, Tile
from automap_tiles.analysis.objects.statistics import majority

Picture = np.ma.MaskedArray[Any, Any]

_HIGHEST = 255


def pixelbuffer(size: int = 10, compactness: float = 0.05, rounds: int = 4) -> int:
    """Pixels around a tile that its classes depend on."""
    how = checked(size, compactness, rounds)
    return how.margin + how.extent


def check_parameters(
    picture: RasterReader,
    size: int = 10,
    compactness: float = 0.05,
    rounds: int = 4,
    scale: float | None = None,
) -> int:
    """How many bands the map has; complains of parameters that cannot work."""
    checked(size, compactness, rounds)
    report_negligible_compactness(picture, scale, compactness)
    return 1


def execute(  # noqa: PLR0913 - the parameters of the process file
    classes: RasterInput,
    picture: RasterInput,
    tile: Tile,
    *,
    size: int = 10,
    compactness: float = 0.05,
    rounds: int = 4,
    scale: float | None = None,
    band: int = 1,
    resampling: Resampling = "nearest",
) -> Picture:
    """The class of most pixels of each superpixel, of equals the lowest; `band` is that of classes.

    `scale`, `compactness` and `rounds` as for process `segments`.
    """
    if classes.is_empty():
        raise Empty
    how = checked(size, compactness, rounds)
    given = classes.read(indexes=[band], resampling="nearest")[0]
    numbers = _numbers(given)
    if picture.is_empty():
        return np.ma.MaskedArray(numbers[None], mask=(numbers == 0)[None])
    pixels = picture.read(resampling=resampling)
    found = majority(numbers, labels_of(values_of(picture, pixels, scale), tile, how))
    return np.ma.MaskedArray(found[None], mask=(found == 0)[None])


def _numbers(given: Picture) -> NDArray[np.uint8]:
    """(y, x) classes, 0 where there is none; raises `ConfigError` for other values."""
    values = np.where(np.ma.getmaskarray(given), 0, np.ma.getdata(given))
    wrong = values[~((values >= 0) & (values <= _HIGHEST) & (values == np.floor(values)))]
    if wrong.size:
        raise ConfigError(
            f"holds values that are not classes from 1 to {_HIGHEST}",
            key="input.classes",
            found=wrong[0].item(),
            remedy="a map of `classify`; `band` says which band holds the classes",
        )
    return values.astype(np.uint8)
