"""The features of a picture at points of known class: what a classifier is trained on.

Inputs: `picture`, a raster; `samples`, points with the properties `class` (1 to 255) and `group`
(a whole number: the polygon or place that a point belongs to).

Writes one point per sample with those properties and one for each feature; a point where the
picture, or a band that a feature needs, has no data is left out. Output: `GeoJSON` or `FlatGeobuf`
with `schema: {geometry: Point, properties: {class: int, group: int, <feature>: float, …}}`.

Each point has the values of the pixel that it lies in, so the result does not depend on how the
tiles are cut. The pixels around the tile that features need are asked for by themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_tiles import Empty, RasterInput, Tile, VectorInput
from automap_tiles.analysis.recipe import Features, Recipe

Feature = dict[str, Any]


def pixelbuffer(recipe: dict[str, Any]) -> int:
    """Pixels around a tile that its features depend on."""
    return Recipe.from_dict(recipe).margin


def execute(
    picture: RasterInput,
    samples: VectorInput,
    tile: Tile,
    *,
    recipe: dict[str, Any],
    bands: list[str],
    scale: float = 1.0,
    offset: float = 0.0,
) -> list[Feature]:
    """The points of the tile with the features of their pixels.

    `recipe` says which features, as in a model; `bands` names the bands of the picture, in order.
    A stored value times `scale` plus `offset` is what features are made of.
    """
    points, places = _of_tile(samples.read(), tile)
    if not points:
        raise Empty
    wanted = Recipe.from_dict(recipe)
    (rows, cols), corner = _window(places, wanted.margin, tile.shape)
    indexes = [bands.index(name) + 1 for name in wanted.needs if name in bands]
    pixels = picture.read(indexes=indexes)[:, rows, cols]
    names = [bands[index - 1] for index in indexes]
    found = wanted.compute(pixels, names, scale=scale, offset=offset)
    told = _with_values(points, places - corner, wanted.names, found)
    if not told:
        raise Empty
    return told


def _of_tile(points: list[Feature], tile: Tile) -> tuple[list[Feature], np.ndarray[Any, Any]]:
    """The points in the tile without its buffer, and the rows and columns they lie in."""
    for point in points:
        if point["geometry"]["type"] != "Point":
            raise ValueError(
                f"samples are points, not {point['geometry']['type']}; "
                "`automap samples` turns polygons into points"
            )
    x, y = np.array([point["geometry"]["coordinates"][:2] for point in points]).reshape(-1, 2).T
    rows = np.floor((tile.top - y) / tile.pixel_y_size).astype(np.int64)
    cols = np.floor((x - tile.left) / tile.pixel_x_size).astype(np.int64)
    above, below, left, right = tile.buffer_margins
    own = (rows >= above) & (rows < tile.height - below)
    own &= (cols >= left) & (cols < tile.width - right)
    kept = [point for point, is_own in zip(points, own, strict=True) if is_own]
    return kept, np.column_stack([rows, cols])[own]


def _window(
    places: np.ndarray[Any, Any], margin: int, shape: tuple[int, int]
) -> tuple[tuple[slice, slice], np.ndarray[Any, Any]]:
    """The pixels that the features of these places depend on, and the first row and column."""
    first = np.maximum(places.min(axis=0) - margin, 0)
    last = np.minimum(places.max(axis=0) + margin + 1, shape)
    return (slice(first[0], last[0]), slice(first[1], last[1])), first


def _with_values(
    points: list[Feature], places: np.ndarray[Any, Any], names: tuple[str, ...], found: Features
) -> list[Feature]:
    valid = found.valid[places[:, 0], places[:, 1]]
    values = found.data[:, places[:, 0], places[:, 1]].T.tolist()
    return [
        {
            **point,
            "properties": {
                "class": point["properties"]["class"],
                "group": point["properties"]["group"],
                **dict(zip(names, row, strict=True)),
            },
        }
        for point, row, is_valid in zip(points, values, valid, strict=True)
        if is_valid
    ]
