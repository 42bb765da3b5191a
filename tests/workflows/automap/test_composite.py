"""Composites of prepared scenes against NumPy."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from shapely import box

from automap_tiles import open_process
from automap_tiles.analysis.composites.methods import METHODS
from automap_tiles.errors import ConfigError
from automap_tiles.scenes.masks import FlagSource
from automap_tiles.scenes.reading import Reading, lattice_of
from automap_tiles.scenes.select import overpasses
from automap_tiles.storage import Address
from automap_tiles.workflows import run
from automap_tiles.workflows.automap import CompositeOrder
from automap_tiles.workflows.automap._composite import (
    composite_bands,
    composite_config,
    prepared_scenes,
)
from automap_tiles.workflows.automap._download import download
from automap_tiles.workflows.automap._results import check_composites, write_item
from automap_tiles.workflows.automap.discover import discover
from automap_tiles.workflows.automap.folders import composite_path
from automap_tiles.workflows.automap.parameters import RunParameters, parameters_of
from automap_tiles.workflows.events import Failed, Skipped
from tests.golden import places
from tests.workflows.automap.conftest import run_download

MASKED = 1 | 2 | 4 | 8  # fill, cloud, cirrus, shadow


def band_names(run: RunParameters) -> tuple[str, ...]:
    return tuple(band.name for band in composite_bands(run, "landsat-8"))


@pytest.fixture(scope="module")
def composite(prepared_run: RunParameters) -> Path:
    process = open_process(composite_config(prepared_run, "landsat-8"))
    list(process.execute(concurrency="none"))
    return Path(composite_path(prepared_run, "landsat-8").text)


def nearest(path: str, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """(band, y, x) at coordinates; NaN where a pixel does not count."""
    with rasterio.open(path) as file:
        pixels = file.read()
        cols = np.floor((xs - file.transform.c) / file.transform.a).astype(int)
        rows = np.floor((ys - file.transform.f) / file.transform.e).astype(int)
    height, width = pixels.shape[1:]
    inside = (cols >= 0) & (cols < width) & (rows >= 0) & (rows < height)
    taken = pixels[:, rows.clip(0, height - 1), cols.clip(0, width - 1)].astype(float)
    counts = inside & ((taken[6].astype(int) & MASKED) == 0)
    return np.where(counts, taken, np.nan)


def test_against_numpy(prepared_run: RunParameters, composite: Path) -> None:
    scenes = prepared_scenes(prepared_run, "landsat-8")
    assert len(scenes) == 19
    lattice = lattice_of(scenes, Reading())
    with rasterio.open(composite) as file:
        got = file.read(masked=True)
        names = file.descriptions
        left, top, size = file.transform.c, file.transform.f, file.transform.a
    assert names == band_names(prepared_run)
    xs = left + (np.arange(got.shape[2]) + 0.5) * size
    ys = top - (np.arange(got.shape[1]) + 0.5) * size
    # the picture is resampled from the scenes' own grid, which the scenes are resampled onto
    own = lattice.transform
    xs = own.c + (np.floor((xs - own.c) / own.a) + 0.5) * own.a
    ys = own.f + (np.floor((ys - own.f) / own.e) + 0.5) * own.e
    xs, ys = np.meshgrid(xs, ys)
    dates = []
    for date in overpasses(scenes):
        merged = np.full((9, *xs.shape), np.nan)
        for scene in date.scenes:
            pixels = nearest(scene.band("red").href, xs, ys)
            merged = np.where(np.isnan(merged), pixels, merged)
        dates.append(merged[[0, 1, 2, 3, 4, 5]])
    stack = np.array(dates)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        median = np.floor(np.nanmedian(stack, axis=0) + 0.5)
        std = np.floor(np.nanstd(stack, axis=0) + 0.5)
    count = (~np.isnan(stack[:, 0])).sum(axis=0)
    np.testing.assert_array_equal(got[-1].filled(0), count)
    assert (count > 0).sum() > 100
    seen = count > 0
    np.testing.assert_array_equal(~np.ma.getmaskarray(got[0]), seen)
    assert np.abs(got[:6].data - median)[:, seen].max() <= 0
    assert np.abs(got[8:14].data - std)[:, seen].max() <= 1


def test_says_what_it_is(prepared_run: RunParameters, composite: Path) -> None:
    with rasterio.open(composite) as file:
        tags = file.tags()
        scales = file.scales
        count = file.read(file.count, masked=True)
    shares = json.loads(tags["SCENES"])
    assert len(shares) == 19
    assert sum(each["samples"] for each in shares) == count.sum()
    assert sum(each["share"] for each in shares) == pytest.approx(1, abs=1e-4)
    assert tags["SATELLITE"] == "landsat-8"
    assert tags["PERIOD"] == "2018-01-01/2018-12-31"
    assert scales[0] == pytest.approx(1e-4)
    assert scales[-1] == 1


def test_what_was_made_in_another_way_is_not_replaced(
    prepared_run: RunParameters, composite: Path
) -> None:
    write_item(prepared_run, "landsat-8")
    check_composites(prepared_run)
    for other, words in (
        (
            replace(prepared_run, making=FlagSource(project_shadow=True)),
            "masks were made in another",
        ),
        (replace(prepared_run, area=prepared_run.area.buffer(-0.01)), "for another area"),
        (replace(prepared_run, max_cloud_cover=20.0), "another limit of cloud cover"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            check_composites(other)
        assert caught.value.file == str(composite)


def test_same_bytes_for_any_number_of_workers(
    prepared_run: RunParameters, composite: Path, tmp_path: Path
) -> None:
    config = composite_config(prepared_run, "landsat-8")
    config["output"]["path"] = str(tmp_path / "again.tif")
    list(open_process(config).execute(concurrency="processes", workers=2))
    assert (tmp_path / "again.tif").read_bytes() == composite.read_bytes()


def test_an_area_beyond_all_that_was_seen(spring: RunParameters, tmp_path: Path) -> None:
    """Half the globe cannot be told in one zone: the extent ends around the scenes."""
    everywhere = replace(
        spring, area=box(-180, -80, 20, 84), output=Address.of(tmp_path / "everywhere")
    )
    run_download(everywhere)
    config = composite_config(everywhere, "landsat-8")
    left, bottom, right, top = config["bounds"]
    run_download(spring)
    own = composite_config(spring, "landsat-8")["bounds"]
    assert left < own[0] < own[2] < right
    assert right - left < 900_000
    assert top - bottom < 900_000


def test_scenes_of_another_area_are_not_merged(
    spring: RunParameters, new_york: Path, tmp_path: Path
) -> None:
    """A run from another source leaves them as they are: they would be holes in its composite."""
    run_download(replace(spring, area=spring.area.buffer(-0.02)))
    (tmp_path / "one").mkdir()
    product = next(path for path in new_york.iterdir() if "_20180405_" in path.name)
    (tmp_path / "one" / product.name).symlink_to(product)
    one = replace(spring, source=str(tmp_path / "one"))
    run_download(one)
    with pytest.raises(ConfigError, match=r"left 4 of the 5 scenes cut to another area") as caught:
        composite_config(one, "landsat-8")
    assert "another --output" in (caught.value.remedy or "")
    run_download(spring)
    composite_config(one, "landsat-8")


def test_levels_of_earlier_runs_are_not_merged(spring: RunParameters) -> None:
    run_download(spring)
    path = next(Path(spring.output.text, "landsat-8", "scenes").glob("LC08*.json"))
    item = json.loads(path.read_text())
    item["properties"]["automap:scene"]["level"] = "L2SP"
    path.write_text(json.dumps(item))
    with pytest.raises(ConfigError, match=r"left 1 of the 5 scenes of surface reflectance"):
        composite_config(spring, "landsat-8")


def test_long_names_of_statistics(prepared_run: RunParameters) -> None:
    many = tuple(f"p{number}" for number in range(0, 101, 2))
    names = {
        composite_path(replace(prepared_run, statistics=each), "landsat-8").name
        for each in (many, many[1:], ("median",), ("median", "std"))
    }
    assert len(names) == 4
    assert max(map(len, names)) < 150


def test_every_method_runs(prepared_run: RunParameters, tmp_path: Path) -> None:
    run = replace(prepared_run, statistics=(*METHODS, "p10"))
    config = composite_config(run, "landsat-8")
    config["output"]["path"] = str(tmp_path / "all.tif")
    list(open_process(config).execute(concurrency="none"))
    with rasterio.open(tmp_path / "all.tif") as file:
        assert file.descriptions == band_names(run)
        planes = dict(zip(file.descriptions, file.read(masked=True), strict=True))
    seen = planes["valid_count"] > 0
    assert seen.sum() > 100
    for name, plane in planes.items():
        # an index may have no value where its denominator is 0
        assert (~np.ma.getmaskarray(plane))[seen.filled(False)].mean() > 0.9, name
    there = seen.filled(False)
    np.testing.assert_array_equal(planes["count_red"][there], planes["valid_count"][there])


def test_one_of_an_earlier_version_goes_on_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reached to the edges of its tiles; composites end with the area by now."""
    monkeypatch.chdir(tmp_path)
    places.scenes()
    order = CompositeOrder(
        satellites=("8",),
        start="2020-10-01",
        end="2020-11-30",
        boundary="area.geojson",
        input="in",
        output="out",
        workers=1,
    )
    wanted = parameters_of(order)
    done = {scene.scene for scene in download(wanted, discover(wanted), workers=1)}
    config = composite_config(wanted, "landsat-8", done)
    del config["output"]["extent"]
    list(open_process(config).execute(concurrency="none"))
    write_item(wanted, "landsat-8")
    path = Path(composite_path(wanted, "landsat-8").text)
    before = path.stat().st_mtime_ns
    events = list(run(order))
    assert not [event for event in events if isinstance(event, Failed)]
    assert sum(event.count for event in events if isinstance(event, Skipped)) == 1
    assert path.stat().st_mtime_ns == before
