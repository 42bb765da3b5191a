"""A picture cut into superpixels: what the pixels of each have in common.

Input: `picture`, any raster. Superpixels are about `size` pixels wide and begin at the level's own
corner: the result does not depend on how the tiles are cut, and there are no seams. The pixels
around a tile that they need are asked for by themselves.

Bands of the output (`dtype: float32`): the mean of every band over the superpixel, with
`deviation: true` its standard deviation, and with `seeds: true` row and column of its seed, which
tell superpixels apart. A model of `automap train` on these bands classifies objects in place of
pixels. Give `lower: nearest` under `baselevels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_processes._band_tags import Tags, band_tags, tags_by_number
from automap_processes._objects import report_negligible_compactness, values_of
from automap_processes._superpixels import checked, labels_of, seeds_of
from automap_processes._types import Resampling
from automap_tiles import ConfigError, Empty, RasterInput, RasterReader, Tile
from automap_tiles.analysis.objects.statistics import mean_and_std
from automap_tiles.analysis.objects.superpixels import Labels

_COUNTED = 2**24
"""Up to which float32 has every whole number."""

Picture = np.ma.MaskedArray[Any, Any]


def pixelbuffer(size: int = 10, compactness: float = 0.05, rounds: int = 4) -> int:
    """Pixels around a tile that its superpixels depend on."""
    how = checked(size, compactness, rounds)
    return how.margin + how.extent


def check_parameters(
    picture: RasterReader,
    size: int = 10,
    compactness: float = 0.05,
    rounds: int = 4,
    scale: float | None = None,
    deviation: bool = False,
    seeds: bool = False,
) -> int:
    """How many bands the result has; complains of parameters that cannot work."""
    checked(size, compactness, rounds)
    report_negligible_compactness(picture, scale, compactness)
    return len(picture.describe_bands().names) * (1 + deviation) + 2 * seeds


def execute(  # noqa: PLR0913 - the parameters of the process file
    picture: RasterInput,
    tile: Tile,
    *,
    size: int = 10,
    compactness: float = 0.05,
    rounds: int = 4,
    scale: float | None = None,
    deviation: bool = False,
    seeds: bool = False,
    resampling: Resampling = "nearest",
) -> tuple[Picture, Tags]:
    """The mean of each band over the superpixel of every pixel.

    A stored value times `scale` is what `compactness` is counted in, by default in the unit that
    the bands say: so large a difference counts as much as being `size` pixels away. More `rounds`
    follow edges better.
    """
    if picture.is_empty():
        raise Empty
    how = checked(size, compactness, rounds)
    pixels = picture.read(resampling=resampling)
    labels = labels_of(values_of(picture, pixels, scale), tile, how)
    if not labels.any():
        raise Empty
    mean, spread = mean_and_std(pixels, labels)
    layers = [mean, spread] if deviation else [mean]
    said = band_tags(picture)
    if deviation:
        said += [_without_offset(tags) for tags in band_tags(picture, of="deviation of {}")]
    if seeds:
        found = _exact(np.stack(seeds_of(labels, tile, how)))
        layers.append(np.ma.MaskedArray(found, mask=np.stack([labels == 0] * 2)))
        said += [{"name": "row of the seed"}, {"name": "column of the seed"}]
    result = np.ma.MaskedArray(
        np.concatenate([np.ma.getdata(one) for one in layers]),
        mask=np.concatenate([np.ma.getmaskarray(one) for one in layers]),
    )
    return result, tags_by_number(said)


def _without_offset(tags: dict[str, str]) -> dict[str, str]:
    """A deviation of nothing is nothing in every unit."""
    return {name: value for name, value in tags.items() if name != "value_offset"}


def _exact(seeds: Labels) -> NDArray[np.float32]:
    """Rows and columns as float32; raises `ConfigError` where that would make one of two."""
    if np.abs(seeds).max(initial=0) >= _COUNTED:
        raise ConfigError(
            f"there are more than {_COUNTED} superpixels side by side, which float32 cannot number",
            key="process_parameters.seeds",
            found=True,
            remedy="a larger size, a coarser zoom, or no seeds",
        )
    return seeds.astype(np.float32)
