"""`automap timelapse`: which dates are shown, and what they show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from automap_tiles.cli.main import automap
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.layers.dates_in_names import date_in
from automap_tiles.workflows import check, run
from automap_tiles.workflows.events import Done, Finished
from automap_tiles.workflows.timelapse import FrameMade, TimelapseOrder, TimelapseOutcome
from tests.scenes.samples import BANDS, grid_at, make_scene, write

GRID = grid_at(size=64)


@pytest.fixture
def dates(tmp_path: Path) -> Path:
    """Four dates, of which rows from the top are cloudy: none, a quarter, all, none."""
    folder = tmp_path / "dates"
    for day, rows in enumerate((0, 16, 64, 0), start=1):
        classes = np.full((64, 64), 5, dtype=np.uint8)
        classes[:rows] = 9
        make_scene(folder, f"2020060{day}", day, GRID, classes=classes, day=day)
        for band in BANDS:
            pixels = np.full((1, 64, 64), 1000 * day, dtype=np.uint16)
            pixels[:, :rows] = 9000
            pixels[:, :, 60:] = 500 * day
            write(folder / f"2020060{day}" / f"{band}.tif", pixels, GRID)
    text = {
        "sensor": "sentinel-2a",
        "level": "L2A",
        "time": "%Y%m%d",
        "path": "{time}/{band}.tif",
        "bands": list(BANDS),
        "mask": {"path": "{time}/scl.tif", "layer": "scl"},
        "scale": 0.0001,
        "nodata": 0,
    }
    (folder / "scenes.yaml").write_text(json.dumps(text))
    return folder


def made(dates: Path, name: str = "a.webp", **changes: Any) -> tuple[TimelapseOutcome, list[Any]]:
    plain: dict[str, Any] = {"caption": False, "stretch": (0.0, 1.0), "dilation": 0.0, "size": 64}
    target = dates.parent / name
    order = TimelapseOrder(input=str(dates), output=str(target), **{**plain, **changes})
    *events, last = run(order)
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, TimelapseOutcome)
    frames = []
    with Image.open(target) as picture:
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            frames.append(np.asarray(picture.convert("RGB")).astype(int))
    items = [event.item for event in events if isinstance(event, Done)]
    assert all(isinstance(item, FrameMade) for item in items)
    return last.outcome, [items, frames]


def near(frame: Any, rows: slice, reflectance: float) -> bool:
    return bool(np.abs(frame[rows, 4:56] - 255 * reflectance).max() <= 8)


def test_hidden_dates_are_left_out_and_told(dates: Path) -> None:
    outcome, (items, frames) = made(dates)
    assert outcome.frames == ("2020-06-01", "2020-06-02", "2020-06-04")
    assert [item.hidden for item in items] == [0.0, 25.0, 100.0, 0.0]
    assert [note.examples for note in outcome.notes if "hidden" in note.reason] == [("2020-06-03",)]
    assert near(frames[0], slice(0, 64), 0.1)
    assert near(frames[1], slice(0, 12), 0.9)  # the cloud, as it was
    assert near(frames[1], slice(20, 64), 0.2)


def test_what_is_hidden_shows_the_date_before(dates: Path) -> None:
    outcome, (_, frames) = made(dates, clouds="fill")
    assert len(outcome.frames) == 3
    assert near(frames[1], slice(0, 12), 0.1)
    assert near(frames[1], slice(20, 64), 0.2)
    # a gap of the first date that is shown has the first clear value there is
    later, (_, frames) = made(dates, "b.webp", clouds="fill", time="2020-06-02/2020-06-30")
    assert later.frames == ("2020-06-02", "2020-06-04")
    assert near(frames[0], slice(0, 12), 0.4)


def test_all_are_shown_as_they_were(dates: Path) -> None:
    outcome, (_, frames) = made(dates, clouds="keep")
    assert len(outcome.frames) == 4
    assert near(frames[2], slice(0, 64), 0.9)


def test_the_stretch_is_that_of_all_dates(dates: Path) -> None:
    outcome, _ = made(dates, stretch=None)
    # clear values are 0.05 ... 0.4 of a reflectance
    for low, high in outcome.stretch:
        assert 500 <= low <= 1000
        assert high == pytest.approx(4000)


def test_captions_and_larger_pixels(dates: Path) -> None:
    outcome, (_, frames) = made(dates, size=600, caption=True)
    assert outcome.shape == (448, 448)
    # the date, and the bar and whose data it is
    white = (frames[0] > 200).all(axis=2)
    assert white[:40, :200].any()
    assert white[-40:, :200].any()
    assert white[-40:, 250:].any()
    assert not white[100:300].any()
    plain, _ = made(dates, "c.webp", size=600)
    assert plain.shape == (448, 448)


def test_a_smaller_picture_and_a_boundary(dates: Path, tmp_path: Path) -> None:
    from rasterio.warp import transform_geom
    from shapely.geometry import box, mapping

    left, bottom, _, _ = GRID.bounds
    shape = transform_geom(
        "EPSG:32633", "EPSG:4326", mapping(box(left, bottom, left + 320, bottom + 300))
    )
    (tmp_path / "area.geojson").write_text(json.dumps(shape))
    order = TimelapseOrder(
        input=str(dates), output="x.gif", boundary=str(tmp_path / "area.geojson"), size=64
    )
    height, width = check(order).to_json()["shape"]
    assert 30 <= height <= 32
    assert 32 <= width <= 34


def test_rasters_with_dates_in_their_names(tmp_path: Path) -> None:
    for year in (2019, 2020, 2021):
        pixels = np.full((3, 64, 64), 1000 * (year - 2018), dtype=np.uint16)
        write(tmp_path / f"{year}" / "composite.tif", pixels, GRID)
    order = TimelapseOrder(
        input=f"{tmp_path}/*/composite.tif",
        output=str(tmp_path / "years.gif"),
        stretch=(0.0, 4000.0),
        caption=False,
    )
    *_, last = run(order)
    assert isinstance(last, Finished)
    assert last.outcome.to_json()["frames"] == ["2019", "2020", "2021"]
    with Image.open(tmp_path / "years.gif") as picture:
        picture.seek(1)
        assert abs(int(np.asarray(picture.convert("L"))[100, 100]) - 128) <= 4
    with pytest.raises(ConfigError, match="goes with scenes"):
        check(TimelapseOrder(input=f"{tmp_path}/*/composite.tif", output="a.gif", brdf=True))
    with pytest.raises(ConfigError, match="no such band"):
        [*run(TimelapseOrder(input=f"{tmp_path}/*/composite.tif", output="a.gif", bands=("7",)))]


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("S2_L2A_20180107_B02.tif", "2018-01-07"),
        ("median_2018-04-01_2018-09-30.tif", "2018-04-01"),
        ("ndvi_2018-04.tif", "2018-04"),
        ("year_2020.tif", "2020"),
        ("LC08_L1TP_016037_20170405", "2017-04-05"),
        ("tile_20189999.tif", None),
        ("composite.tif", None),
    ],
)
def test_dates_in_names(name: str, date: str | None) -> None:
    assert date_in(name) == date


def test_at_the_command_line(dates: Path) -> None:
    target = dates.parent / "a.gif"
    result = CliRunner().invoke(automap, ["timelapse", "-i", str(dates), "-o", str(target)])
    assert result.exit_code == 0, result.output
    assert "2020-06-03: left out, 100 % hidden" in result.output
    assert "3 dates, 448 x 448 px" in result.output
    assert target.stat().st_size > 1000


def test_what_cannot_be(dates: Path) -> None:
    for changes, message in (
        ({"output": "a.mp4"}, "not the name of an animation"),
        ({"bands": ("red", "green")}, "must be three, or one"),
        ({"stretch": (1.0, 0.5)}, "must rise"),
        ({"input": "none-*.tif"}, "no file"),
    ):
        order: dict[str, Any] = {"input": str(dates), "output": "a.gif", **changes}
        with pytest.raises((ConfigError, InputError), match=message):
            check(TimelapseOrder(**order))
    with pytest.raises(InputError, match="shows enough"):
        [*run(TimelapseOrder(input=str(dates), output="x.gif", time="2020-06-03/2020-06-03"))]
    assert not Path("x.gif").exists()
