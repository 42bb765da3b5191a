"""Positions of samples as a file of points, which the engine reads as an input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from automap_tiles import vector
from automap_tiles.storage import Address
from automap_tiles.workflows.samples.labelled_pixels import LabelledPixels
from automap_tiles.workflows.samples.picture import SourcePicture

POINTS_FORMAT = "FlatGeobuf"


POINTS_SCHEMA: dict[str, Any] = {
    "geometry": "MultiPoint",
    "properties": {"class": "int", "group": "int"},
}


def write_points(
    picture: SourcePicture, read: LabelledPixels, folder: Address, name: str
) -> Address:
    """Write the pixels as a file of points unless it exists: a new one would be a changed input."""
    storage = folder.as_folder()
    if not storage.exists(name):
        features = list(_multipoints(picture, read))
        content = vector.encode_features(
            features, driver=POINTS_FORMAT, schema=POINTS_SCHEMA, crs=picture.crs
        )
        storage.put(name, content)
    return folder / name


def _multipoints(picture: SourcePicture, read: LabelledPixels) -> Iterator[dict[str, Any]]:
    """Pixel centres, one feature per class and group."""
    order = np.lexsort((read.groups, read.classes))
    keys = np.column_stack([read.classes, read.groups])[order]
    starts = np.flatnonzero(np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)])
    centres = np.column_stack(picture.centres(read.rows, read.cols))[order]
    for start, points in zip(starts, np.split(centres, starts[1:]), strict=True):
        value, group = keys[start].tolist()
        yield {
            "type": "Feature",
            "geometry": {"type": "MultiPoint", "coordinates": points.tolist()},
            "properties": {"class": value, "group": group},
        }
