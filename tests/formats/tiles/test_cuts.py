"""What of a process tile, and of an area, an output takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, mapping

from automap_tiles import vector
from automap_tiles.errors import ConfigError
from automap_tiles.formats import InputSpec, VectorInput
from automap_tiles.formats._overlap import pieces
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Bounds, Pyramid
from tests.formats.writers import made

GLOBAL = Pyramid.from_grid("geodetic")
LOCAL = Pyramid.from_grid(
    {"shape": [1, 1], "bounds": [0, 0, 16, 16], "srs": {"epsg": 4326}, "is_global": False}
)


@pytest.mark.parametrize(
    "data_in", [np.s_[:, :8], np.s_[:, -8:], np.s_[:, :, :8], np.s_[:, :, -8:]]
)
def test_what_lies_only_in_the_margin_is_not_written(tmp_path: Path, data_in: Any) -> None:
    process = GLOBAL.replace(pixelbuffer=8)
    writer = made(tmp_path, process, pixelbuffer=0, nodata=0)
    tile = process.tile(5, 6, 33)
    data = np.zeros((1, *tile.shape), "int16")
    data[data_in] = 5
    assert writer.convert(tile, data) is None
    data[:, 8, 8] = 1  # the first pixel of the tile itself
    assert writer.convert(tile, data) is not None


@pytest.mark.parametrize(
    ("pyramid", "bounds", "shifts"),
    [
        (GLOBAL, Bounds(-180, 0, 180, 45), [0.0]),
        (GLOBAL, Bounds(170, 0, 190, 45), [0.0, 360.0]),
        (GLOBAL, Bounds(-190, 0, -170, 45), [0.0, -360.0]),
        # beyond a grid that does not close there may be data too
        (LOCAL, Bounds(-2, 0, 3, 16), [0.0]),
        (LOCAL, Bounds(14, 0, 18, 16), [0.0]),
    ],
)
def test_pieces_of_a_box(pyramid: Pyramid, bounds: Bounds, shifts: list[float]) -> None:
    found = list(pieces(bounds, pyramid.tile(1, 0, 0)))
    assert [shift for _, shift in found] == shifts
    assert sum(part.width for part, _ in found) == pytest.approx(bounds.width)
    for part, shift in found:
        assert bounds.left <= part.left + shift < part.right + shift <= bounds.right


def test_a_folder_of_features_as_an_input(tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"a": "int"}}
    options: dict[str, Any] = {"format": "GeoJSON", "schema": schema, "bands": ..., "dtype": ...}
    writer = made(tmp_path, GLOBAL, **options)
    tile = GLOBAL.tile(5, 7, 33)
    inner = box(*tile.bounds).buffer(-1)
    data = writer.convert(tile, [{"geometry": mapping(inner), "properties": {"a": 5}}])
    assert data is not None
    writer.write(tile, data)
    here = open_input(InputSpec.from_value("x", writer.path), tmp_path, GLOBAL).at(tile)
    assert isinstance(here, VectorInput)
    assert not here.is_empty()
    (found,) = here.read()
    assert found["properties"] == {"a": 5}
    assert vector.to_shape(found).equals(inner)
    (file,) = tmp_path.rglob("*.geojson")
    assert json.loads(file.read_text())["crs"]["properties"]["name"].endswith("CRS84")


def test_overviews_of_no_such_resampling(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="overviews_resampling"):
        made(tmp_path, path="one.tif", overviews=True, overviews_resampling="nonsense")
