"""Styles and projects for QGIS: read back as XML everywhere, drawn by QGIS itself where it is."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from lxml import etree
from PIL import Image
from rasterio.transform import from_origin
from werkzeug.serving import make_server

from automap_devserver.app import create_app
from automap_devserver.catalogue import Catalogue
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ConfigError
from automap_tiles.grid import Tile
from automap_tiles.layers import web
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from automap_tiles.notes import collecting
from automap_tiles.pictures.render import render
from automap_tiles.pictures.style import read_style
from automap_tiles.runtime import open_process
from automap_tiles.workflows.export import open_source
from automap_tiles.workflows.qgis import write_project, write_qml
from tests.scenes.samples import grid_at, write

PYTHON = Path("/usr/bin/python3")
"""Debian's, for which python3-qgis is."""
STYLES = {
    "colours": "{bidx: [3, 2, 1], rescale: [[1000, 4000], [900, 3500], [800, 5000]]}",
    "gamma": "{bidx: [1, 2, 3], rescale: [1000, 9000], gamma: 1.7}",
    "gray": "{bidx: 2, rescale: [4000, 1000]}",
    "ramp": "{bidx: 1, rescale: [1000, 9000], colormap_name: rdylgn}",
    "reversed": "{bidx: 1, rescale: [9000, 1000], colormap_name: viridis}",
    "intervals": "{bidx: 1, colormap: [[[1000, 3000], '#ff0000'], [[4000, 6000], '#00ff0080']]}",
    "classes": "{bidx: 4, colormap: {1: '#102030', 2: '#c0b0a0', 7: '#00ff00'}}",
    "formula": "{expression: (b2-b1)/(b2+b1), rescale: [-1, 1], colormap_name: rdylgn}",
}
PROCESS = """\
process: ./work.py
pyramid: {{grid: mercator, metatiling: 2}}
zoom_levels: {{min: 9, max: 11}}
baselevels: {{min: 11, max: 11}}
bounds: [1800000, 6000000, 1837000, 6037000]
output:
  format: GTiff
  path: {path}
  bands: 4
  dtype: uint16
  nodata: 0
  styles: {{{styles}}}
"""
MODULE = """\
import numpy as np
from automap_tiles import Tile

def execute(tile: Tile):
    rows = (6037000 - tile.bounds.top) / tile.pixel_y_size + np.arange(tile.height)[:, None]
    cols = (tile.bounds.left - 1800000) / tile.pixel_x_size + np.arange(tile.width)[None]
    rows, cols = np.broadcast_arrays(np.round(rows), np.round(cols))
    bands = [1000 + 8 * cols, 1000 + 8 * rows, 9000 - 4 * (rows + cols), 1 + (cols // 50) % 3]
    data = np.stack(bands).clip(1, 60000).astype("uint16")
    hidden = (rows + cols) % 400 < 40
    return np.ma.masked_array(data, np.broadcast_to(hidden, data.shape))
"""


@cache
def qgis() -> str | None:
    """Why QGIS cannot be asked here; None: it can."""
    if not PYTHON.exists():
        return "there is no Python of Debian"
    code = "import qgis.core"
    found = subprocess.run(
        [PYTHON, "-c", code], capture_output=True, env={"PATH": "/usr/bin"}, check=False
    )
    return None if found.returncode == 0 else "python3-qgis is not installed"


needs_qgis = pytest.mark.skipif(qgis() is not None, reason=str(qgis()))


def ask_qgis(folder: Path, **asked: Any) -> list[dict[str, Any]]:
    """The layers of a project or raster as QGIS draws them."""
    folder.mkdir()
    script = Path(__file__).with_name("in_qgis.py")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "QT_QPA_PLATFORM": "offscreen",
                   "XDG_RUNTIME_DIR": str(folder)}  # fmt: skip
    done = subprocess.run(
        [PYTHON, script], input=json.dumps({**asked, "folder": str(folder)}), text=True,
        capture_output=True, env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["read"]
    layers: list[dict[str, Any]] = answer["layers"]
    return layers


def picture(path: str) -> np.ndarray:
    """(y, x, 4); what is transparent has no colour."""
    with Image.open(path) as image:
        rgba = np.asarray(image.convert("RGBA")).astype(int)
    return rgba * (rgba[..., 3:] > 0)


def ours(path: str, style: str, tile: Tile) -> np.ndarray:
    """What the preview shows of a tile of a web map."""
    layer = open_source(path)
    found = read_style(layer.info.styles[style], layer.info.band_names, layer.info.alpha)
    data = layer.read(tile, found.needed)
    assert data is not None
    rgba = np.moveaxis(render(data, found).rgba(), 0, -1).astype(int)
    return rgba * (rgba[..., 3:] > 0)


def make(folder: Path, path: str = "tiles", styles: dict[str, str] | None = None) -> Path:
    """A process that was run, with these styles."""
    (folder / "work.py").write_text(MODULE)
    file = folder / "work.mapchete"
    chosen = STYLES if styles is None else styles
    said = ", ".join(f"{name}: {value}" for name, value in chosen.items())
    text = PROCESS.format(path=path, styles=said)
    if path.endswith(".tif"):
        text = text.replace("{min: 9, max: 11}", "11").replace("baselevels: {min: 11, max: 11}", "")
    file.write_text(text)
    *_, last = execute(open_process(file), RunOptions(concurrency=Concurrency.NONE))
    assert last.summary.failed == 0  # type: ignore[union-attr]
    return file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("qgis"))


def restyled(file: Path, style: str) -> None:
    """Let one style be the first."""
    text = file.read_text()
    start = text.index("  styles:")
    file.write_text(f"{text[:start]}  styles: {{{style}: {STYLES[style]}}}\n")


def project_xml(path: Path) -> etree._Element:
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        return etree.fromstring(archive.read(name))


MIDDLE = web.web_pyramid().tile(11, 716, 1116)
"""One of the finest zoom."""


@pytest.mark.parametrize("style", [name for name in STYLES if name != "formula"])
@needs_qgis
def test_qgis_draws_what_the_preview_shows(style: str, made: Path, tmp_path: Path) -> None:
    """Each pixel of a tile, in every kind of style, out of a project of tiles."""
    restyled(made, style)
    write_project(str(made), tmp_path / "p.qgz")
    layers = ask_qgis(
        tmp_path / "seen",
        project=str(tmp_path / "p.qgz"),
        extent=list(MIDDLE.bounds),
        size=[1024, 1024],
    )
    assert [(layer["valid"], layer["provider"]) for layer in layers] == [(True, "gdal")]
    # in the middle of each pixel: at its edges QGIS and we may round to another one
    theirs, expected = picture(layers[0]["picture"])[2::4, 2::4], ours(str(made), style, MIDDLE)
    assert (theirs[..., 3] > 0).mean() > 0.2
    # QGIS cuts where we round, and multiplies colours with their opacity and back; a gamma makes
    # more of that where it is dark
    difference = np.abs(theirs - expected)
    assert difference.max() <= (10 if style == "gamma" else 3)
    assert difference.mean() < 1
    assert len(np.unique(expected.reshape(-1, 4), axis=0)) > 1


@needs_qgis
def test_qgis_reads_coarser_zooms_where_one_is_far_away(made: Path, tmp_path: Path) -> None:
    """Zoom 9 as it is stored, not every fourth pixel of zoom 11."""
    restyled(made, "gray")
    tile = web.web_pyramid().tile(9, MIDDLE.row // 4, MIDDLE.col // 4)
    for path in (made.parent / "tiles/9").rglob("*.tif"):
        with rasterio.open(path, "r+") as file:
            file.write(np.full((4, file.height, file.width), 2500, "uint16"))
    try:
        write_project(str(made), tmp_path / "p.qgz")
        asked = {"project": str(tmp_path / "p.qgz"), "extent": list(tile.bounds)}
        (far,) = ask_qgis(tmp_path / "far", **asked, size=[256, 256])
        (near,) = ask_qgis(tmp_path / "near", **asked, size=[1024, 1024])
    finally:
        made.parent.joinpath("tiles/journal.sqlite").unlink()
        *_, last = execute(
            open_process(made), RunOptions(concurrency=Concurrency.NONE, overwrite=True)
        )
        assert last.summary.failed == 0  # type: ignore[union-attr]
    seen = picture(far["picture"])
    assert set(np.unique(seen[seen[..., 3] > 0][:, 0])) <= {127, 128}
    assert len(np.unique(picture(near["picture"])[..., 0])) > 20


@needs_qgis
def test_qgis_takes_the_style_beside_a_file(tmp_path: Path) -> None:
    file = make(tmp_path, "out.tif", {"colours": STYLES["colours"]})
    written = write_qml(str(file))
    assert {path.name for path in written} == {"out.qml", "out.tif.aux.xml"}
    (layer,) = ask_qgis(
        tmp_path / "seen",
        raster=str(tmp_path / "out.tif"),
        extent=list(MIDDLE.bounds),
        size=[1024, 1024],
    )
    assert layer["renderer"] == "multibandcolor"
    theirs = picture(layer["picture"])[2::4, 2::4]
    assert np.abs(theirs - ours(str(file), "colours", MIDDLE)).max() <= 2


def test_a_style_of_the_user_is_not_replaced(tmp_path: Path) -> None:
    """One that was written here is; statistics are those of the file as it is now."""
    grid = grid_at(size=32)
    file = tmp_path / "ü [1].tif"
    write(file, np.full((1, 32, 32), 7, "u2"), grid)
    beside = tmp_path / "ü [1].tif.aux.xml"
    beside.write_text(
        '<PAMDataset><PAMRasterBand band="1"><Description>mine</Description><Metadata>'
        '<MDI key="STATISTICS_MEAN">1</MDI><MDI key="STATISTICS_VALID_PERCENT">1</MDI></Metadata>'
        "</PAMRasterBand></PAMDataset>"
    )
    write_qml(str(file))
    write(tmp_path / "other/x.tif", np.full((1, 32, 32), 900, "u2"), grid)
    (tmp_path / "other/x.tif").replace(file)  # GDAL would remove what lies beside
    assert len(write_qml(str(file))) == 2
    text = beside.read_text()
    assert '<MDI key="STATISTICS_MEAN">900.0</MDI>' in text
    assert "VALID_PERCENT" not in text
    assert "<Description>mine</Description>" in text
    (tmp_path / "ü [1].qml").write_text('<qgis version="3.34.1-Prizren"/>')
    with pytest.raises(ConfigError, match="a style that automap has not written"):
        write_qml(str(file))
    beside.write_text("<PAM")
    (tmp_path / "ü [1].qml").unlink()
    with pytest.raises(ConfigError, match="is not valid XML"):
        write_qml(str(file))


@contextmanager
def serving(path: Path) -> Iterator[str]:
    """The preview of a process file at an address."""
    layers, _ = open_layers([path], Keep.READONLY)
    server = make_server("127.0.0.1", 0, create_app(Catalogue(layers)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@needs_qgis
def test_qgis_shows_the_live_layers(made: Path, tmp_path: Path) -> None:
    """A formula, which QGIS cannot draw of the file, comes through the WMTS."""
    restyled(made, "formula")
    with serving(made) as address, collecting() as notes:
        write_project(str(made), tmp_path / "p.qgz", address)
        file, live = ask_qgis(
            tmp_path / "seen",
            project=str(tmp_path / "p.qgz"),
            extent=list(MIDDLE.bounds),
            size=[256, 256],
        )
    (note,) = notes
    assert (note.fate, note.examples) == ("replaced", ("work",))
    assert (file["valid"], file["shown"], file["renderer"]) == (True, True, "singlebandgray")
    assert (live["valid"], live["shown"], live["provider"]) == (True, False, "wms")
    assert np.abs(picture(live["picture"]) - ours(str(made), "formula", MIDDLE)).max() <= 1


# -- everywhere ------------------------------------------------------------------------------------


def test_a_project_read_back(made: Path, tmp_path: Path) -> None:
    """Layers in order, bands, limits, colours; the same bytes when it is written again."""
    restyled(made, "colours")
    target = tmp_path / "there/p.qgz"
    target.parent.mkdir()
    assert write_project(str(made), target, "http://localhost:1/") == ("work", "work (live)")
    first = target.read_bytes()
    root = project_xml(target)
    names = [node.get("name") for node in root.iter("layer-tree-layer")]
    assert names == ["work", "work (live)"]
    ids = [node.get("id") for node in root.iter("layer-tree-layer")]
    assert ids == [node.get("id") for node in root.find("layerorder")]
    assert ids == [layer.findtext("id") for layer in root.iter("maplayer")]
    assert all(len(each) > 10 for each in ids)  # QGIS replaces shorter ones
    file, live = root.iter("maplayer")
    assert file.findtext("datasource") == "./p.layers/work-11.vrt"
    renderer = file.find("pipe/rasterrenderer")
    assert [renderer.get(f"{name}Band") for name in ("red", "green", "blue")] == ["3", "2", "1"]
    limits = [
        (float(node.findtext("minValue")), float(node.findtext("maxValue")))
        for node in renderer.iterfind("*")
        if node.tag.endswith("ContrastEnhancement")
    ]
    assert limits == [(1000, 4000), (900, 3500), (800, 5000)]
    source = live.findtext("datasource")
    assert "url=http://localhost:1/wmts/1.0.0/WMTSCapabilities.xml" in source
    assert "layers=work&" in source
    write_project(str(made), target, "http://localhost:1/")
    assert target.read_bytes() == first


def test_the_vrt_of_a_project(made: Path, tmp_path: Path) -> None:
    """GDAL reads the tiles, the overviews lie where the tiles lie, the statistics are theirs."""
    write_project(str(made), tmp_path / "p.qgz")
    with rasterio.open(tmp_path / "p.layers/work-11.vrt") as vrt:
        assert vrt.overviews(1) == [2, 4]
        window = rasterio.windows.from_bounds(*MIDDLE.bounds, vrt.transform)
        found = vrt.read(2, window=window)
        for level, factor in enumerate((2, 4)):
            with rasterio.open(tmp_path / "p.layers/work-11.vrt", overview_level=level) as coarser:
                assert coarser.shape == (vrt.height // factor, vrt.width // factor)
                assert coarser.read(2).any()
        said = vrt.tags(2)
    data = open_source(str(made)).read(MIDDLE, [2])
    assert data is not None
    np.testing.assert_array_equal(found, data.filled(0)[0])
    assert said["STATISTICS_APPROXIMATE"] == "YES"
    assert 1 <= float(said["STATISTICS_MINIMUM"]) < float(said["STATISTICS_MEAN"])


@pytest.mark.parametrize(
    ("style", "kind"),
    [("gray", "singlebandgray"), ("ramp", "singlebandpseudocolor"),
     ("reversed", "singlebandpseudocolor"), ("intervals", "singlebandpseudocolor"),
     ("classes", "paletted")],
)  # fmt: skip
def test_styles_read_back(style: str, kind: str, made: Path, tmp_path: Path) -> None:
    restyled(made, style)
    files = write_qml(str(made), str(tmp_path))
    assert [path.name for path in files] == ["9.qml", "10.qml", "11.qml"]
    root = etree.parse(str(files[0])).getroot()
    renderer = root.find("pipe/rasterrenderer")
    assert renderer.get("type") == kind
    if kind == "paletted":
        entries = {(node.get("value"), node.get("color")) for node in renderer.iter("paletteEntry")}
        assert entries == {("1", "#102030"), ("2", "#c0b0a0"), ("7", "#00ff00")}
    if kind == "singlebandpseudocolor":
        values = [float(node.get("value")) for node in renderer.iter("item")]
        assert values == sorted(values)


def test_classes_have_their_names(tmp_path: Path) -> None:
    path = tmp_path / "classes.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="uint8", width=300, height=300, nodata=0,
        crs="EPSG:32633", transform=from_origin(500_000, 5_200_000, 10, 10),
    ) as file:  # fmt: skip
        file.write(np.indices((1, 300, 300))[1].astype("uint8") % 3)
        file.write_colormap(1, {1: (10, 20, 30, 255), 2: (200, 100, 0, 255)})
        file.update_tags(1, class_1="forest", class_2="water")
    write_qml(str(path))
    root = etree.parse(str(tmp_path / "classes.qml")).getroot()
    found = {(node.get("label"), node.get("color")) for node in root.iter("paletteEntry")}
    assert found == {("forest", "#0a141e"), ("water", "#c86400")}
    with rasterio.open(path) as file:
        assert float(file.tags(1)["STATISTICS_MAXIMUM"]) == 2


def test_what_cannot_be_written(made: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not a project of QGIS(.|\n)*qgz"):
        write_project(str(made), tmp_path / "p.zip")
    (tmp_path / "work.py").write_text(MODULE)
    other = tmp_path / "other.mapchete"
    other.write_text(PROCESS.format(path="nothing", styles="").replace("styles: {}", ""))
    with pytest.raises(ConfigError, match=r"no layer that QGIS shows(.|\n)*run it first"):
        write_project(str(other), tmp_path / "p.qgz")
    assert not (tmp_path / "p.qgz").exists()
