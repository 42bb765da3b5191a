"""Seasons and waves of a `scenes` input, against the functions on the stack that it gives."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_processes import phenology
from automap_tiles import ConfigError, Empty, Scenes, open_process
from automap_tiles.analysis.series.harmonic import harmonic
from automap_tiles.analysis.series.phenology import SEASON
from automap_tiles.analysis.series.phenology import phenology as seasons
from automap_tiles.notes import collecting
from tests.processes.test_scenes_composite import GRID, config_of, stack_of


def green(folder: Path, dates: int = 12) -> Scenes:
    """A stack whose near infrared rises and falls with the dates; the first days of January."""
    scenes = stack_of(folder, dates)
    for number in range(len(scenes.dates)):
        shape = 1 / (1 + np.exp(-0.9 * (number - 2.5))) + 1 / (1 + np.exp(0.8 * (number - 9))) - 1
        _, x = np.mgrid[0:64, 0:64]
        for band, values in (("red", 1800 + 0 * x), ("nir", 2600 + 4000 * shape * (0.6 + x / 100))):
            with rasterio.open(folder / f"d{number + 1:02}" / f"{band}.tif", "r+") as file:
                file.write(np.where(file.read(1) == 0, 0, values).astype(file.dtypes[0]), 1)
    return stack_of_again(folder)


def stack_of_again(folder: Path) -> Scenes:
    """The same files, opened anew."""
    from automap_tiles import Pyramid
    from automap_tiles.formats import InputSpec
    from automap_tiles.formats.context import OpenContext
    from automap_tiles.formats.scenes import open_reader
    from tests.processes.test_scenes_composite import BANDS
    from tests.scenes.test_reading import tile_over

    spec = InputSpec(name="scenes", path=str(folder), options={"bands": BANDS})
    reader = open_reader(spec, OpenContext(base=folder, pyramid=Pyramid.from_grid("mercator")))
    return reader.at(tile_over(GRID, 13))


def planes(found: Any) -> dict[str, Any]:
    raster, tags = found
    return {tags[n]["name"]: plane for n, plane in enumerate(raster.data, start=1)}


def on_the_whole(scenes: Scenes) -> tuple[Any, list[float]]:
    """(time, y, x) NDVI, masked, and the days of the year."""
    stack = scenes.read()
    red, nir = (np.ma.MaskedArray(stack.values[:, n], mask=~stack.valid) for n in (2, 3))
    start = datetime(stack.times[0].year, 1, 1, tzinfo=UTC)
    days = [1 + (time - start).total_seconds() / 86400 for time in stack.times]
    return (nir - red) / (nir + red), days


def test_a_season_is_that_of_the_stack(tmp_path: Path) -> None:
    scenes = green(tmp_path)
    with collecting():
        found = planes(phenology.execute(scenes))
        ndvi, days = on_the_whole(scenes)
        wanted = seasons(ndvi.astype("f4"), days)
    assert tuple(found) == SEASON
    there = ~found["start"].mask
    assert there.sum() > 500
    for name in SEASON:
        assert (found[name].mask != np.ma.getmaskarray(wanted[name])).mean() < 0.01, name
        both = there & ~np.ma.getmaskarray(wanted[name])
        assert np.median(np.abs(found[name] - wanted[name]).data[both]) < 1e-3, name
    start, end = (found[name].data[there] for name in ("start", "end"))
    assert 1 < start.min() < start.max() < end.min() < end.max() < 13  # of January


def test_a_wave_is_that_of_the_stack(tmp_path: Path) -> None:
    scenes = green(tmp_path)
    found = planes(phenology.execute(scenes, method="harmonic", modes=1, trend=True))
    ndvi, days = on_the_whole(scenes)
    wanted = harmonic(ndvi.astype("f4"), days, trend=True)
    assert list(found) == ["mean", "trend", "amplitude_1", "peak_1", "rmse"]
    for name, plane in found.items():
        np.testing.assert_array_equal(plane.mask, np.ma.getmaskarray(wanted[name]))
        np.testing.assert_allclose(plane.filled(0), wanted[name].filled(0), rtol=1e-3, atol=1e-3)


def test_days_count_from_the_day_that_is_given(tmp_path: Path) -> None:
    scenes = green(tmp_path)
    with collecting():
        usual = planes(phenology.execute(scenes))
        later = planes(phenology.execute(scenes, first_day=date(scenes.dates[0].time.year, 8, 1)))
    some = ~usual["start"].mask & ~later["start"].mask
    away = (usual["start"] - later["start"]).data[some]
    assert np.median(away) == pytest.approx(212, abs=0.05)


def test_a_band_may_be_asked_for(tmp_path: Path) -> None:
    scenes = green(tmp_path)
    found = planes(phenology.execute(scenes, of="nir", method="harmonic"))
    stack = scenes.read(bands=["nir"])
    valid = stack.valid.sum(axis=0) >= 5
    np.testing.assert_array_equal(found["mean"].mask, ~valid)


def test_nothing_here(tmp_path: Path) -> None:
    scenes = stack_of(tmp_path, dates=2)
    with pytest.raises(Empty):
        phenology.execute(Scenes(scenes._reader, scenes.tile.pyramid.tile(13, 0, 0)))
    with collecting() as notes, pytest.raises(Empty):
        phenology.execute(scenes)
    assert [note.reason for note in notes] == ["fewer than seven dates count"]


def test_the_same_bytes_however_it_is_cut(tmp_path: Path) -> None:
    """What dates a tile has does not matter."""
    files = []
    config = config_of(tmp_path, 12) | {"process": "phenology"}
    shutil.rmtree(tmp_path / "stack")
    green(tmp_path / "stack")
    for metatiling in (1, 4):
        config["pyramid"] = {"grid": "mercator", "metatiling": metatiling}
        config["zoom_levels"] = 14
        path = tmp_path / f"m{metatiling}.tif"
        config["output"] = {
            "format": "GTiff", "path": str(path), "bands": 9, "dtype": "float32",
            "nodata": -9999, "extent": "area",
        }  # fmt: skip
        list(open_process(config).execute(concurrency="none"))
        with rasterio.open(path) as file:
            files.append(file.read())
            assert file.descriptions == SEASON
    assert (files[0][0] != -9999).sum() > 500
    np.testing.assert_array_equal(*files)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"threshold": 1.0}, "lies between 0 and 1"),
        ({"modes": 4, "method": "harmonic"}, "are 1 to 3"),
        ({"of": "ndwi2"}, "ndwi2 needs ndwi2, and the input reads blue, green, red, nir"),
        ({"of": "nbr"}, "add swir2 to the bands"),
        ({"dtype": "int16"}, "dtype: float32"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, parameters: Any, said: str) -> None:
    reader = stack_of(tmp_path, dates=1)._reader
    with pytest.raises(ConfigError) as error:
        phenology.check_parameters(reader, **parameters)
    assert said in str(error.value)
