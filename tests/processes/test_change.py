"""Change between two maps, and its areas by a reference sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.analysis.learning.accuracy import map_accuracy
from automap_tiles.engine.events import RunFinished
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ConfigError
from automap_tiles.raster.legend import read_class_legend
from automap_tiles.runtime import Process, open_process
from tests.workflows.assess.maps import classes, write_map

GRID = {
    "shape": [3, 4],
    "bounds": [500000, 4997000, 504000, 5000000],
    "srs": {"epsg": 32633},
    "is_global": False,
}


def opened(folder: Path, metatiling: int = 1, **parameters: Any) -> Process:
    return open_process(
        {
            "process": "change",
            "config_dir": str(folder),
            "input": {"before": "before.tif", "after": "after.tif"},
            "pyramid": {"grid": GRID, "tile_size": 100, "metatiling": metatiling},
            "zoom_levels": 0,
            "output": {
                "format": "GTiff",
                "path": f"change{metatiling}.tif",
                "bands": 1,
                "dtype": "uint8",
                "nodata": 0,
            },
            "process_parameters": parameters,
        }
    )


@pytest.mark.parametrize("metatiling", [1, 2, 4])
@pytest.mark.parametrize("of", [[1], [2, 5]])
def test_what_stayed_came_and_went(tmp_path: Path, metatiling: int, of: list[int]) -> None:
    before, after = classes(seed=1), classes(seed=2)
    after[200:, :50] = 0
    write_map(tmp_path / "before.tif", before)
    write_map(tmp_path / "after.tif", after)
    with rasterio.open(tmp_path / "after.tif", "r+") as file:
        file.nodata = 255
    process = opened(tmp_path, metatiling, of=of)
    *_, finished = execute(process, RunOptions(concurrency=Concurrency.NONE))
    assert isinstance(finished, RunFinished)
    assert finished.summary.failed == 0
    told = [note.count for note in finished.summary.notes if "counts as no class" in note.reason]
    assert told == [(after == 0).sum()]
    with rasterio.open(process.writer.path) as file:
        found = file.read(1)
    expected = np.ones_like(before)
    for row, col in np.ndindex(*before.shape):
        was, is_now = before[row, col] in of, after[row, col] in of
        if before[row, col] == 0 or after[row, col] == 0:
            expected[row, col] = 0
        elif was or is_now:
            expected[row, col] = 2 if was and is_now else 4 if was else 3
    np.testing.assert_array_equal(found, expected)
    assert set(np.unique(found)) == {0, 1, 2, 3, 4}
    names = read_class_legend(process.writer.path).names
    assert names == {1: "never", 2: "always", 3: "gain", 4: "loss"}


def test_where_either_map_has_nothing_there_is_no_tile(tmp_path: Path) -> None:
    before, after = classes(seed=1), classes(seed=2)
    before[:100, :100] = 0
    write_map(tmp_path / "before.tif", before)
    write_map(tmp_path / "after.tif", after)
    process = opened(tmp_path, of=[1])
    assert process.compute(process.pyramid.tile(0, 0, 0)) is None
    assert process.compute(process.pyramid.tile(0, 1, 0)) is not None


@pytest.mark.parametrize(
    ("of", "words"), [([], "names no class"), ([0], "1 to 255"), ([3, 300], "1 to 255"),
                      ([2, 2], "twice")],
)  # fmt: skip
def test_classes_that_cannot_be(tmp_path: Path, of: list[int], words: str) -> None:
    for name in ("before.tif", "after.tif"):
        write_map(tmp_path / name, classes())
    with pytest.raises(ConfigError, match=words) as caught:
        opened(tmp_path, of=of)
    assert caught.value.key == "process_parameters.of"


def test_areas_of_change_are_those_of_olofsson_2013() -> None:
    """Its error matrix of deforestation, stable forest and stable other, and its mapped areas.

    The estimates are taken here from equations 2, 3 and 9 to 11, number by number.
    """
    counts = np.array([[97, 0, 3], [3, 279, 18], [2, 1, 97]])
    mapped = np.array([22353, 1122543, 610228])
    total = mapped.sum()
    weights = mapped / total
    found = map_accuracy(counts, weights)
    areas = found.areas(float(total))
    for place in range(3):
        share = variance = 0.0
        for stratum in range(3):
            sampled = counts[stratum].sum()
            part = counts[stratum, place] / sampled
            share += weights[stratum] * part
            variance += weights[stratum] ** 2 * part * (1 - part) / (sampled - 1)
        assert areas[place].value == pytest.approx(total * share)
        assert areas[place].error == pytest.approx(total * np.sqrt(variance))
    assert found.overall.value == pytest.approx((weights * [0.97, 0.93, 0.97]).sum())
    # twice as much as is mapped, because of the few errors in the large stable forest
    assert areas[0].value / mapped[0] == pytest.approx(2.0, abs=0.05)
    assert areas[0].value == pytest.approx(45_113, abs=1)
    assert areas[0].half_width == pytest.approx(21_073, abs=1)
