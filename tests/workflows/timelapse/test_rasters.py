"""`automap timelapse` of rasters that differ from date to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from PIL import Image
from rasterio.crs import CRS

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Grid
from automap_tiles.layers.dates_in_names import date_in
from automap_tiles.notes import collecting
from automap_tiles.workflows import check, run
from automap_tiles.workflows.events import Finished
from automap_tiles.workflows.timelapse import TimelapseOrder, TimelapseOutcome
from automap_tiles.workflows.timelapse._files import dated_files, is_pattern
from automap_tiles.workflows.timelapse._frames import pixel_metres
from tests.scenes.samples import grid_at, write

GRID = grid_at(size=64)


def shown(folder: Path, **changes: Any) -> tuple[TimelapseOutcome, list[Any]]:
    """The outcome, and the frames in grey."""
    plain: dict[str, Any] = {"caption": False, "stretch": (0.0, 1000.0), "size": 64}
    target = folder / "a.gif"
    order = TimelapseOrder(input=f"{folder}/*.tif", output=str(target), **{**plain, **changes})
    *_, last = run(order)
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, TimelapseOutcome)
    frames = []
    with Image.open(target) as picture:
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            frames.append(np.asarray(picture.convert("L")).astype(int))
    return last.outcome, frames


@pytest.mark.parametrize("clouds", ["drop", "fill", "keep"])
def test_dates_of_several_types_are_shown_as_what_they_are(tmp_path: Path, clouds: str) -> None:
    for day, (dtype, value) in enumerate(
        (("uint8", 200), ("float32", 700.5), ("int16", 400), ("uint8", 100)), start=1
    ):
        write(tmp_path / f"2020010{day}.tif", np.full((1, 64, 64), value, dtype=dtype), GRID)
    _, frames = shown(tmp_path, bands=("1",), clouds=clouds)
    for frame, value in zip(frames, (200, 700.5, 400, 100), strict=True):
        assert np.abs(frame - 255 * value / 1000).max() <= 5


def test_all_that_the_dates_reach_is_shown(tmp_path: Path) -> None:
    east = Grid(GRID.crs, GRID.transform @ GRID.transform.translation(64, 0), GRID.shape)
    write(tmp_path / "2020-01.tif", np.full((1, 64, 64), 300, np.int16), GRID)
    write(tmp_path / "2020-02.tif", np.full((1, 64, 64), 600, np.int16), east)
    outcome, (first, second) = shown(tmp_path, bands=("1",), hidden=60.0, size=128)
    assert outcome.frames == ("2020-01", "2020-02")
    width = first.shape[1] // 2
    assert np.abs(first[:, :width] - 77).max() <= 5
    assert np.abs(second[:, width:] - 153).max() <= 5
    assert np.ptp(first[:, width:]) == np.ptp(second[:, :width]) == 0  # no data


def test_rasters_in_colour_beside_grey_ones_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "2020-01.tif", np.full((3, 64, 64), 300, np.int16), GRID)
    write(tmp_path / "2020-02.tif", np.full((1, 64, 64), 600, np.int16), GRID)
    with pytest.raises(ConfigError, match=r"2020-02\.tif has 1 bands, .*2020-01\.tif has 3"):
        shown(tmp_path)
    _, frames = shown(tmp_path, bands=("1",))
    assert abs(int(frames[1][9, 9]) - 153) <= 5


def test_bands_without_names_are_guessed_aloud(tmp_path: Path) -> None:
    for day in (1, 2):
        write(tmp_path / f"2020010{day}.tif", np.full((6, 64, 64), 300, np.int16), GRID)
    outcome, _ = shown(tmp_path)
    (note,) = outcome.notes
    assert (note.fate.value, note.count) == ("guessed", 2)
    assert not shown(tmp_path, bands=("3", "2", "1"))[0].notes


def test_a_date_without_data_is_told_as_such(tmp_path: Path) -> None:
    write(tmp_path / "20200101.tif", np.full((1, 64, 64), 300, np.int16), GRID, nodata=0)
    write(tmp_path / "20200102.tif", np.zeros((1, 64, 64), np.int16), GRID, nodata=0)
    outcome, _ = shown(tmp_path, clouds="keep")
    assert [(note.reason, note.examples) for note in outcome.notes] == [
        ("no data in the picture", ("2020-01-02",))
    ]


@pytest.mark.parametrize(
    "changes", [{"mask": ("cloud",)}, {"dilation": 0.0}, {"time": "2020"}, {"coregister": True}]
)
def test_options_of_scenes_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    write(tmp_path / "20200101.tif", np.full((1, 64, 64), 300, np.int16), GRID)
    order = TimelapseOrder(input=f"{tmp_path}/*.tif", output="a.gif", **changes)
    with pytest.raises(ConfigError, match="goes with scenes") as error:
        check(order)
    assert error.value.key == next(iter(changes))


@pytest.mark.parametrize("stretch", [(float("nan"), 1.0), (0.0, float("nan")), (0.0, float("inf"))])
def test_a_stretch_is_of_numbers(tmp_path: Path, stretch: tuple[float, float]) -> None:
    with pytest.raises(ConfigError, match="must rise"):
        check(TimelapseOrder(input=f"{tmp_path}/*.tif", output="a.gif", stretch=stretch))


def test_a_day_of_no_calendar_is_not_its_month() -> None:
    assert date_in("scene_2018-02-30.tif") is None
    assert date_in("scene_20180230.tif") is None
    assert date_in("scene_20180230_2019-05.tif") == "2019-05"
    assert date_in("2018-02_99.tif") == "2018-02"


def test_times_of_a_gif_are_rounded(tmp_path: Path) -> None:
    for day in (1, 2):
        write(tmp_path / f"2020010{day}.tif", np.full((1, 64, 64), 100 * day, np.int16), GRID)
    shown(tmp_path, bands=("1",), seconds=0.029)
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.info["duration"] == 30


@pytest.mark.parametrize("longitude", [0.0, 15.0, 180.0, -180.0])
def test_a_pixel_is_as_wide_on_the_antimeridian(longitude: float) -> None:
    grid = Grid(CRS.from_epsg(4326), Affine(0.01, 0, longitude - 0.005, 0, -0.01, 0.005), (1, 1))
    assert pixel_metres(grid) == pytest.approx(1113.2, rel=1e-3)


def test_names_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders are meant as they are called; of several days in a name that is told."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out [1]/x").mkdir(parents=True)
    for name in ("x/a_2020-01-01.tif", "c_20200401_20200630.tif"):
        (tmp_path / "out [1]" / name).write_bytes(b"")
    for pattern in ("out [1]/*.tif", f"{tmp_path}/out [1]/c_????????_*.tif"):
        with collecting() as told:
            ((day, path),) = dated_files(pattern)
        assert (day, Path(path).name) == ("2020-04-01", "c_20200401_20200630.tif")
        (note,) = told.grouped()
        assert "several days" in note.reason
    assert [day for day, _ in dated_files("out [1]/**/*.tif")] == ["2020-01-01", "2020-04-01"]
    assert dated_files("out [[]1]/x/*.tif")[0][0] == "2020-01-01"
    assert is_pattern("a_2020-0?-01.tif")
    assert is_pattern("a_[12].tif")
    for none in ("out [1]", "https://example.org/stac?x=[1]", "scenes"):
        assert not is_pattern(none)


def test_a_later_date_may_run_another_way_and_the_first_one_is_named(tmp_path: Path) -> None:
    """All dates are laid onto the pixels of the first."""
    ramp = np.add.outer(np.arange(64), np.zeros(64, int))[np.newaxis].astype("i2") * 12
    up = Grid(GRID.crs, GRID.transform @ Affine(1, 0, 0, 0, -1, 64), GRID.shape)
    write(tmp_path / "2020-03-01.tif", ramp, GRID, nodata=-1)
    write(tmp_path / "2020-03-02.tif", np.ascontiguousarray(ramp[:, ::-1]), up, nodata=-1)
    _, (first, second) = shown(tmp_path, bands=("1",))
    assert np.ptp(first) > 150
    assert np.abs(first - second).max() <= 5
    (tmp_path / "2020-03-02.tif").rename(tmp_path / "2020-02-28.tif")
    with pytest.raises(InputError, match=r"2020-02-28\.tif: its pixels are not north up"):
        shown(tmp_path, bands=("1",))
