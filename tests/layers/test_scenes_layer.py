"""An input of scenes as a layer, and all its dates at one place, on scenes of three days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import yaml  # type: ignore[import-untyped]
from rasterio.transform import Affine
from rasterio.warp import transform

from automap_tiles.errors import ConfigError
from automap_tiles.layers._path_layers import layers_at
from automap_tiles.layers._scenes import ScenesLayer
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.series import series_of
from automap_tiles.layers.values import values_at
from automap_tiles.layers.web import web_pyramid
from automap_tiles.notes import collecting
from automap_tiles.runtime import open_process
from automap_tiles.workflows.export._times import time_of
from tests.imagery.landscape import Frame
from tests.imagery.sentinel2 import NO_DATA, SHADOW, THICK_CLOUD, Sentinel2Scene, write

FRAME = Frame(
    crs="EPSG:32633", transform=Affine(100, 0, 500_000, 0, -100, 5_100_000), shape=(120, 120)
)
# the clearest day is neither the first nor the last
DAYS = {10: 0.4, 15: 0.05, 20: 0.3}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    for day, clouds in DAYS.items():
        time = datetime(2023, 8, day, 10, tzinfo=UTC)
        scene = Sentinel2Scene(
            platform="S2A", tile="33TWL", time=time, frame=FRAME, clouds=clouds, swath=0.95
        )
        write(scene, folder / "in" / scene.name)
    (folder / "first.py").write_text("def execute(scenes):\n    return scenes.read().data[0]\n")
    path = folder / "first.mapchete"
    path.write_text(
        "process: ./first.py\n"
        "input: {scenes: {format: scenes, path: in, bands: [blue, red, nir], "
        "mask: [cloud, cloud_shadow]}}\n".replace("cloud_shadow", "shadow")
        + "output: {format: GTiff, path: out, bands: 3, dtype: float32}\n"
        "pyramid: {grid: mercator}\nzoom_levels: {min: 9, max: 9}\n"
    )
    return path


@pytest.fixture(scope="module")
def layers(config: Path) -> tuple[ProcessLayer, ScenesLayer]:
    opened, remarks = open_layers([config], Keep.READONLY)
    assert not remarks
    process, scenes = sorted(opened, key=lambda layer: isinstance(layer, ScenesLayer))
    assert isinstance(process, ProcessLayer)
    assert isinstance(scenes, ScenesLayer)
    return process, scenes


def place(row: int, col: int) -> tuple[float, float]:
    """Degrees of the middle of a pixel."""
    x, y = FRAME.transform @ (col + 0.5, row + 0.5)
    (lon,), (lat,) = transform(FRAME.crs, "EPSG:4326", [x], [y])
    return lon, lat


def stored(config: Path, day: int, file: str) -> np.ndarray:
    (path,) = (config.parent / "in").glob(f"*_202308{day}_*/{file}.tif")
    with rasterio.open(path) as image:
        band: np.ndarray = image.read(1)
        return band


def test_the_clearest_day_is_shown(layers: tuple[ProcessLayer, ScenesLayer]) -> None:
    _, scenes = layers
    assert scenes.dates == ("2023-08-10", "2023-08-15", "2023-08-20")
    assert scenes.date == "2023-08-15"
    assert scenes.on("2023-08-20").date == "2023-08-20"
    with pytest.raises(ConfigError, match="2023-08-11"):
        scenes.on("2023-08-11")
    # no green: the first band alone
    assert scenes.info.default_style == {"bidx": ["1"], "rescale": ["0,0.3"]}
    assert [band.name for band in scenes.info.bands] == ["blue", "red", "nir"]


def test_values_of_a_day_are_those_of_its_files(
    config: Path, layers: tuple[ProcessLayer, ScenesLayer]
) -> None:
    _, scenes = layers
    for day in DAYS:
        red = stored(config, day, "B04")
        row, col = map(int, np.argwhere(red[40:80, 40:80] > 0)[700] + 40)
        found = values_at(scenes.on(f"2023-08-{day}"), *place(row, col))
        assert found is not None
        assert float(found[1]) * 10_000 == pytest.approx(red[row, col], abs=0.01)


def test_every_day_at_a_place_and_why_it_does_not_count(
    config: Path, layers: tuple[ProcessLayer, ScenesLayer]
) -> None:
    process, _ = layers
    reasons = {THICK_CLOUD: "cloud", SHADOW: "shadow"}
    seen = set()
    classes = {day: stored(config, day, "SCL") for day in DAYS}
    for row, col in ((20, 30), (60, 60), (90, 35), (33, 80), (70, 20), (101, 66), (50, 1)):
        (series,) = series_of(process.process, *place(row, col))
        assert series.bands == ("blue", "red", "nir")
        by_day = {int(date.time[8:10]): date for date in series.dates}
        assert list(by_day) == sorted(by_day)
        for day in DAYS:
            code = int(classes[day][row, col])
            if code == NO_DATA:
                assert day not in by_day
                continue
            date = by_day[day]
            assert date.masked is (code in reasons)
            assert date.reason == reasons.get(code)
            assert date.scenes == (f"S2A_33TWL_202308{day}_0_L2A",)
            assert date.values[2] * 10_000 == pytest.approx(
                stored(config, day, "B08")[row, col], abs=0.01
            )
            seen.add(code)
    assert seen >= {THICK_CLOUD, SHADOW}, "choose other places"


def test_the_series_of_scenes_that_steps_read_is_there_too(config: Path) -> None:
    said: dict[str, Any] = yaml.safe_load(config.read_text())
    output = said.pop("output")
    said["steps"] = {
        "first": {"process": said.pop("process"), "output": {"bands": 3, "dtype": "float32"}},
        "last": {"process": "./last.py", "input": ["first"]},
    }
    (config.parent / "last.py").write_text("def execute(first):\n    return first.read()\n")
    path = config.parent / "steps.mapchete"
    path.write_text(yaml.safe_dump({**said, "output": output}))
    process, plain = (open_process(each) for each in (path, config))
    where = place(60, 60)
    found = series_of(process, *where)
    assert found == series_of(plain, *where)
    assert len(found[0].dates) == len(DAYS)
    # and they say when what is exported was taken
    with collecting() as notes:
        assert time_of(str(path)) == time_of(str(config))
    assert not notes
    assert "2023-08-10" in time_of(str(path))


def test_nothing_where_no_scene_is(layers: tuple[ProcessLayer, ScenesLayer]) -> None:
    process, scenes = layers
    (series,) = series_of(process.process, 10.0, 10.0)
    assert series.dates == ()
    assert values_at(scenes, 10.0, 10.0) is None


def test_both_overpasses_of_a_day_are_shown_the_clearer_one_in_front(tmp_path: Path) -> None:
    """As far in the north as days with two orbits are; each is seen alone for comparison."""
    for folder, minutes, clouds, swath in (("a", 0, 0.5, 0.95), ("b", 100, 0.02, 0.5)):
        time = datetime(2023, 8, 10, 9, tzinfo=UTC) + timedelta(minutes=minutes)
        scene = Sentinel2Scene(
            platform="S2A", tile="33TWL", time=time, frame=FRAME, clouds=clouds, swath=swath
        )
        for where in (folder, "both"):
            write(scene, tmp_path / where / f"{folder}_{scene.name}")
    first, second, both = (layers_at(str(tmp_path / name))[0] for name in ("a", "b", "both"))
    assert isinstance(both, ScenesLayer)
    assert both.dates == ("2023-08-10", "2023-08-10")
    assert both.clouds.index(min(each for each in both.clouds if each is not None)) == 1
    lon, lat = place(60, 60)
    tile = web_pyramid().tile(9, *_tile_at(lon, lat, 9))
    one, two, found = (layer.read(tile, (1, 3)) for layer in (first, second, both.on("2023-08-10")))
    assert one is not None
    assert two is not None
    assert found is not None
    behind = np.ma.getmaskarray(two)
    assert 0.1 < behind.mean() < 0.99
    assert (~np.ma.getmaskarray(one) & behind).any()
    wanted = np.where(behind, one.filled(-1), two.filled(-1))
    np.testing.assert_array_equal(found.filled(-1), wanted)


def _tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    size = 2**zoom
    down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    return int(down * size), int((lon + 180) / 360 * size)
