"""Counts, cloud share and mean NDVI over dates against NumPy; `preprocess` on a real product."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_processes import cloud_probability, mean_ndvi, observations, preprocess
from automap_tiles import Empty, Pyramid, Scenes, open_process
from automap_tiles.formats import InputSpec
from automap_tiles.formats.context import OpenContext
from automap_tiles.formats.scenes import open_reader
from automap_tiles.missions.landsat._bands import LANDSAT_8
from automap_tiles.scenes import find, prepare, prepared
from tests.processes.test_scenes_composite import stack_of

SENTINEL = "data/sentinel2/eodatasets3_T55HFA_20201011_l1c"


def planes(found: Any) -> dict[str, Any]:
    raster, tags = found
    return {tags[n]["name"]: plane for n, plane in enumerate(raster.data, start=1)}


def both(folder: Path, mode: str) -> tuple[Scenes, Scenes]:
    """The same scenes with a mask and without one."""
    scenes = stack_of(folder, grid=mode)
    return scenes, stack_of(folder, grid=mode, mask=[])


def on_the_whole(scenes: Scenes) -> tuple[np.ndarray, np.ndarray]:
    """(time, y, x) valid, and NDVI with NaN."""
    stack = scenes.read()
    values = np.where(stack.valid[:, None], stack.values.astype("f8"), np.nan)
    red, nir = values[:, 2], values[:, 3]
    return stack.valid, (nir - red) / (nir + red)


@pytest.mark.parametrize("mode", ["native", "tile"])
def test_counts_and_shares(tmp_path: Path, mode: str) -> None:
    scenes, everything = both(tmp_path, mode)
    valid, _ = on_the_whole(scenes)
    seen, _ = on_the_whole(everything)
    counts = planes(observations.execute(scenes))
    never = ~seen.any(axis=0)
    for name, wanted in (("valid_count", valid), ("observed_count", seen)):
        np.testing.assert_array_equal(counts[name].mask, never)
        np.testing.assert_array_equal(counts[name].filled(0), wanted.sum(axis=0))
    assert 0 < valid.sum() < seen.sum()
    share = planes(cloud_probability.execute(scenes))["cloud_probability"]
    wanted_share = (
        100 * (seen & ~valid_like(valid, scenes, everything)).sum(0) / seen.sum(0).clip(1)
    )
    np.testing.assert_array_equal(share.mask, never)
    np.testing.assert_allclose(share.filled(0), np.where(never, 0, wanted_share), rtol=1e-6)


def valid_like(valid: np.ndarray, scenes: Scenes, everything: Scenes) -> np.ndarray:
    """Valid pixels at the dates that there are without a mask."""
    own, other = scenes.read().indexes, everything.read().indexes
    out = np.zeros((len(other), *valid.shape[1:]), dtype=bool)
    for place, index in enumerate(own):
        out[other.index(index)] = valid[place]
    return out


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_mean_ndvi(tmp_path: Path) -> None:
    scenes, everything = both(tmp_path, "native")
    found = planes(mean_ndvi.execute(scenes))
    for name, source in (("ndvi_masked", scenes), ("ndvi_unmasked", everything)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            wanted = np.nanmean(on_the_whole(source)[1], axis=0)
        np.testing.assert_array_equal(found[name].mask, np.isnan(wanted))
        there = ~found[name].mask
        np.testing.assert_allclose(found[name].data[there], wanted[there], atol=2e-6)
    assert (found["ndvi_masked"] != found["ndvi_unmasked"]).any()


def test_nothing_here(tmp_path: Path) -> None:
    scenes = stack_of(tmp_path, dates=2)
    beside = Scenes(scenes._reader, scenes.tile.pyramid.tile(13, 0, 0))
    for process in (observations, cloud_probability, mean_ndvi):
        with pytest.raises(Empty):
            process.execute(beside)


def test_preprocess_is_what_download_writes(shared: Path, tmp_path: Path) -> None:
    (scene,) = find.products(shared / SENTINEL).scenes
    prepare.write(tmp_path / "whole.tif", scene, None)
    grid = {
        "shape": [5, 5],
        "bounds": [600_000, 6_100_000 - 5 * 512 * 50, 600_000 + 5 * 512 * 50, 6_100_000],
        "srs": {"epsg": 32755},
    }
    process = open_process(
        {
            "process": "preprocess",
            "config_dir": str(tmp_path),
            "input": {"scenes": {"format": "scenes", "path": str(shared / SENTINEL)}},
            "pyramid": {"grid": grid, "tile_size": 512},
            "zoom_levels": 0,
            "output": {
                "format": "GTiff",
                "path": "out",
                "bands": 9,
                "dtype": "int16",
                "nodata": -32768,
            },
        }
    )
    import rasterio

    tile = process.compute((0, 1, 2))
    with rasterio.open(tmp_path / "whole.tif") as file:
        wanted = file.read()[:, 512:1024, 1024:1536]
    np.testing.assert_array_equal(tile.filled(-32768), wanted)


def test_preprocess_needs_one_date(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "landsat" / "gdalcubes_L8NY18"
    spec = InputSpec(name="scenes", path=str(folder), options={})
    pyramid = Pyramid.from_grid("mercator")
    reader = open_reader(spec, OpenContext(base=tmp_path, pyramid=pyramid))
    scenes = reader.at(pyramid.tile(8, 96, 75))
    with pytest.raises(ValueError, match="name a scene"):
        preprocess.execute(scenes)
    with pytest.raises(ValueError, match="no scene"):
        preprocess.execute(scenes, scene="other")
    found = planes(preprocess.execute(scenes, scene=scenes.scenes[5].id))
    assert tuple(found) == prepared.planes(LANDSAT_8)
    assert not found["red"].mask.all()
