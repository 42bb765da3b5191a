"""Where one is: borders without the internet, degrees, places, coordinates, lengths and areas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from playwright.sync_api import expect

from tests.devserver.browser.chromium import Open, Serve, Server, Window, serving
from tests.engine.projects import make_raster


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("where")
    with serving(make_raster(folder / "image.tif")) as running:
        yield running


def colours(window: Window) -> int:
    picture = window.picture(of="#map")
    return len({tuple(pixel) for pixel in picture[::7, ::7].reshape(-1, 3).tolist()})


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [(1440, 900), (1024, 700), (360, 740)])
def test_countries_below_the_layers(
    server: Server, window: Open, size: tuple[int, int], dark: bool
) -> None:
    page = window(f"{server.address}#map=4/47/14", size=size, dark=dark)
    page.still()
    page.picture(f"where_{size[0]}_{'dark' if dark else 'light'}")
    with_borders = colours(page)
    expect(page.page.locator(".ol-attribution li")).to_have_text("Borders: Natural Earth")
    assert page.page.evaluate("() => document.documentElement.scrollWidth") == size[0]
    page.page.keyboard.press("b")
    page.still()
    assert colours(page) < with_borders


def test_lines_of_latitude_and_longitude(server: Server, window: Open) -> None:
    page = window(f"{server.address}#map=9/47.8/16.4")
    before = page.picture(of="#map")
    page.page.keyboard.press("g")
    page.still()
    after = page.picture("degrees", of="#map")
    assert (before != after).any(axis=-1).mean() > 0.001
    expect(page.page.locator("#tool-degrees")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(
    ("text", "lat", "lon"),
    [
        ("46.05, 14.5", 46.05, 14.5),
        ("-33.9 18.4", -33.9, 18.4),
        ("46.05 N 14.5 E", 46.05, 14.5),
        ("14°30'E 46°3'N", 46.05, 14.5),
        ("33°54'S, 18°24'E", -33.9, 18.4),
    ],
)
def test_coordinates_are_typed(
    server: Server, window: Open, text: str, lat: float, lon: float
) -> None:
    page = window(server.address)
    page.page.keyboard.press("/")
    page.page.locator("#find-text").fill(text)
    page.page.keyboard.press("Enter")
    page.page.wait_for_function(
        "([lat, lon]) => location.hash.includes(`at=${lon.toFixed(6)},${lat.toFixed(6)}`)",
        arg=[lat, lon], polling=100,
    )  # fmt: skip


def test_a_country_is_found(server: Server, window: Open) -> None:
    page = window(server.address)
    page.still()
    page.page.locator("#tool-find").click()
    page.page.locator("#find-text").fill("slov")
    found = page.page.locator("#found li")
    expect(found.first).to_contain_text("Slovakia")
    page.picture("find")
    found.filter(has_text="Slovenia").get_by_role("button").click()
    page.page.wait_for_function(
        "() => { const [, lat, lon] = location.hash.match(/map=[^/]+[/]([^/]+)[/]([^&]+)/) ?? [];"
        " return Math.abs(lat - 46.1) < 0.7 && Math.abs(lon - 15) < 0.7; }",
        polling=100,
    )
    page.page.keyboard.press("/")
    page.page.locator("#find-text").fill("nowhere at all")
    expect(page.page.locator("#found")).to_contain_text("Nothing of that name")


def test_an_area_is_drawn(server: Server, window: Open) -> None:
    page = window(f"{server.address}#map=13/47.8/16.4")
    page.page.keyboard.press("m")
    box = page.page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((-100, -100), (100, -100), (100, 100)):
        page.page.mouse.click(x + dx, y + dy)
        page.page.wait_for_timeout(350)
    page.page.mouse.dblclick(x - 100, y + 100)
    option = page.page.locator("#area-option")
    expect(option).to_be_visible()
    page.picture("measured")
    text = option.input_value()
    shape = shapely.from_wkt(text.partition("'")[2].partition("'")[0])
    assert text.endswith("--area-crs EPSG:4326")
    west, south, east, north = shape.bounds
    assert west < 16.4 < east
    assert south < 47.8 < north
    # 200 pixels of zoom 13, of 19.1 m at the equator
    edge = 200 * 19.109 * 0.6717
    told = page.page.locator("#measured").inner_text()
    assert told.endswith("km²")
    assert float(told.split()[0]) == pytest.approx(edge**2 / 1e6, rel=0.02)
    page.page.get_by_role("button", name="Length").click()
    page.page.mouse.click(x - 100, y)
    page.page.wait_for_timeout(350)
    page.page.mouse.dblclick(x + 100, y)
    expect(page.page.locator("#measured")).to_contain_text("km")
    page.page.keyboard.press("Escape")
    expect(page.page.locator("#measure .banner")).to_have_count(0)


def test_an_attribution_is_text(tmp_path: Path, serve: Serve, window: Open) -> None:
    server = serve(
        make_raster(tmp_path / "image.tif"), "--base-map", "/static/icon.svg?{z}{x}{y}",
        "--attribution", "<b>Maps</b> & <img src=x>",
    )  # fmt: skip
    page = window(server.address)
    expect(page.page.locator(".ol-attribution")).to_contain_text("<b>Maps</b> & <img src=x>")
    page.page.keyboard.press("/")
    expect(page.page.locator("#find-text")).to_be_focused()
