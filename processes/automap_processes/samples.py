"""The features of a picture at points of known class: what a classifier is trained on.

Inputs: `picture`, a raster; `samples`, points or multipoints with the properties `class` (1 to 255)
and `group` (a whole number: the polygon or place that a point belongs to).

Writes for each class and group one multipoint with the points that lie in the tile, and in the
property `values` their features: float32, low byte first, (point, feature), as base64. One feature
for each pixel would take several times as long to write and to read. Points where the picture, or a
band that a feature needs, has no data are left out. The output keeps the tiles of the process:
`{format: FlatGeobuf, schema: {geometry: MultiPoint, properties: {class: int, group: int, values:
str}}}`; `automap samples` makes a table of it.

Each point has the values of the pixel that it lies in, so the result does not depend on how the
tiles are cut. The pixels around the tile that features need are asked for by themselves.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles import ConfigError, Empty, RasterInput, RasterReader, Tile, VectorInput
from automap_tiles.analysis.learning.recipe import Recipe

Feature = dict[str, Any]
Array = np.ndarray[Any, Any]


def pixelbuffer(recipe: dict[str, Any]) -> int:
    """Pixels around a tile that its features depend on."""
    return Recipe.from_dict(recipe).margin


def check_parameters(picture: RasterReader, recipe: dict[str, Any]) -> None:
    """Complain of bands that the picture lacks, before the first tile."""
    try:
        wanted = Recipe.from_dict(recipe)
        wanted.check(picture.describe_bands().names)
    except ValueError as error:
        raise ConfigError(str(error), key="process_parameters.recipe") from error


@dataclass(frozen=True, kw_only=True)
class _Points:
    """Points of one class and group."""

    properties: dict[str, int]
    xy: Array
    """(point, 2), CRS of the tile."""
    places: Array
    """(point, 2) row and column in the tile, buffer included."""


def execute(
    picture: RasterInput,
    samples: VectorInput,
    tile: Tile,
    *,
    recipe: dict[str, Any],
) -> list[Feature]:
    """The points of the tile with the features of their pixels.

    `recipe` says which features, as in a model. Names and units of the bands are those that the
    picture tells.
    """
    groups = list(_groups(samples.read(), tile))
    if not groups:
        raise Empty
    wanted = Recipe.from_dict(recipe)
    places = np.concatenate([group.places for group in groups])
    first = np.maximum(places.min(axis=0) - wanted.margin, 0)
    last = np.minimum(places.max(axis=0) + wanted.margin + 1, tile.shape)
    bands = picture.describe_bands()
    read = picture.read(indexes=bands.numbers(wanted.needs))
    window = read[:, first[0] : last[0], first[1] : last[1]]
    found = wanted.compute(window, wanted.needs, units=bands.units(wanted.needs))
    told = [_told(group, first, found.data, found.valid) for group in groups]
    if not any(told):
        raise Empty
    return [feature for feature in told if feature is not None]


def _groups(features: list[Feature], tile: Tile) -> Iterator[_Points]:
    """The points in the tile without its buffer, by feature."""
    above, below, left, right = tile.buffer_margins
    for feature in features:
        xy = _coordinates(feature["geometry"])
        rows = np.floor((tile.top - xy[:, 1]) / tile.pixel_y_size).astype(np.int64)
        cols = np.floor((xy[:, 0] - tile.left) / tile.pixel_x_size).astype(np.int64)
        own = (rows >= above) & (rows < tile.height - below)
        own &= (cols >= left) & (cols < tile.width - right)
        if own.any():
            properties = {name: int(feature["properties"][name]) for name in ("class", "group")}
            places = np.column_stack([rows, cols])[own]
            yield _Points(properties=properties, xy=xy[own], places=places)


def _coordinates(geometry: dict[str, Any]) -> Array:
    """(point, 2); raises `ValueError` for what is no point."""
    if geometry["type"] not in ("Point", "MultiPoint"):
        raise ValueError(
            f"samples are points, not {geometry['type']}; "
            "`automap samples` turns polygons into points"
        )
    several = geometry["type"] == "MultiPoint"
    points = geometry["coordinates"] if several else [geometry["coordinates"]]
    return np.array([point[:2] for point in points], dtype=np.float64)


def _told(group: _Points, first: Array, data: Array, valid: Array) -> Feature | None:
    """The points that have values, with them; None when none has."""
    rows, cols = (group.places - first).T
    kept = valid[rows, cols]
    if not kept.any():
        return None
    values = np.ascontiguousarray(data[:, rows[kept], cols[kept]].T, dtype="<f4")
    text = base64.b64encode(values.tobytes()).decode("ascii")
    geometry = {"type": "MultiPoint", "coordinates": group.xy[kept].tolist()}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {**group.properties, "values": text},
    }
