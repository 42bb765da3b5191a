"""Georeferencing of tiles in files beside them, for GDAL and others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from automap_tiles.layers import web

if TYPE_CHECKING:
    from automap_tiles.grid import TileIndex

_WORLD = {"png": "pgw", "jpg": "jgw", "webp": "wld"}
"""Suffixes of world files by those of images."""


def side_keys(key: str) -> tuple[str, str]:
    """Keys of the world file and of GDAL's own file (Persistent Auxiliary Metadata) of an image."""
    stem, _, ending = key.rpartition(".")
    return f"{stem}.{_WORLD[ending]}", f"{key}.aux.xml"


def georeference(index: TileIndex, key: str) -> dict[str, str]:
    """The files beside the image of a web map tile, with their content.

    A world file cannot store the CRS (ESRI: pixel sizes, and the centre of the first pixel); the
    other one can.
    """
    pyramid = web.web_pyramid()
    tile = pyramid.tile(*index)
    width, height = tile.pixel_x_size, tile.pixel_y_size
    left, top = tile.bounds.left, tile.bounds.top
    lines = (width, 0.0, 0.0, -height, left + width / 2, top - height / 2)
    root = ET.Element("PAMDataset")
    ET.SubElement(root, "SRS", dataAxisToSRSAxisMapping="1,2").text = pyramid.crs.to_wkt()
    transform = (left, width, 0.0, top, 0.0, -height)
    ET.SubElement(root, "GeoTransform").text = ", ".join(map(repr, transform))
    world, aux = side_keys(key)
    return {
        world: "".join(f"{value!r}\n" for value in lines),
        aux: ET.tostring(root, encoding="unicode") + "\n",
    }
