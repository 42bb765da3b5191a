"""What is written beside the tiles: STAC, and a page that a browser opens."""

from __future__ import annotations

import functools
import http.server
import json
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import pytest
from pmtiles.tile import zxy_to_tileid

from automap_tiles.errors import ConfigError
from automap_tiles.workflows.export import Container
from tests.workflows.export.conftest import Made, make_classes, rgba, run

SOURCES = Path(__file__).parents[3] / "devserver" / "frontend"
BUILT = Path(__file__).parents[3] / "automap_tiles" / "workflows" / "export" / "page"


def test_stac_is_valid(xyz: Made, tmp_path: Path) -> None:
    catalog = pystac.Catalog.from_file(str(xyz.out / "catalog.json"))
    catalog.validate()
    (item,) = catalog.get_items()
    # schemas of extensions are not in the package, and nothing is fetched
    said = item.to_dict()
    assert said.pop("stac_extensions")
    pystac.Item.from_dict(said | {"stac_extensions": []}).validate()
    (link,) = [link for link in item.links if link.rel == "xyz"]
    assert link.to_dict()["href"].endswith("{z}/{x}/{y}.png")
    assert item.datetime is not None
    assert item.bbox == json.loads((xyz.out / "tilejson.json").read_text())["bounds"]
    for asset in item.assets.values():
        assert Path(str(asset.get_absolute_href())).exists()
    assert item.assets["page"].media_type == "text/html"


def test_a_catalogue_keeps_others(tmp_path: Path, image: Path) -> None:
    wanted: dict[str, Any] = {"zooms": (10, 11), "stac": True, "time": "2026-07-01/2026-08-31"}
    for kind in (Container.PMTILES, Container.MBTILES, Container.PMTILES):
        run(image, tmp_path / f"map.{kind.value}", container=kind, **wanted)
    catalog = pystac.Catalog.from_file(str(tmp_path / "catalog.json"))
    items = list(catalog.get_items())
    assert {item.id for item in items} == {"map-pmtiles", "map-mbtiles"}
    assert len(items) == 2
    times = items[0].to_dict()["properties"]
    assert times["start_datetime"] == "2026-07-01T00:00:00Z"
    assert times["end_datetime"] == "2026-08-31T00:00:00Z"
    (tmp_path / "catalog.json").write_text('{"type": "Collection"}')
    with pytest.raises(ConfigError, match="not a STAC catalogue"):
        run(image, tmp_path / "other.pmtiles", container=Container.PMTILES, **wanted)
    assert not (tmp_path / "other.pmtiles").exists()


def test_page_says_nothing_but_text(xyz: Made) -> None:
    """A title cannot become a part of the page."""
    text = (xyz.out / "index.html").read_text()
    head = text[: text.index("<style>")]
    assert "<title>A &lt;/script&gt; map</title>" in head
    assert text.count("</script>") == 2


def test_the_bundle_is_that_of_its_sources(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (SOURCES / "node_modules" / "esbuild").exists():
        pytest.skip("needs node and the packages of devserver/frontend")
    subprocess.run(
        [node, "export/build.mjs"], cwd=SOURCES, env={**os.environ, "OUT": str(tmp_path)},
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    for name in ("page.html", "viewer.js", "viewer.css"):
        assert (tmp_path / name).read_bytes() == (BUILT / name).read_bytes()


def test_places_on_the_hilbert_curve() -> None:
    """As the package pmtiles counts them."""
    node = shutil.which("node")
    if node is None or not SOURCES.exists():
        pytest.skip("needs node")
    numbers = random.Random(4)
    zooms = [0, 1, 2, 3, 7, 15, 22, 26] * 20
    places = [(z, numbers.randrange(2**z), numbers.randrange(2**z)) for z in zooms]
    script = (
        "const { tileId } = await import(process.argv[1]);"
        "console.log(JSON.stringify(JSON.parse(process.argv[2]).map((place) => tileId(...place))))"
    )
    said = subprocess.run(
        [node, "--input-type=module", "-e", script, str(SOURCES / "export" / "pmtiles.js"),
         json.dumps(places)],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert json.loads(said.stdout) == [zxy_to_tileid(*place) for place in places]


class _Ranges(http.server.SimpleHTTPRequestHandler):
    """A static server that hands out parts of files, as those for hosting do."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        ranges = self.headers["Range"]
        if ranges is None:
            super().do_GET()
            return
        self.asked.append(ranges)
        first, last = (int(number) for number in ranges.removeprefix("bytes=").split("-"))
        content = Path(self.translate_path(self.path)).read_bytes()[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[str]:
    """Address at which the folder of the test is served."""
    handler = functools.partial(_Ranges, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def shown(browser: Any, address: str) -> tuple[np.ndarray, list[str]]:
    """The page as a picture (y, x, rgba), and what was asked for and said."""
    page = browser.new_page(viewport={"width": 500, "height": 400}, color_scheme="light")
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("pageerror", lambda error: heard.append(f"error {error}"))
    page.goto(address)
    page.wait_for_selector("html[data-ready]", timeout=30_000)
    picture = rgba(page.screenshot())
    page.close()
    return picture, heard


def test_a_browser_shows_the_folder(browser: Any, tmp_path: Path) -> None:
    """From the disk, without a server; the legend beside the map."""
    source = make_classes(tmp_path / "classes.tif")
    run(source, tmp_path / "map", style={}, page=True, title="Classes")
    address = (tmp_path / "map" / "index.html").as_uri()
    picture, heard = shown(browser, address)
    middle = picture[150:250, 200:300, :3].reshape(-1, 3)
    colours = {tuple(pixel) for pixel in middle.tolist()}
    assert {(0, 100, 0), (200, 180, 90), (0, 80, 220)} <= colours
    assert all(url.startswith(("file://", "data:", "blob:")) for url in heard), heard


def test_a_browser_shows_pmtiles(browser: Any, tmp_path: Path, hosted: str) -> None:
    source = make_classes(tmp_path / "classes.tif")
    run(source, tmp_path / "map.pmtiles", container=Container.PMTILES, style={}, page=True)
    picture, heard = shown(browser, f"{hosted}/map.html")
    middle = picture[150:250, 200:300, :3].reshape(-1, 3)
    colours = {tuple(pixel) for pixel in middle.tolist()}
    assert {(0, 100, 0), (200, 180, 90), (0, 80, 220)} <= colours
    assert all(url.startswith((hosted, "data:", "blob:")) for url in heard), heard
    assert len(_Ranges.asked) > 1


def test_pmtiles_from_the_disk_are_explained(browser: Any, tmp_path: Path, image: Path) -> None:
    wanted: dict[str, Any] = {"zooms": (10, 11), "page": True}
    run(image, tmp_path / "map.pmtiles", container=Container.PMTILES, **wanted)
    page = browser.new_page()
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector("#message:not([hidden])", timeout=30_000)
    assert "web server" in page.inner_text("#message")
    page.close()
