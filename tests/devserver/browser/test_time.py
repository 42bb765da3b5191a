"""Layers of many dates: slider, keys, running through them, two side by side, profiles, CSV."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image, ImageSequence
from playwright.sync_api import Download, expect
from rasterio.transform import from_origin

from tests.devserver.browser.chromium import Open, Serve, Window

SCENES = "data/sentinel2/mapchete_eo_33TWL_l2a_120m"
DAYS = ("2018-04-02", "2018-05-07", "2018-06-11", "2018-07-31")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four dates, each brighter than the one before; the second has no pixels in half of it."""
    for number, day in enumerate(DAYS):
        data = np.full((4, 400, 400), 400 + 500 * number, "uint16")
        data[3] += 1000
        data[:, :, 200:] += 100
        if number == 1:
            data[:, :200] = 0
        with rasterio.open(
            tmp_path / f"S2_L2A_{day.replace('-', '')}.tif", "w", driver="GTiff", width=400,
            height=400, count=4, dtype="uint16", nodata=0, crs="EPSG:3857",
            transform=from_origin(1_500_000, 6_200_000, 10, 10),
        ) as file:  # fmt: skip
            file.write(data)
            file.descriptions = ("blue", "green", "red", "nir")
    return tmp_path


def middle(window: Window, dx: int = 0, dy: int = 0) -> np.ndarray:
    picture = window.picture(of="#map")
    pixel: np.ndarray = picture[picture.shape[0] // 2 + dy, picture.shape[1] // 2 + dx]
    return pixel


def click(window: Window, dx: int, dy: int) -> None:
    box = window.page.locator("#map").bounding_box()
    assert box is not None
    window.page.mouse.click(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy)


def test_a_folder_of_dates_is_one_layer(folder: Path, serve: Serve, window: Open) -> None:
    page = window(serve(folder).address)
    expect(page.page.locator(".layer .name")).to_have_text(["S2_L2A"])
    day = page.page.locator("#day strong")
    expect(day).to_have_text(DAYS[0])
    dark = middle(page, 40, 40)
    page.page.keyboard.press(".")
    expect(day).to_have_text(DAYS[1])
    page.page.keyboard.press(".")
    expect(day).to_have_text(DAYS[2])
    page.settled()
    assert middle(page, 40, 40).astype(int).sum() >= dark.astype(int).sum()
    page.page.keyboard.press(",")
    expect(day).to_have_text(DAYS[1])
    page.page.get_by_role("slider", name="Date of S2_L2A").fill("3")
    expect(day).to_have_text(DAYS[3])
    page.page.wait_for_function(
        "(day) => location.hash.includes(day)", arg=f"date%3D{DAYS[3]}", polling=100
    )
    # from the end it begins anew
    page.page.locator("#play").click()
    expect(day).to_have_text(DAYS[0])
    expect(day).to_have_text(DAYS[1])
    page.page.locator("#play").click()


def test_two_dates_side_by_side(folder: Path, serve: Serve, window: Open) -> None:
    page = window(serve(folder).address)
    page.page.locator("#compare-dates").click()
    expect(page.page.locator(".swipe-name.left")).to_have_text(f"S2_L2A {DAYS[0]}")
    expect(page.page.locator(".swipe-name.right")).to_have_text(f"S2_L2A {DAYS[1]}")
    page.page.keyboard.press(".")
    page.still()
    page.picture("two_dates")
    assert (middle(page, -60, 60) != middle(page, 60, 60)).any()
    other = window(page.page.url)
    expect(other.page.locator(".swipe-name.left")).to_have_text(f"S2_L2A {DAYS[0]}")
    expect(other.page.locator(".swipe-name.right")).to_have_text(f"S2_L2A {DAYS[2]}")
    page.page.locator("#compare-dates").click()
    expect(page.page.locator("#swipe")).to_be_hidden()


def test_the_dates_are_saved_as_a_time_lapse(
    folder: Path, serve: Serve, window: Open, tmp_path: Path
) -> None:
    page = window(serve(folder).address)
    day = page.page.locator("#day strong")
    page.page.keyboard.press(".")
    expect(day).to_have_text(DAYS[1])
    page.still()
    shown = middle(page, 40, 40)
    with page.page.expect_download() as download:
        page.page.locator("#record").click()
    expect(day).to_have_text(DAYS[1])  # as before
    expect(page.page.locator("#record")).to_have_text("Time-lapse")
    assert download.value.suggested_filename == f"S2_L2A_{DAYS[0]}_{DAYS[-1]}.webp"
    path = tmp_path / "dates.webp"
    download.value.save_as(path)
    with Image.open(path) as animation:
        assert animation.info["loop"] == 0  # again and again
        frames = []
        for frame in ImageSequence.Iterator(animation):
            frame.load()
            assert frame.info["duration"] == 700
            frames.append(np.asarray(frame.convert("RGB")).astype(int))
    assert len(frames) == len(DAYS)
    box = page.page.locator("#map").bounding_box()
    assert box is not None
    assert frames[0].shape == (round(box["height"]), round(box["width"]), 3)
    at = frames[0].shape[0] // 2 + 40, frames[0].shape[1] // 2 + 40
    assert np.abs(frames[1][at] - shown.astype(int)).max() <= 6  # WebP loses a little
    left = [frame[at[0], at[1] - 100].sum() for frame in frames]
    assert left[0] < 30  # one stretch for all: that of the first date
    assert min(left[1:]) > 700
    upper = [frame[at[0] - 100, at[1]].tolist() for frame in frames]
    assert upper[0] == upper[2] == upper[3] != upper[1]  # without pixels: the ground
    # each date is written above it
    titles = [frame[8:30, 8:120] for frame in frames]
    assert all((one != other).any() for one, other in itertools.pairwise(titles))


def test_a_time_lapse_is_stopped(folder: Path, serve: Serve, window: Open) -> None:
    page = window(serve(folder).address)
    downloads: list[Download] = []

    def note(download: Download) -> None:
        downloads.append(download)

    page.page.on("download", note)
    page.page.evaluate(
        "() => { const b = document.getElementById('record'); b.click();"
        " document.getElementById('record').click(); }"
    )
    expect(page.page.locator("#record")).to_have_text("Time-lapse")
    expect(page.page.locator("#day strong")).to_have_text(DAYS[0])
    page.settled()
    assert downloads == []


def test_profiles_of_several_points(
    folder: Path, serve: Serve, window: Open, tmp_path: Path
) -> None:
    page = window(serve(folder).address)
    click(page, -60, 60)
    card = page.page.locator("[data-series]")
    expect(card.locator(".chart .date")).to_have_count(4)
    page.page.locator("#keep-point").click()
    click(page, 60, -60)
    # the second date has nothing there
    expect(card.locator(".chart .date")).to_have_count(4 + 3)
    expect(card.locator(".spectrum polyline")).to_have_count(2)
    page.picture("profiles")
    card.get_by_label("Band of S2_L2A").select_option(label="NDVI")
    # (1500 - 500) / (1500 + 500)
    expect(card.locator(".date").first).to_have_attribute("aria-label", "here, 2018-04-02: 0.5")
    with page.page.expect_download() as download:
        card.get_by_role("button", name="Save as CSV").click()
    path = tmp_path / "out.csv"
    download.value.save_as(path)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["time"] for row in rows if row["point"] == "here"] == [DAYS[0], *DAYS[2:]]
    kept = [row for row in rows if row["point"] == "point 1"]
    assert [float(row["nir"]) for row in kept] == [1400, 1900, 2400, 2900]
    # a date of the chart is a click
    card.locator(".date").last.press("Enter")
    expect(page.page.locator("#day strong")).to_have_text(DAYS[3])


@pytest.mark.parametrize("what", ["folder", "stac"])
def test_scenes_of_a_satellite(shared: Path, serve: Serve, window: Open, what: str) -> None:
    place = shared / SCENES
    page = window(serve(place if what == "folder" else place / "collection.json").address)
    told = page.json("/api/layers")["layers"]
    (layer,) = told
    assert len(layer["dates"]) >= 3
    assert layer["kind"] == "output"
    clear = [cover for cover in layer["clouds"] if cover is not None and cover <= 20]
    page.picture(f"scenes_{what}")
    if 0 < len(clear) < len(set(layer["dates"])):
        page.page.get_by_label("only clear").check()
        expect(page.page.locator("#day")).to_contain_text(f"of {len(clear)}")


def test_another_date_is_there_already(folder: Path, serve: Serve, window: Open) -> None:
    """The pictures of the next date are fetched ahead; then the server only says that they hold."""
    page = window(serve(folder).address)
    page.page.keyboard.press(".")
    page.settled()
    before = page.page.evaluate("() => performance.now()")
    page.page.keyboard.press(".")
    page.page.wait_for_function("() => document.querySelector('#loading').hidden")
    page.settled()
    pictures = page.page.evaluate(
        """(before) => {
          const found = performance.getEntriesByType('resource');
          const own = ({ startTime, name }) => startTime > before && /png.*2018-06-11/.test(name);
          return found.filter(own).map((entry) => [entry.transferSize, entry.decodedBodySize]);
        }""",
        before,
    )
    assert pictures
    # the head of an answer counts as 300 bytes (Resource Timing of the W3C)
    assert all(sent <= 300 < size for sent, size in pictures), pictures
