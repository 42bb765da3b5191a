"""Blobs of a picture as points: round places that are brighter than what lies around them.

Input: `picture`, a raster, of which one band counts: crowns of trees, tanks, ponds, small clouds.

Writes a point for each with the properties `radius`, in units of the grid, and `strength`:
`{format: GeoJSON, schema: {geometry: Point, properties: {radius: float, strength: float}}}`. A
point is written by the tile that its pixel lies in, and the pixels around a tile that blobs need
are asked for by themselves: the result does not depend on how the tiles are cut.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from automap_processes._types import Resampling
from automap_tiles import (
    ConfigError,
    Empty,
    Fate,
    Note,
    RasterInput,
    RasterReader,
    Subject,
    Tile,
    tell,
)
from automap_tiles.analysis.textures.blobs import Blobs, BlobSearch, Form, find

Feature = dict[str, Any]
FormName = Literal["log", "dog", "doh"]


def pixelbuffer(
    form: FormName = "log", smallest: float = 2.0, largest: float = 10.0, steps: int = 5
) -> int:
    """Pixels around a tile that its blobs depend on."""
    return _search(form, smallest, largest, steps, None, 0.5).margin


def check_parameters(  # noqa: PLR0913, PLR0917 - the parameters of the process file
    picture: RasterReader,
    band: int = 1,
    low: float = 0.0,
    high: float = 1.0,
    form: FormName = "log",
    smallest: float = 2.0,
    largest: float = 10.0,
    steps: int = 5,
    threshold: float | None = None,
    overlap: float = 0.5,
) -> None:
    """Complain of parameters that cannot work, before the first tile."""
    count = len(picture.describe_bands().names)
    if not 1 <= band <= count:
        said = f"is 1 to {count}, the bands of the picture"
        raise ConfigError(said, key="process_parameters.band", found=band)
    if not low < high:
        raise ConfigError("is more than low", key="process_parameters.high", found=high)
    _search(form, smallest, largest, steps, threshold, overlap)
    _tell_beyond(picture, band, low, high)


def _tell_beyond(picture: RasterReader, band: int, low: float, high: float) -> None:
    """Tell of a picture of which nothing lies between the two: it is flat, and has no blobs."""
    seen = picture.pixel_sample().pixels[band - 1 : band].compressed()
    if not seen.size or ((seen > low) & (seen < high)).any():
        return
    tell(
        Note(
            fate=Fate.GUESSED,
            subject=Subject.OPTIONS,
            reason="no stored value that was looked at lies between low and high: a picture that "
            "is as flat as that has no blobs",
            examples=(f"low {low:g}, high {high:g}, values {seen.min():g} to {seen.max():g}",),
            remedy="low and high in the unit of the stored values",
        )
    )


def execute(  # noqa: PLR0913 - the parameters of the process file
    picture: RasterInput,
    tile: Tile,
    *,
    band: int = 1,
    low: float = 0.0,
    high: float = 1.0,
    form: FormName = "log",
    smallest: float = 2.0,
    largest: float = 10.0,
    steps: int = 5,
    threshold: float | None = None,
    overlap: float = 0.5,
    dark: bool = False,
    resampling: Resampling = "nearest",
) -> list[Feature]:
    """Blobs of `smallest` to `largest` pixels' radius, at so many `steps`.

    Stored values from `low` to `high` count as 0 to 1, in which the `threshold` of a blob's
    strength is meant (.2 for `log`, .5 for `dog`, .01 for `doh`, which finds dark ones as well as
    bright ones); `dark: true` looks for what is darker than what lies around it. Of two that
    overlap by more than a share `overlap` of the smaller one's area the larger is written.
    """
    if picture.is_empty():
        raise Empty
    pixels = picture.read(indexes=band, resampling=resampling)
    stored = np.ma.getdata(pixels).astype(np.float64)
    valid = ~np.ma.getmaskarray(pixels) & np.isfinite(stored)
    plane = np.clip((np.where(valid, stored, low) - low) / (high - low), 0, 1)
    plane = 1 - plane if dark else plane
    search = _search(form, smallest, largest, steps, threshold, overlap)
    features = _own(find(plane, valid, search), tile)
    if not features:
        raise Empty
    return features


def _own(blobs: Blobs, tile: Tile) -> list[Feature]:
    """Those whose pixel lies in the tile without its buffer."""
    above, below, left, right = tile.buffer_margins
    own = (blobs.rows >= above) & (blobs.rows < tile.height - below)
    own &= (blobs.cols >= left) & (blobs.cols < tile.width - right)
    kept = blobs.take(own)
    columns = (kept.rows, kept.cols, kept.radii, kept.strengths)
    return [
        {
            "type": "Feature",
            "geometry": {
                "type": "Point",
                "coordinates": (
                    tile.left + (col + 0.5) * tile.pixel_x_size,
                    tile.top - (row + 0.5) * tile.pixel_y_size,
                ),
            },
            "properties": {"radius": radius * tile.pixel_x_size, "strength": strength},
        }
        for row, col, radius, strength in zip(*(one.tolist() for one in columns), strict=True)
    ]


def _search(
    form: FormName,
    smallest: float,
    largest: float,
    steps: int,
    threshold: float | None,
    overlap: float,
) -> BlobSearch:
    try:
        return BlobSearch(
            form=Form(form),
            smallest=smallest,
            largest=largest,
            steps=steps,
            threshold=threshold,
            overlap=overlap,
        )
    except ValueError as error:
        raise ConfigError(str(error), key="process_parameters") from error
