"""Pictures, arrays, the server and process files, without a notebook around them."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.crs import CRS

import automap_tiles
from automap_tiles.errors import ConfigError, ProcessError
from automap_tiles.notebook import _server
from tests.notebook.conftest import SECTIONS, double


def pictured(html: str) -> Image.Image:
    found = re.search(r'src="data:image/png;base64,([^"]+)"', html)
    assert found is not None
    return Image.open(io.BytesIO(base64.b64decode(found[1])))


def test_a_process_shows_itself_without_writing(process: automap_tiles.Process) -> None:
    html = process._repr_html_()
    picture = np.asarray(pictured(html).convert("RGBA"))
    seen = picture[picture[..., 3] > 0][:, 0]
    assert seen.size > 500
    assert seen.min() < 30
    assert seen.max() > 225  # brightness goes from dark to light
    assert "double" in html
    assert "process" in html
    assert not Path(process.process.writer.path).exists()


def test_an_output_shows_what_was_run(process: automap_tiles.Process) -> None:
    before = process.to_xarray()
    automap_tiles.follow(process.execute(concurrency="none"))
    for tile in Path(process.process.writer.path).rglob("10/*/*.tif"):
        with rasterio.open(tile, "r+") as stored:  # what is shown is what is stored
            stored.write(np.full(stored.shape, 7.0, "float32"), 1)
    after = process.to_xarray()
    assert np.nanmax(before) > 15_000
    assert np.unique(after.values[~np.isnan(after.values)]).tolist() == [7.0]


def test_values_are_those_of_the_tiles(process: automap_tiles.Process, scene: Path) -> None:
    found = process.to_xarray()
    assert found.dims == ("band", "y", "x")
    assert found.dtype == np.float32
    assert CRS.from_wkt(found.spatial_ref.attrs["crs_wkt"]).to_epsg() == 3857
    # Against rasterio: each pixel centre in the source, nearest.
    with rasterio.open(scene) as source:
        x, y = np.meshgrid(found.x.values, found.y.values)
        wanted = np.array(
            [each[0] for each in source.sample(zip(x.ravel(), y.ravel(), strict=True))]
        )
    wanted = np.where(wanted == -1, np.nan, wanted * 2).reshape(found.shape[1:])
    inside = (found.x.values > source.bounds.left) & (found.x.values < source.bounds.right)
    rows = (found.y.values > source.bounds.bottom) & (found.y.values < source.bounds.top)
    part = found.values[0][np.ix_(rows, inside)]
    np.testing.assert_array_equal(part, wanted[np.ix_(rows, inside)])
    left, _, _, top, _, _ = map(float, found.spatial_ref.attrs["GeoTransform"].split())
    assert left == pytest.approx(found.x.values[0] - (found.x.values[1] - found.x.values[0]) / 2)
    assert top > found.y.values[0]


def test_bounds_and_zoom_cut_an_array(process: automap_tiles.Process) -> None:
    whole = process.to_xarray()
    coarse = process.to_xarray(zoom=9)
    assert abs(coarse.shape[1] - whole.shape[1] / 2) <= 1
    west, south, east, north = process.look().layers[0].info.bounds
    part = process.to_xarray(bounds=((west + east) / 2, south, east, north))
    assert abs(part.shape[2] - whole.shape[2] / 2) <= 1
    np.testing.assert_array_equal(part.values, whole.values[:, :, -part.shape[2] :])


def test_too_large_an_array_is_refused(process: automap_tiles.Process) -> None:
    with pytest.raises(ConfigError, match="too many"):
        process.to_xarray(bounds=(-180, -80, 180, 80), zoom=10)


def test_look_tells_what_it_is_without_a_path() -> None:
    with pytest.raises(ConfigError, match="nothing to look at"):
        automap_tiles.look()


def test_attribution_is_text(scene: Path) -> None:
    html = automap_tiles.look(scene, attribution="<b>ours</b>")._repr_html_()
    assert "&lt;b&gt;ours&lt;/b&gt;" in html
    assert "<b>" not in html


def test_dates_are_one_layer(scene: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dates"
    folder.mkdir()
    for day in ("20180401", "20180501"):
        (folder / f"a_{day}.tif").write_bytes(scene.read_bytes())
    (layer,) = automap_tiles.look(folder)
    assert layer.dates == ("2018-04-01", "2018-05-01")
    assert "2, 2018-04-01 to 2018-05-01" in layer._repr_html_()
    with pytest.raises(ConfigError, match="has no scene"):
        layer.on("2019-01-01")
    (plain,) = automap_tiles.look(scene)
    with pytest.raises(ConfigError, match="no dates"):
        plain.on("2018-04-01")


# -- the server ----------------------------------------------------------------------------------


def fetch(address: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def test_the_server_answers_those_who_were_given_the_address(scene: Path) -> None:
    (layer,) = automap_tiles.look(scene)
    address = _server.server().show(layer.layer)
    tile = address.format(z=9, x=273, y=168)
    status, content = fetch(tile)
    assert status == 200
    assert content.startswith(b"\x89PNG")
    # Through a proxy it is asked for under another name.
    assert fetch(tile, Host="hub.example.org", **{"X-Forwarded-For": "10.1.1.1"})[0] == 200
    root, token, rest = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/([^/]+)(/.*)", tile).groups()  # type: ignore[union-attr]
    assert len(token) >= 20
    assert fetch(f"{root}{rest}")[0] == 404
    assert fetch(f"{root}/{token[:-1]}{rest}")[0] == 404
    assert fetch(f"{root}/{token}")[0] == 404


def test_many_tiles_at_once_wait_for_their_turn(process: automap_tiles.Process) -> None:
    """A map asks for all of them together, and never again."""
    (shown,) = process.look()
    address = _server.server().show(shown.layer)
    tiles = [address.format(z=11, x=1090 + n % 6, y=670 + n // 6) for n in range(36)]
    with ThreadPoolExecutor(36) as pool:
        assert {status for status, _ in pool.map(fetch, tiles)} == {200}


def test_two_layers_of_one_name_stay_two(scene: Path) -> None:
    (layer,) = automap_tiles.look(scene)
    server = _server.server()
    assert server.show(layer.layer) != server.show(layer.layer)


def test_where_the_browser_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    monkeypatch.delenv(_server.PROXY, raising=False)
    assert _server.base(81) == "http://127.0.0.1:81"
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    assert _server.base(81) == "/user/ann/proxy/81"
    monkeypatch.setenv(_server.PROXY, "https://x.org/p/{port}/")
    assert _server.base(81) == "https://x.org/p/81"


# -- process files -------------------------------------------------------------------------------


def sections(scene: Path, tmp_path: Path) -> dict[str, Any]:
    output = {"format": "GTiff", "path": str(tmp_path / "o"), "bands": 1, "dtype": "float32"}
    return {**SECTIONS, "input": {"scene": str(scene)}, "output": output}


def test_a_function_becomes_files_that_run_alone(
    process: automap_tiles.Process, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "automap_tiles", "execute", "double.mapchete", "--concurrency=none"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "double.py").read_text()
    assert text.startswith("import automap_tiles\n")
    assert text.endswith("execute = double\n")
    assert list((tmp_path / "out").rglob("10/*/*.tif"))


def test_files_that_are_there_are_kept(scene: Path, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("mine = 1\n")
    with pytest.raises(ConfigError, match=r"x\.py.*is there already"):
        automap_tiles.write_process(double, tmp_path / "x.mapchete", **sections(scene, tmp_path))
    assert (tmp_path / "x.py").read_text() == "mine = 1\n"
    assert not (tmp_path / "x.mapchete").exists()


def test_nothing_is_left_of_what_cannot_be(scene: Path, tmp_path: Path) -> None:
    wrong = {**sections(scene, tmp_path), "pyramid": {"grid": "mercatr"}}
    (tmp_path / "y.py").write_text("mine = 1\n")
    with pytest.raises(ConfigError, match="mercator"):
        automap_tiles.write_process(double, tmp_path / "y.mapchete", overwrite=True, **wrong)
    assert (tmp_path / "y.py").read_text() == "mine = 1\n"
    assert not (tmp_path / "y.mapchete").exists()


def test_what_has_no_text_is_refused(scene: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="text of this function"):
        automap_tiles.write_process(len, tmp_path / "z.mapchete", **sections(scene, tmp_path))
    with pytest.raises(ConfigError, match=r"must end with \.mapchete"):
        automap_tiles.write_process(double, tmp_path / "z.yaml", **sections(scene, tmp_path))
    with pytest.raises(ProcessError):
        automap_tiles.write_process("def other(): pass", tmp_path / "z.mapchete",
                                    **sections(scene, tmp_path))  # fmt: skip


class Shell:
    """What `%load_ext` calls."""

    def register_magic_function(self, function: Any, kind: str, name: str) -> None:
        assert (kind, name) == ("cell", "automap_process")
        self.run = function


def test_a_cell_becomes_a_process(scene: Path, tmp_path: Path) -> None:
    shell = Shell()
    automap_tiles.load_ipython_extension(shell)
    head = (
        f"pyramid: {{grid: mercator}}\nzoom_levels: 10\ninput: {{scene: {scene}}}\n"
        f"output: {{format: GTiff, path: {tmp_path / 'o'}, bands: 1, dtype: float32}}"
    )
    process = shell.run(
        f"{tmp_path / 'c.mapchete'}", f"{head}\n---\ndef execute(scene):\n    return scene.read()\n"
    )
    assert np.nanmax(process.to_xarray()) == 7999
    for cell in ("def execute(): pass", "- a\n---\ndef execute(): pass", "{\n---\nx"):
        with pytest.raises(ConfigError):
            shell.run(f"{tmp_path / 'c.mapchete'}", cell)
