"""The examples run as they are, and give what the processes promise."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from ruamel.yaml import YAML

from automap_tiles import ConfigError, open_process
from automap_tiles.engine.events import RunFinished
from automap_tiles.runtime.steps import all_steps

EXAMPLES = ("basemap", "clip", "composite", "contours", "convert", "hillshade", "steps")


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    script = runpy.run_path(str(root / "processes" / "examples" / "make_data.py"))
    assert script["EXAMPLES"] == EXAMPLES
    script["main"](folder)
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs(name: str, folder: Path) -> None:
    *_, finished = open_process(folder / f"{name}.mapchete").execute(concurrency="none")
    assert isinstance(finished, RunFinished)
    assert finished.summary.failed == 0
    assert finished.summary.written > 3


def _first(name: str, folder: Path, zoom: int) -> tuple[Any, Any]:
    """A tile in the middle of the data and what the function gives there, without its buffer."""
    process = open_process(folder / f"{name}.mapchete")
    x, y = {"mercator": (1_826_800, 6_076_000), "geodetic": (16.41, 47.82)}[
        process.process.pyramid.name
    ]
    pyramid = process.process.pyramid
    x_size, y_size = pyramid.metatile_size(zoom)
    row = int((pyramid.bounds.top - y) / y_size)
    col = int((x - pyramid.bounds.left) / x_size)
    data = process.compute((zoom, row, col))
    assert data is not None
    return process.tile(zoom, row, col), data


def test_the_composite_has_no_clouds(folder: Path) -> None:
    _, data = _first("composite", folder, 12)
    assert data.shape[0] == 6
    # clouds are 5000 brighter than the ground
    assert data[2].max() < 2000
    red, nir, ndvi = (data[band].astype(float) for band in (2, 3, 4))
    # the index comes from the median before it is rounded
    assert np.abs(10_000 * (nir - red) / (nir + red) - ndvi).max() < 10


def test_the_steps_are_green_and_have_no_specks(folder: Path) -> None:
    _, data = _first("steps", folder, 12)
    assert set(np.unique(data.compressed())) == {1, 2}
    green = open_process(folder / "steps.mapchete").process
    (specks,) = [step.process for step in all_steps(green) if step.name == "green"]
    tile = next(iter(green.pyramid.tile(12, 713, 1117).intersecting(green.pyramid)))
    before, after = specks.compute(tile), green.compute(tile)
    assert before is not None
    assert after is not None
    changes = [
        np.abs(np.diff(each.data.filled(0)[0].astype(int))).sum() for each in (before, after)
    ]
    assert changes[1] < changes[0]


def test_the_clip_keeps_the_park(folder: Path) -> None:
    tile, data = _first("clip", folder, 11)
    # away from the outline by a pixel
    ring = [(16.37, 47.80), (16.45, 47.79), (16.47, 47.83), (16.40, 47.845)]
    inside = shapely.Polygon(ring).buffer(-tile.pixel_x_size)
    outside = shapely.Polygon(ring).buffer(tile.pixel_x_size)
    rows, cols = np.mgrid[: tile.height, : tile.width] + 0.5
    x = tile.left + cols * tile.pixel_x_size
    y = tile.top - rows * tile.pixel_y_size
    masked = np.ma.getmaskarray(data[0])
    assert not masked[shapely.contains_xy(inside, x, y)].any()
    assert masked[~shapely.contains_xy(outside, x, y)].all()
    assert 0.02 < (~masked).mean() < 0.9


def test_the_conversion_is_reflectance(folder: Path) -> None:
    _, data = _first("convert", folder, 12)
    assert data.dtype == np.float32
    assert data.shape[0] == 3
    assert 0.05 < data.mean() < 0.6


def test_contours_are_of_the_interval_and_close_up(folder: Path) -> None:
    process = open_process(folder / "contours.mapchete")
    tile, _ = _first("contours", folder, 12)
    ends = []
    for col in (tile.col, tile.col + 1):
        lines = process.compute((12, tile.row, col))
        assert {feature["properties"]["height"] % 25 for feature in lines} == {0}
        edge = tile.unbuffered().right
        points = [
            point
            for feature in lines
            for point in (
                feature["geometry"]["coordinates"][0],
                feature["geometry"]["coordinates"][-1],
            )
        ]
        ends.append(sorted(y for x, y in points if abs(x - edge) < tile.pixel_x_size / 1e3))
    assert len(ends[0]) > 3
    assert ends[0] == pytest.approx(ends[1], rel=0, abs=tile.pixel_x_size / 1e3)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("composite", "method", "medain"),
        ("composite", "indices", ["ndvy"]),
        ("composite", "resampling", "nearst"),
        ("hillshade", "altitude", "high"),
        ("contours", "interval", "often"),
        ("convert", "band_indexes", ["red"]),
        ("clip", "clip_pixelbuffer", 1.5),
        ("clip", "clip_pixel_buffer", 1),
    ],
)
def test_a_wrong_parameter_is_refused_before_the_first_tile(
    name: str, parameter: str, value: Any, folder: Path
) -> None:
    yaml = YAML(typ="safe")
    config = yaml.load(folder / f"{name}.mapchete")
    config["process_parameters"][parameter] = value
    with pytest.raises(ConfigError, match=parameter):
        open_process({**config, "config_dir": str(folder)})
