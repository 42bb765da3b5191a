"""Tables of samples as files."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.workflows.samples._export import write_table


def test_every_sample_has_a_row(tmp_path: Path) -> None:
    """Numbers come back as the float32 and float64 that they were."""
    rng = np.random.default_rng(4)
    table = SampleTable(
        values=rng.random((7, 2), dtype=np.float32) * 1e-3,
        classes=rng.integers(1, 9, 7).astype(np.uint8),
        groups=np.arange(7),
        x=rng.random(7) * 1e6,
        y=rng.random(7) * 1e6,
        crs="EPSG:32633",
        features=("red", "nir"),
    )
    write_table(table, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["X"]) for row in rows] == table.x.tolist()
    assert [float(row["Y"]) for row in rows] == table.y.tolist()
    assert [int(row["class"]) for row in rows] == table.classes.tolist()
    assert [int(row["group"]) for row in rows] == table.groups.tolist()
    values = np.array([[row["red"], row["nir"]] for row in rows]).astype(np.float32)
    np.testing.assert_array_equal(values, table.values)
