"""The page on real scenes: what is seen, compared, clicked and kept in the address."""

from __future__ import annotations

import io
import json
import math
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import rasterio
from PIL import Image
from playwright.sync_api import expect

from tests.devserver.browser.chromium import Open, Server, Window, serving
from tests.devserver.browser.worlds import CLASSES, World, make_world

# The tile in the middle of the scenes, and its centre: there a pixel of the tile is one of the map.
ZOOM, COL, ROW = 9, 278, 183
VIEW = f"map={ZOOM}/{{lat}}/{{lon}}"


@pytest.fixture(scope="module")
def world(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"), shared)


@pytest.fixture(scope="module")
def both(world: World) -> Iterator[Server]:
    """Composite, its scenes, and the classes, which are a finished output."""
    with serving(world.composite, world.classes) as server:
        yield server


def middle(col: float = COL + 0.5, row: float = ROW + 0.5) -> tuple[float, float]:
    """Longitude and latitude of a place on the grid of web maps at that zoom."""
    lon = col / 2**ZOOM * 360 - 180
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**ZOOM))))
    return lon, lat


def hash_of(*parts: str) -> str:
    lon, lat = middle()
    return "#" + "&".join([VIEW.format(lat=f"{lat:.6f}", lon=f"{lon:.6f}"), *parts])


def tile(address: str, query: str) -> np.ndarray:
    """(y, x, 4) as the server gives it."""
    with urllib.request.urlopen(f"{address}{query}") as answer:
        return np.asarray(Image.open(io.BytesIO(answer.read())).convert("RGBA"))


def place_of(window: Window, wanted: np.ndarray) -> np.ndarray:
    """The part of the map that shows a tile around its middle."""
    box = window.page.locator("#map").bounding_box()
    assert box is not None
    picture = window.picture(of="#map")
    y, x = picture.shape[0] // 2, picture.shape[1] // 2
    half = wanted.shape[0] // 2
    return picture[y - half : y + half, x - half : x + half]


def same(seen: np.ndarray, wanted: np.ndarray) -> float:
    """Part of the opaque pixels that have their colour; what is drawn over the map is not there."""
    opaque = wanted[..., 3] == 255
    assert opaque.mean() > 0.5
    return float(
        (np.abs(seen[opaque].astype(int) - wanted[opaque][:, :3]) <= 2).all(axis=-1).mean()
    )


def shows(window: Window, wanted: np.ndarray, seconds: float = 30) -> bool:
    """Whether the map comes to show a tile: its pictures may still be on their way."""
    end = time.monotonic() + seconds
    while same(place_of(window, wanted), wanted) <= 0.97:
        if time.monotonic() > end:
            return False
        window.page.wait_for_timeout(200)
    return True


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def test_composite_and_classes(world: World, both: Server, window: Open) -> None:
    server = both
    page = window(server.address)
    page.picture("classes")
    page.page.goto(f"{server.address}{hash_of()}")
    page.page.reload()
    page.settled()
    wanted = tile(server.address, f"classes/{ZOOM}/{COL}/{ROW}.png")
    assert shows(page, wanted)
    legend = page.page.get_by_label("Legend of classes")
    expect(legend.locator("li")).to_have_count(len(CLASSES))
    swatch = legend.locator(".swatch").first
    colour = swatch.evaluate("(element) => getComputedStyle(element).backgroundColor")
    assert colour == "rgb({}, {}, {})".format(*rgb(CLASSES[1]))

    page.page.get_by_label("Show classes").uncheck()
    # one pixel of the scale is the percentile of the view: asked for as the page does
    page.page.wait_for_function("() => location.hash.includes('classes~0')", polling=100)
    page.settled()
    page.picture("composite")
    query = next(
        unquote(part.split("~")[3])
        for part in unquote_once(page.page.url)
        if part.startswith("l=composite~")
    )
    wanted = tile(server.address, f"composite/{ZOOM}/{COL}/{ROW}.png?{query}")
    assert np.abs(wanted[..., :3] - false_colour(world)).max() <= 1
    colours = len(np.unique(wanted.reshape(-1, 4), axis=0))
    assert colours > 1000 or not world.is_real
    assert shows(page, wanted)


def false_colour(world: World) -> Any:
    """The tile in its file, in the colours of its own style; (y, x, 3), black where it has none."""
    file = world.composite.with_suffix("") / str(ZOOM) / str(ROW) / f"{COL}.tif"
    with rasterio.open(file) as raster:
        pixels = raster.read([4, 3, 2], masked=True)
    return np.moveaxis(np.clip(pixels / 4000 * 255, 0, 255).filled(0), 0, -1)


def unquote_once(url: str) -> list[str]:
    return url.partition("#")[2].split("&")


def test_styles(both: Server, window: Open) -> None:
    server = both
    page = window(f"{server.address}{hash_of('l=composite~1~1~', 'l=classes~0~1~')}")
    page.page.get_by_role("button", name="composite process").click()
    row = page.page.locator("[data-layer=composite]")
    row.get_by_role("radio", name="Formula").click()
    row.get_by_role("button", name="NDVI").click()
    row.get_by_label("Colour map").select_option("magma")
    row.get_by_label("Values, lowest value").fill("-0.2")
    row.get_by_label("Values, lowest value").press("Tab")
    page.settled()
    page.picture("ndvi")
    query = "expression=(b4-b3)/(b4%2Bb3)&rescale=-0.2,1&colormap_name=magma"
    wanted = tile(server.address, f"composite/{ZOOM}/{COL}/{ROW}.png?{query}")
    assert shows(page, wanted)
    # stretched by hand to what cannot be
    row.get_by_label("Values, highest value").fill("-5")
    row.get_by_label("Values, highest value").press("Tab")
    expect(row.get_by_role("alert")).to_have_text("The lowest value must be below the highest.")
    # named in the process file
    row.get_by_role("radio", name="Named").click()
    page.settled()
    wanted = tile(server.address, f"composite/{ZOOM}/{COL}/{ROW}.png?style=false-colour")
    assert shows(page, wanted)
    # gamma and opacity
    row.get_by_role("radio", name="One band").click()
    row.get_by_label("Band", exact=True).select_option("4")
    row.get_by_role("button", name="Fit to view").click()
    row.get_by_label("Gamma").fill("2")
    page.page.wait_for_function("() => location.hash.includes('gamma')", polling=100)
    page.settled()
    opaque = place_of(page, wanted)
    row.get_by_label("Opacity").fill("0.3")
    page.still()
    ground = page.picture(of="#map")[5, 5].astype(float)
    blended = place_of(page, wanted).astype(float)
    expected = opaque * 0.3 + ground * 0.7
    assert np.median(np.abs(blended - expected)) < 3


def test_order(both: Server, window: Open) -> None:
    server = both
    page = window(f"{server.address}{hash_of()}")
    titles = page.page.locator(".layer .name")
    expect(titles).to_have_text(["classes", "composite", "scenes"])
    before = page.picture(of="#map")
    page.page.get_by_role("button", name="Move classes down").click()
    expect(titles).to_have_text(["composite", "classes", "scenes"])
    page.settled()
    after = page.picture(of="#map")
    assert (before != after).any(axis=-1).mean() > 0.2
    # the classes lie below the composite now
    colours = {rgb(colour) for colour in CLASSES.values()}
    assert share(after, colours) < 0.1 < share(before, colours)


def share(picture: np.ndarray, colours: set[tuple[int, ...]]) -> float:
    """Part of the pixels that have one of the colours."""
    found = [(picture == colour).all(axis=-1) for colour in colours]
    return float(np.logical_or.reduce(found).mean())


def test_swipe(both: Server, window: Open) -> None:
    server = both
    page = window(f"{server.address}{hash_of()}")
    page.page.keyboard.press("s")
    handle = page.page.get_by_role("slider", name="Edge between the two layers")
    expect(handle).to_be_focused()
    page.settled()
    colours = {rgb(colour) for colour in CLASSES.values()}
    picture = page.picture("swipe", of="#map")
    edge = picture.shape[1] // 2
    left, right = picture[300:480, edge - 120 : edge - 20], picture[300:480, edge + 20 : edge + 120]
    assert share(left, colours) > 0.9
    assert share(right, colours) < 0.1
    # keys move the edge
    for _ in range(5):
        handle.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "60")
    # the pointer too
    box = handle.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + box["width"] / 2, 300)
    page.page.mouse.down()
    page.page.mouse.move(320 + 0.25 * picture.shape[1], 300, steps=4)
    page.page.mouse.up()
    expect(handle).to_have_attribute("aria-valuenow", "25")
    page.still()
    moved = page.picture(of="#map")
    assert share(moved[300:480, edge - 120 : edge - 20], colours) < 0.1
    # inputs too
    page.page.locator("#swipe-right").select_option("composite-scenes")
    page.settled()
    assert (page.picture("swipe_input", of="#map") != moved).any(axis=-1).mean() > 0.2
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("Escape")
    expect(handle).to_be_hidden()


def test_inspector_and_series(both: Server, window: Open) -> None:
    server = both
    page = window(f"{server.address}{hash_of()}")
    box = page.page.locator("#map").bounding_box()
    assert box is not None
    page.page.mouse.click(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2 + 30)
    panel = page.page.locator("#inspector")
    expect(panel.locator("[data-values=classes] strong")).to_be_visible()
    expect(panel.locator(".series svg").first).to_be_visible(timeout=15000)
    page.picture("inspector")
    (lon, lat) = place(page)
    told = page.json(f"/api/point?lon={lon}&lat={lat}&zoom={ZOOM}")
    values = {one["layer"]: one["values"] for one in told["layers"]}
    assert None not in values["composite"]
    shown = panel.locator("[data-values=composite] dd").all_text_contents()
    assert shown == [f"{value:g}" for value in values["composite"]]
    series = page.json(f"/api/composite/series?lon={lon}&lat={lat}")["inputs"][0]
    masked = [date for date in series["dates"] if date["masked"]]
    assert series["dates"]
    expect(panel.locator(".chart .date")).to_have_count(len(series["dates"]))
    expect(panel.locator(".chart .masked")).to_have_count(len(masked))
    for date in masked:
        expect(
            panel.locator(f".chart .date[aria-label*='masked: {date['reason']}']").first
        ).to_be_attached()
    # a click on a date shows its scenes
    first = panel.locator(".chart .date").first
    first.focus()
    expect(panel.locator(".told")).to_contain_text(series["dates"][0]["time"][:10])
    first.press("Enter")
    expect(page.page.get_by_label("Show scenes")).to_be_checked()
    expect(page.page.locator("[data-layer=composite-scenes]")).to_contain_text(
        series["dates"][0]["time"][:10]
    )
    page.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def place(window: Window) -> tuple[float, float]:
    """Where the inspector is, by the address."""
    window.page.wait_for_function("() => location.hash.includes('at=')", polling=100)
    text = window.page.evaluate("() => new URLSearchParams(location.hash.slice(1)).get('at')")
    lon, lat = map(float, text.split(","))
    return lon, lat


def test_permalink(both: Server, window: Open) -> None:
    server = both
    first = window(server.address)
    page = first.page
    page.get_by_label("Show classes").uncheck()
    page.get_by_role("button", name="composite process").click()
    row = page.locator("[data-layer=composite]")
    row.get_by_role("radio", name="One band").click()
    row.get_by_label("Band", exact=True).select_option("4")
    row.get_by_label("Colour map").select_option("viridis")
    row.get_by_label("Opacity").fill("0.6")
    page.get_by_role("button", name="Move classes down").click()
    page.keyboard.press("t")
    page.keyboard.press("i")
    first.settled()
    page.get_by_role("button", name="Close the values").wait_for()
    # the stretch of the chosen band is found out by the server
    page.wait_for_function(
        "() => ['at=', 'viridis', 'rescale'].every((each) => location.hash.includes(each))",
        polling=100,
    )
    first.settled()
    url = page.url
    second = window(url)
    second.settled()
    assert second.page.url == url
    expect(second.page.get_by_label("Show classes")).not_to_be_checked()
    expect(second.page.locator(".layer .name")).to_have_text(["composite", "classes", "scenes"])
    expect(second.page.locator("#tool-grid")).to_have_attribute("aria-pressed", "true")
    expect(second.page.locator("#inspector")).to_be_visible()
    # both maps are the same picture
    for each in (first, second):
        each.page.get_by_role("button", name="Close the values").click()
        each.still()
    difference = first.picture("link_1", of="#map") != second.picture("link_2", of="#map")
    assert difference.any(axis=-1).mean() < 0.01
    # another address in the same window
    second.page.evaluate("(hash) => { location.hash = hash; }", hash_of("l=classes~1~1~"))
    expect(second.page.get_by_label("Show classes")).to_be_checked()


def test_keys(both: Server, window: Open) -> None:
    page = window(both.address).page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the map")).to_be_focused()
    page.keyboard.press("Enter")
    before = page.url
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(before) => location.href !== before", arg=before, polling=100)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("1")
    expect(page.get_by_label("Show classes")).not_to_be_checked()
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("p")
    expect(page.locator("#panel-process")).to_be_visible()
    # every control has a name, and shows that it is focused
    page.keyboard.press("l")
    names = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [role=slider]')]
          .filter((element) => element.checkVisibility())
          .map((element) => element.ariaLabel || element.title || element.textContent
            || element.labels?.[0]?.textContent || '')"""
    )
    assert names
    assert all(name.strip() for name in names)
    page.locator("#tool-theme").focus()
    page.keyboard.press("Tab")
    outline = page.locator("#tool-help").evaluate(
        "(element) => getComputedStyle(element).outlineStyle"
    )
    assert outline == "solid"


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_screen(both: Server, window: Open, dark: bool) -> None:
    server = both
    seen = window(server.address, size=(360, 740), dark=dark)
    page = seen.page
    name = "dark" if dark else "light"
    seen.picture(f"narrow_{name}")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360
    low = page.get_by_role("navigation", name="Panels")
    low.get_by_role("button", name="Layers").click()
    page.get_by_role("button", name="composite process").click()
    seen.picture(f"narrow_layers_{name}")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360
    wide = page.evaluate(
        """() => [...document.querySelectorAll('#side *')].filter((element) =>
          element.checkVisibility() && element.getBoundingClientRect().right > 361).length"""
    )
    assert wide == 0
    low.get_by_role("button", name="Process").click()
    expect(page.locator("#parameters")).to_be_visible()
    seen.picture(f"narrow_process_{name}")
    low.get_by_role("button", name="Here").click()
    expect(page.locator("#inspector .values").first).to_be_visible(timeout=15000)
    seen.picture(f"narrow_here_{name}")
    low.get_by_role("button", name="Here").click()
    expect(page.locator("#inspector")).to_be_hidden()
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    light = sum(json.loads(ground.replace("rgb(", "[").replace(")", "]"))) > 380
    assert light is not dark


def test_nothing_from_elsewhere_is_allowed(both: Server) -> None:
    with urllib.request.urlopen(both.address) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_without_news_the_page_asks(both: Server, window: Open) -> None:
    seen = window(
        both.address,
        failing=503,
        before=lambda page: page.route("**/api/events", lambda route: route.fulfill(status=503)),
    )
    expect(seen.page.locator("#live")).to_have_text("offline")
    expect(seen.page.get_by_label("Show composite")).to_be_checked()
