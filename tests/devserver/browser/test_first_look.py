"""What is seen before anything is clicked: of a process of which nothing is there yet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.devserver.browser.chromium import Open, Serve, Window
from tests.engine.projects import Project, make_project

CANVAS = "#map"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return configured(make_project(tmp_path / "project"), base=13)


def configured(project: Project, *, base: int, fail: str = "") -> Project:
    """Computed at one zoom on the grid of web maps."""
    project.configure(zooms=(base, base), fail=fail)
    config = json.loads(project.config.read_text())
    config["pyramid"] = {"grid": "mercator"}
    config.pop("baselevels", None)
    project.config.write_text(json.dumps(config))
    return project


def coloured(window: Window) -> float:
    """Part of the map on which something other than its ground is seen."""
    picture = window.picture(of=CANVAS)
    return float((picture != picture[5, 5]).any(axis=-1).mean())


def comes_to_show(window: Window, part: float) -> float:
    for _ in range(60):
        if (found := coloured(window)) > part:
            return found
        window.page.wait_for_timeout(250)
    return coloured(window)


def test_a_fresh_process_is_seen_at_every_zoom(
    project: Project, serve: Serve, window: Open
) -> None:
    server = serve(project.config)
    page = window(server.address)
    assert comes_to_show(page, 0.08) > 0.08
    page.picture("first_look")
    expect(page.page.locator("#loading")).to_be_hidden()
    expect(page.page.locator("#hints .hint")).to_have_count(0)
    # the stretch is one for all who ask, and not that of the type
    told = page.json("/api/layers")["layers"][0]
    kept = json.loads((project.output / "look.json").read_text())["style"]
    assert told["default_style"] == kept
    low, high = (float(each) for each in kept["rescale"][0].split(","))
    assert 0 < high - low < 65535 / 2
    for _ in range(3):
        page.page.keyboard.press("-")
        page.page.wait_for_timeout(300)
    page.settled()
    picture = page.picture("first_look_from_afar", of=CANVAS)
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    assert (middle != picture[5, 5]).any()


def test_too_much_is_said_and_a_button_computes_it(
    project: Project, serve: Serve, window: Open
) -> None:
    configured(project, base=15)
    # from afar at once: what is seen nearer by computes itself
    page = window(f"{serve(project.config).address}#map=11/47.8126/16.3826")
    hint = page.page.locator("#hints .hint")
    expect(hint).to_contain_text("is computed from z15: zoom in")
    page.picture("too_much")
    hint.get_by_role("button", name="Compute the").click()
    expect(hint).to_have_count(0, timeout=60_000)
    assert comes_to_show(page, 0.005) > 0.005
    assert page.json("/api/double/view?zoom=11")["waiting"] == 0
    # the other way: to where it is computed by itself
    configured(project, base=16)
    other = window(f"{serve(project.config).address}#map=10/47.8126/16.3826")
    other.page.locator("#hints .hint").get_by_role("button", name="Zoom to z16").click()
    expect(other.page.locator("#bar .where")).to_contain_text("z16.0")


def test_the_layer_says_what_is_wrong(project: Project, serve: Serve, window: Open) -> None:
    page = window(serve(project.config).address, failing=400)
    row = page.page.locator("[data-layer=double]")
    page.page.get_by_role("button", name="double process").click()
    row.get_by_role("radio", name="Formula").click()
    row.get_by_label("Formula of bands").fill("b1 / b9")
    row.get_by_label("Formula of bands").press("Tab")
    expect(row.locator(".failure")).to_contain_text("there is no band 'b9'")
    page.picture("wrong_formula")
    row.get_by_label("Formula of bands").fill("b1 / b2")
    row.get_by_label("Formula of bands").press("Tab")
    expect(row.locator(".failure")).to_have_count(0)


def test_a_process_that_fails_says_so_on_its_layer(
    project: Project, serve: Serve, window: Open
) -> None:
    (project.folder / "double.py").write_text(
        "def execute(image, fail=''):\n    raise ValueError('no such luck')\n"
    )
    page = window(serve(project.config).address, failing=500)
    failure = page.page.locator("[data-layer=double] .failure")
    expect(failure).to_contain_text("no such luck")
    page.picture("failing_process")


@pytest.mark.parametrize("focused", [False, True])
def test_quick_zooms_end_at_whole_ones(
    project: Project, serve: Serve, window: Open, focused: bool
) -> None:
    """With the focus on the map, its own keys do not zoom as well."""
    page = window(serve(project.config).address)
    where = page.page.locator("#bar .where")
    page.page.locator("#map").hover()
    if focused:
        page.page.locator("#map").focus()
    before = float(where.inner_text().rpartition("z")[2])
    for _ in range(2):
        page.page.keyboard.press("-")
    expect(where).to_contain_text(f"z{before - 2:.1f}")
    page.page.keyboard.press("+")
    expect(where).to_contain_text(f"z{before - 1:.1f}")
    # while it moves
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("+")
    expect(where).to_contain_text(f"z{before:.1f}")
    page.page.wait_for_function(
        "(zoom) => location.hash.includes(`map=${zoom}/`)", arg=int(before), polling=100
    )


def test_bytes_of_red_green_and_blue_are_as_they_are(
    tmp_path: Path, serve: Serve, window: Open
) -> None:
    import rasterio
    from rasterio.transform import from_origin

    path = tmp_path / "photo.tif"
    data = np.tile(np.linspace(40, 90, 300).astype("uint8"), (3, 300, 1))
    data[1] += 20
    with rasterio.open(
        path, "w", driver="GTiff", width=300, height=300, count=3, dtype="uint8",
        crs="EPSG:3857", transform=from_origin(1_500_000, 6_200_000, 10, 10),
    ) as file:  # fmt: skip
        file.write(data)
    page = window(serve(path).address)
    assert comes_to_show(page, 0.1) > 0.1
    picture = page.picture(of=CANVAS)
    seen = picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(int)
    assert 40 <= seen[0] <= 90
    assert seen[1] == seen[0] + 20
    assert seen[2] == seen[0]


def photo(path: Path) -> Path:
    """Six bands with names, each brighter than the one before."""
    import rasterio
    from rasterio.transform import from_origin

    names = ("blue", "green", "red", "nir", "swir1", "swir2")
    ramp = np.tile(np.linspace(0, 400, 300), (300, 1))
    data = np.stack([500 + 300 * band + ramp for band in range(len(names))]).astype("uint16")
    with rasterio.open(
        path, "w", driver="GTiff", width=300, height=300, count=6, dtype="uint16",
        crs="EPSG:3857", transform=from_origin(1_500_000, 6_200_000, 10, 10),
    ) as file:  # fmt: skip
        file.write(data)
        file.descriptions = names
    return path


def test_a_stretch_by_hand(tmp_path: Path, serve: Serve, window: Open) -> None:
    page = window(serve(photo(tmp_path / "photo.tif")).address)
    page.page.get_by_role("button", name="photo.tif output").click()
    row = page.page.locator("[data-layer=photo]")
    low = row.get_by_role("slider", name="Stretch, low end")
    high = row.get_by_role("slider", name="Stretch, high end")
    expect(low).to_be_visible()
    told = page.json("/api/photo/histogram?bidx=3&bidx=2&bidx=1")["histogram"]
    assert [sum(counts) > 0 for counts in told["counts"]] == [True] * 3
    before = middle_of(page)
    box = high.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] - 90, box["y"] + 10, steps=5)
    page.page.mouse.up()
    page.page.wait_for_function("() => location.hash.includes('rescale')", polling=100)
    page.settled()
    page.picture("histogram")
    # the high end is lower: the picture is brighter
    assert middle_of(page).sum() > before.sum()
    ends = (
        float(low.get_attribute("aria-valuenow") or ""),
        float(high.get_attribute("aria-valuenow") or ""),
    )
    assert ends[0] < ends[1] < 1500
    low.focus()
    low.press("ArrowRight")
    assert float(low.get_attribute("aria-valuenow") or "") > ends[0]
    # each band by itself, and together again
    row.get_by_label("each band by itself").check()
    expect(row.get_by_role("slider", name="Green, low end")).to_be_visible()
    expect(row.get_by_label("Green, lowest value")).to_be_visible()
    row.get_by_label("each band by itself").uncheck()
    expect(row.get_by_label("All, lowest value")).to_be_visible()


def middle_of(window: Window) -> np.ndarray:
    picture = window.picture(of=CANVAS)
    found: np.ndarray = picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(int)
    return found


def test_presets_of_bands(tmp_path: Path, serve: Serve, window: Open) -> None:
    page = window(serve(photo(tmp_path / "photo.tif")).address)
    page.page.get_by_role("button", name="photo.tif output").click()
    row = page.page.locator("[data-layer=photo]")
    expect(row.get_by_role("button", name="Natural")).to_have_attribute("aria-pressed", "true")
    for name, bands in (("False colour", "4 3 2"), ("Agriculture", "5 4 1"), ("Water", "4 5 3")):
        row.get_by_role("button", name=name).click()
        wanted = "%26".join(f"bidx%3D{band}" for band in bands.split())
        page.page.wait_for_function(
            "(wanted) => location.hash.includes(wanted)", arg=wanted, polling=100
        )
        expect(row.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
