"""What a process gives for a property arrives, whatever the column's type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from automap_tiles import open_process


@pytest.mark.parametrize("driver", ["GeoJSON", "FlatGeobuf"])
@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("float", 100, 100.0),
        ("float", np.int64(3), 3.0),
        ("float", np.float32(2.5), 2.5),
        ("float:10.2", 7, 7.0),
        ("int", np.int16(3), 3),
        ("int", 100.0, 100),
        ("str", 12, "12"),
        ("str", "x", "x"),
        ("float", None, None),
    ],
)
def test_a_value_arrives(driver: str, kind: str, value: Any, wanted: Any, tmp_path: Path) -> None:
    process = open_process(
        {
            "process": ["def execute(): ..."],
            "pyramid": {"grid": "geodetic"},
            "zoom_levels": 3,
            "config_dir": str(tmp_path),
            "output": {
                "format": driver,
                "path": "out",
                "schema": {"geometry": "LineString", "properties": {"value": kind}},
            },
        }
    )
    writer, tile = process.process.writer, process.tile(3, 2, 2)
    line = shapely.LineString([(tile.left, tile.bottom), (tile.right, tile.top)])
    feature = {"geometry": mapping(line), "properties": {"value": value}}
    data = writer.convert(tile, [feature])
    assert data is not None
    writer.prepare()
    writer.write(tile, data)
    stored = writer.read(tile)
    assert stored is not None
    assert stored.data[0]["properties"] == {"value": wanted}
