"""What is seen, saved as a picture and as a GeoTIFF that lies where it belongs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from playwright.sync_api import Browser, Locator, expect
from rasterio.transform import from_origin

from tests.devserver.browser.chromium import ARTEFACTS, Open, Server, Window, serving

CANVAS = "#map"
EDGE = 20037508.342789244
ZOOM = 12
PIXEL = 2 * EDGE / 256 / 2**ZOOM
LEFT, TOP, SIZE = 350_000 * PIXEL - EDGE, EDGE - 360_000 * PIXEL, 400


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Colours that tell the place: of pixels of the web map's grid."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    colours = np.stack([columns % 251, rows % 241, (rows * 7 + columns * 3) % 239 + 1])
    path = tmp_path_factory.mktemp("save") / "colours.tif"
    profile = {
        "driver": "GTiff", "width": SIZE, "height": SIZE, "count": 3, "dtype": "uint8",
        "crs": "EPSG:3857", "transform": from_origin(LEFT, TOP, PIXEL, PIXEL), "photometric": "RGB",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(colours.astype("uint8"))
    return path


@pytest.fixture(scope="module")
def server(source: Path) -> Iterator[Server]:
    with serving(source) as running:
        yield running


def where(turns: int = 0) -> str:
    """The part of an address that shows the middle of the source."""
    x, y = LEFT + SIZE / 2 * PIXEL, TOP - SIZE / 2 * PIXEL
    lat = np.degrees(np.arctan(np.sinh(y / EDGE * np.pi)))
    return f"#map={ZOOM}/{lat}/{x / EDGE * 180 + 360 * turns}"


def saved(page: Window, button: str, path: Path) -> Path:
    page.still()
    page.page.keyboard.press("v")
    with page.page.expect_download() as download:
        choice(page, button).click()
    download.value.save_as(path)
    page.page.keyboard.press("Escape")
    expect(page.page.locator("#save .banner")).to_have_count(0)
    return path


def choice(page: Window, button: str) -> Locator:
    return page.page.locator("#save").get_by_role("button", name=button, exact=True)


@pytest.mark.parametrize("turns", [0, 1, -2])
def test_a_geotiff_lies_where_the_layer_does(
    source: Path, server: Server, window: Open, tmp_path: Path, turns: int
) -> None:
    page = window(f"{server.address}{where(turns)}", size=(900, 700))
    path = saved(page, "GeoTIFF", tmp_path / "view.tif")
    with rasterio.open(path) as view, rasterio.open(source) as raster:
        assert view.crs == raster.crs
        assert view.count == 3
        assert view.res == pytest.approx((PIXEL, PIXEL))
        box = page.page.locator("#map").bounding_box()
        assert box is not None
        assert (view.width, view.height) == (round(box["width"]), round(box["height"]))
        rows, columns = np.mgrid[5 : SIZE - 5 : 7, 5 : SIZE - 5 : 11]
        xs, ys = LEFT + (columns + 0.5) * PIXEL, TOP - (rows + 0.5) * PIXEL
        seen = np.array(list(view.sample(zip(xs.ravel(), ys.ravel(), strict=True))))
        wanted = raster.read()[:, rows, columns].reshape(3, -1).T
    # the middle of the view is not always on the edge of a pixel: one beside it at most
    near = [np.abs(seen[:, :2].astype(int) - wanted[:, :2]).max(axis=1) <= 1]
    assert np.mean(near) > 0.95


def test_a_picture_has_scale_north_and_source(server: Server, window: Open, tmp_path: Path) -> None:
    page = window(f"{server.address}{where().replace(f'={ZOOM}/', '=8/')}", size=(900, 700))
    path = saved(page, "PNG", tmp_path / "view.png")
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, ARTEFACTS / "saved_view.png")
    with Image.open(path) as image:
        written = np.asarray(image.convert("RGB")).astype(int)
    seen = page.picture(of=CANVAS).astype(int)
    assert written.shape == seen.shape
    written, seen = written[50:-50, 100:-100], seen[50:-50, 100:-100]
    assert (np.abs(written - seen).max(axis=-1) <= 2).mean() > 0.99
    with Image.open(path) as image:
        corners = (
            image.crop((0, image.height - 40, 220, image.height)),
            image.crop((image.width - 180, image.height - 30, image.width, image.height)),
        )
    for corner in corners:  # black on white, whatever is below
        dark = np.asarray(corner.convert("L")) < 60
        assert dark.mean() > 0.005


def test_a_base_map_that_may_not_be_copied_is_told(
    source: Path, server: Server, browser: Browser
) -> None:
    """Pictures of a server that does not allow it taint what they are drawn on."""
    elsewhere = server.address.replace("127.0.0.1", "localhost")
    base_map = f"{elsewhere}colours/{{z}}/{{x}}/{{y}}.png"
    with serving(source, "--base-map", base_map) as other:
        page = browser.new_page()
        page.goto(f"{other.address}{where()}")
        page.wait_for_selector("html[data-ready]")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("v")
        page.locator("#save").get_by_role("button", name="GeoTIFF", exact=True).click()
        expect(page.locator("#banners")).to_contain_text("does not allow")
        page.close()
