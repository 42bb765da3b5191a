"""Where a picture lies, in files beside it that GDAL and others read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from automap_tiles.layers import web

if TYPE_CHECKING:
    from automap_tiles.grid import TileIndex

_WORLD = {"png": "pgw", "jpg": "jgw", "webp": "wld"}
"""Endings of world files by those of pictures."""


def side_keys(key: str) -> tuple[str, str]:
    """Of the world file and of GDAL's own file (Persistent Auxiliary Metadata) of a picture."""
    stem, _, ending = key.rpartition(".")
    return f"{stem}.{_WORLD[ending]}", f"{key}.aux.xml"


def georeference(index: TileIndex, key: str) -> dict[str, str]:
    """The files beside the picture of a tile of a web map, with what stands in them.

    A world file has no place for the CRS (ESRI: sizes of a pixel, and the middle of the first one);
    the other one has.
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
