"""The process `samples` in a process file of one's own."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
import shapely
from shapely.geometry import mapping

from automap_tiles import ConfigError, open_process
from tests.workflows.samples.scenes import LEFT, PIXEL, TOP, at, write_picture

RECIPE = {
    "bands": ["red"],
    "indices": ["ndvi"],
    "neighbourhood": [{"statistic": "mean", "of": "nir", "radius": 2}],
}


def write_shapes(path: Path, shapes: list[Any]) -> Path:
    schema = {"geometry": "Unknown", "properties": {"class": "int", "group": "int"}}
    with fiona.open(path, "w", driver="GPKG", crs="EPSG:32633", schema=schema) as file:
        for number, shape in enumerate(shapes):
            file.write(
                {
                    "type": "Feature",
                    "geometry": mapping(shape),
                    "properties": {"class": 1 + number % 2, "group": number},
                }
            )
    return path


def config(folder: Path, shapes: list[Any], **recipe: Any) -> dict[str, Any]:
    return {
        "process": "samples",
        "config_dir": str(folder),
        "input": {
            "picture": str(write_picture(folder / "picture.tif", (128, 128))),
            "samples": str(write_shapes(folder / "samples.gpkg", shapes)),
        },
        "pyramid": {
            "grid": {
                "shape": [2, 2],
                "bounds": [LEFT, TOP - 128 * PIXEL, LEFT + 128 * PIXEL, TOP],
                "srs": {"epsg": 32633},
                "is_global": False,
            },
            "tile_size": 64,
        },
        "zoom_levels": 0,
        "output": {
            "format": "GeoJSON",
            "path": str(folder / "out"),
            "schema": {
                "geometry": "MultiPoint",
                "properties": {"class": "int", "group": "int", "values": "str"},
            },
        },
        "process_parameters": {"recipe": RECIPE | recipe},
    }


def test_each_point_in_one_tile_with_the_values_of_its_pixel(tmp_path: Path) -> None:
    # on the edges of tiles too: a point there belongs to the tile on its right and below
    places = [(10.5, 10.5), (64.0, 30.2), (63.9, 64.0), (64.0, 64.0), (100.2, 127.7)]
    several = shapely.MultiPoint([at(5.5, 5.5), at(5.5, 70.5), at(90.5, 90.5)])
    process = open_process(config(tmp_path, [*(shapely.Point(at(*p)) for p in places), several]))
    # the process asks for the pixels around
    assert process.process.pyramid.pixelbuffer == 2
    found: dict[int, list[Any]] = {}
    for row in range(2):
        for col in range(2):
            for feature in process.compute((0, row, col)) or []:
                values = base64.b64decode(feature["properties"]["values"])
                table = np.frombuffer(values, dtype="<f4").reshape(-1, 3)
                points = feature["geometry"]["coordinates"]
                group = feature["properties"]["group"]
                found.setdefault(group, []).extend(zip(points, table, strict=True))
                assert feature["properties"]["class"] == 1 + group % 2
    assert {group: len(points) for group, points in found.items()} == {
        **dict.fromkeys(range(5), 1),
        5: 3,
    }
    with rasterio.open(tmp_path / "picture.tif") as file:
        red, nir = (band * np.float32(1e-4) for band in file.read([3, 4]))
    for points in found.values():
        for (x, y), values in points:
            row, col = int((TOP - y) // PIXEL), int((x - LEFT) // PIXEL)
            window = nir[max(0, row - 2) : row + 3, max(0, col - 2) : col + 3]
            ndvi = (nir[row, col] - red[row, col]) / (nir[row, col] + red[row, col])
            np.testing.assert_allclose(values, [red[row, col], ndvi, window.mean()], rtol=1e-5)


def test_polygons_are_refused(tmp_path: Path) -> None:
    process = open_process(config(tmp_path, [shapely.box(*at(20, 10), *at(10, 20))]))
    with pytest.raises(ValueError, match="samples are points, not Polygon"):
        process.compute((0, 0, 0))


def test_bands_that_the_picture_lacks(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no band swir1"):
        open_process(config(tmp_path, [shapely.Point(at(5, 5))], bands=["swir1"]))
