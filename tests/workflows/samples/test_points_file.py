"""Points that somebody fills in are not written over."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.workflows.samples.points_file import write_points_file

X, Y = np.array([13.5, 13.6, 13.7]), np.array([52.1, 52.2, 52.3])


def filled(path: Path) -> str:
    """As a spreadsheet or a GIS would leave it."""
    if path.suffix == ".csv":
        head, *rows = path.read_text().splitlines()
        row = rows[1].split(",")
        rows[1] = ";".join([*row[:3], "forest", *row[4:]])
        return "\n".join([head, *rows]).replace(",", ";")
    content = json.loads(path.read_text())
    content["features"][1]["properties"]["class"] = 0
    return json.dumps(content)


@pytest.mark.parametrize("name", ["points.csv", "Punkte (ü).geojson"])
def test_what_somebody_filled_in_stays(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_points_file(path, X, Y)
    write_points_file(path, X[::-1], Y, {"suggested": ["unsure"] * 3})  # nothing is in it yet
    path.write_text(filled(path))
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="somebody has looked up") as caught:
        write_points_file(path, X, Y)
    assert caught.value.found == "1 with a class"
    assert path.read_bytes() == before
