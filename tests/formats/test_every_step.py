"""Each format of raster tiles on its way through all commands, one of another package as well."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import fiona
import numpy as np
import pytest
import rasterio
from PIL import Image
from ruamel.yaml import YAML

from automap_devserver.app import create_app
from automap_devserver.catalogue import Catalogue
from automap_tiles.cli.main import main
from automap_tiles.engine.on_demand import TileWorkers
from automap_tiles.errors import InputError
from automap_tiles.formats import InputSpec, OutputSpec, Writer, registry
from automap_tiles.formats.registry import open_input, open_output
from automap_tiles.grid import Pyramid
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from automap_tiles.testing import WriterContract
from automap_tiles.testing._writers import AREA, ZOOM, Reopen
from tests.formats.plugin import install

CODE = '''\
import os
import signal
from pathlib import Path

import numpy as np

from automap_tiles import Empty, Tile


def execute(tile: Tile):
    """Stripes that tell where they are; a hole in each tile, and one tile without anything."""
    flag = os.environ.get("DIES_ONCE")
    if flag and tile.row == 3 and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if (tile.row, tile.col) == (2, 4):
        raise Empty
    rows = np.arange(tile.height)[:, None] // 16 * 16 % 200 + 30
    cols = np.arange(tile.width)[None, :] // 16 * 16 % 200 + 30
    bands = np.stack([rows + 0 * cols, 0 * rows + cols, np.full(tile.shape, 40 + 10 * tile.col)])
    data = np.ma.MaskedArray(bands.astype("uint8"), mask=False)
    data[:, 64:128, 32:96] = np.ma.masked
    return data
'''

FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"format": "JPEG", "quality": 90, "nodata": 0},
    "Zarr": {"format": "Zarr", "bands": 3, "dtype": "uint8", "nodata": 0},
    "NumPy": {"format": "NumPy", "bands": 3, "dtype": "uint8", "nodata": 0},
}
TOLERANCE = {"JPEG": 12}
"""Grey values by which pixels may be off away from holes and edges of stripes."""


@dataclass(frozen=True)
class Made:
    """A process of a format that has run."""

    name: str
    config: Path
    out: Path


@pytest.fixture(scope="module", params=list(FORMATS))
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "NumPy":
            install(tmp_path_factory.mktemp("site"), patch)
        config = write_project(tmp_path_factory.mktemp(request.param), FORMATS[request.param])
        done = automap("execute", str(config), "--concurrency", "none")
        assert done.exit_code == 0, done.output
        yield Made(request.param, config, config.parent / "out")
    registry._plugins.cache_clear()


def write_project(folder: Path, output: dict[str, Any]) -> Path:
    config = folder / "stripes.mapchete"
    (folder / "stripes.py").write_text(CODE)
    content = {
        "process": "stripes.py",
        "pyramid": {"grid": "geodetic", "metatiling": 2},
        "zoom_levels": {"min": 3, "max": 4},
        "baselevels": {"min": 4, "max": 4, "lower": "average"},
        "bounds": [-90, 0, 22.5, 67.5],
        "output": {**output, "path": "out", "metatiling": 1},
    }
    with config.open("w") as file:
        YAML().dump(content, file)
    return config


class Said(NamedTuple):
    """How a command ended."""

    exit_code: int
    output: str


def automap(*arguments: str) -> Said:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(list(arguments))
    return Said(code, said.getvalue())


def tiles(folder: Path) -> dict[str, bytes]:
    """All files but the journal and the record of the run."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "journal" not in path.name and not path.name.startswith("."):
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def pixels(folder: Path, zoom: int = 4, row: int = 4, col: int = 10) -> np.ma.MaskedArray:
    pyramid = Pyramid.from_grid("geodetic")
    reader = open_input(InputSpec.from_value("inp", str(folder)), Path("/"), pyramid)
    data: np.ma.MaskedArray = reader.at(pyramid.tile(zoom, row, col)).read()  # type: ignore[attr-defined]
    return data


def expected(tile_col: int, row: int, col: int) -> np.ndarray:
    """One output tile of the function's 512 px metatile."""
    rows = np.arange(512)[:, None] // 16 * 16 % 200 + 30
    cols = np.arange(512)[None, :] // 16 * 16 % 200 + 30
    bands = np.stack([rows + 0 * cols, 0 * rows + cols, np.full((512, 512), 40 + 10 * tile_col)])
    return bands[:, row * 256 : row * 256 + 256, col * 256 : col * 256 + 256]


def test_execute(made: Made) -> None:
    data = pixels(made.out)
    wanted = expected(5, 0, 0)
    hole = np.zeros((256, 256), bool)
    hole[64:128, 32:96] = True
    inner, outer = np.s_[:, 80:112, 48:80], np.s_[:, 144:, 112:]
    assert np.ma.getmaskarray(data)[inner].all()
    assert not np.ma.getmaskarray(data)[outer].any()
    off = np.abs(data.data[outer].astype(int) - wanted[outer])
    assert np.percentile(off, 95) <= TOLERANCE.get(made.name, 0)
    if made.name != "JPEG":
        np.testing.assert_array_equal(np.ma.getmaskarray(data)[0], hole)
    assert np.ma.getmaskarray(pixels(made.out, row=4, col=8)).all()  # the empty tile
    assert not np.ma.getmaskarray(pixels(made.out, 3, 2, 5)).all()  # an overview


def test_a_second_run_computes_nothing(made: Made) -> None:
    before = tiles(made.out)
    again = automap("execute", str(made.config), "--concurrency", "none", "--log-format", "json")
    assert again.exit_code == 0
    assert tiles(made.out) == before
    assert "tile_done" not in again.output


def test_continues_after_a_kill(made: Made, tmp_path: Path) -> None:
    config = write_project(tmp_path, FORMATS[made.name])
    command = [sys.executable, "-m", "automap_tiles", "execute", str(config)]
    command += ["--concurrency", "none"]
    environment = {**os.environ, "DIES_ONCE": str(tmp_path / "died")}
    died = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
    assert died.returncode == -9, died.stderr
    assert 0 < len(tiles(tmp_path / "out")) < len(tiles(made.out))
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert tiles(tmp_path / "out") == tiles(made.out)


def test_cp_and_rm(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    done = automap("cp", str(made.out), str(target))
    assert done.exit_code == 0, done.output
    assert "Ignored" not in done.output
    assert tiles(target) == tiles(made.out)
    np.testing.assert_array_equal(pixels(target).filled(), pixels(made.out).filled())
    zoom = [name for name in tiles(target) if name.startswith("4/")]
    assert automap("rm", str(target), "-z", "4", "-f").exit_code == 0
    left = {name for name in tiles(target) if name.startswith("4/")}
    assert left == {name for name in zoom if name.endswith("zarr.json")}


def test_index_info_verify(made: Made, tmp_path: Path) -> None:
    done = automap("index", str(made.out), "--geojson", "--idx-out-dir", str(tmp_path))
    assert done.exit_code == 0, done.output
    with fiona.open(tmp_path / "4.geojson") as index:
        places = [feature["properties"]["location"] for feature in index]
    assert places
    assert all(Path(place).is_file() for place in places)
    assert automap("info", str(made.out)).exit_code == 0
    sound = automap("verify", str(made.out), "--failures", str(tmp_path / "f.geojson"))
    assert sound.exit_code == 0, sound.output
    copy = tmp_path / "damaged"
    automap("cp", str(made.out), str(copy))
    victim = copy / Path(places[0]).relative_to(made.out)
    victim.write_bytes(victim.read_bytes()[:-9])
    damaged = automap("verify", str(copy), "--failures", str(tmp_path / "g.geojson"))
    assert damaged.exit_code == 1
    parts = victim.with_suffix("").relative_to(copy).parts
    with pytest.raises(InputError, match=str(victim)):
        pixels(copy, int(parts[0]), int(parts[-2]), int(parts[-1]))


def test_virtual_rasters(made: Made, tmp_path: Path) -> None:
    done = automap("index", str(made.out), "--vrt", "-z", "4", "--idx-out-dir", str(tmp_path))
    if made.name != "JPEG":
        assert done.exit_code == 2
        assert "GDAL" in done.output
        return
    with rasterio.open(tmp_path / "4.vrt") as mosaic:
        assert mosaic.count == 3
        assert mosaic.nodata == 0


def test_convert_from_and_to(made: Made, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    done = automap("convert", str(made.out), str(plain), "--output-format", "GTiff",
                   "--concurrency", "none")  # fmt: skip
    assert done.exit_code == 0, done.output
    source, copy = pixels(made.out), pixels(plain)
    np.testing.assert_array_equal(copy.filled(0), source.filled(0))
    back = tmp_path / "back"
    done = automap("convert", str(plain), str(back), "--output-format", made.name,
                   "--concurrency", "none")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads((back / "metadata.json").read_text())["driver"]["format"] == made.name
    off = np.abs(pixels(back).filled(0).astype(int) - source.filled(0))
    assert np.percentile(off, 95) <= TOLERANCE.get(made.name, 0)


def test_export(made: Made, tmp_path: Path) -> None:
    done = automap("export", str(made.out), "-o", str(tmp_path / "web"), "-z", "3", "-w", "1",
                   "--style", "bidx=1,2,3", "--style", "rescale=0,255")  # fmt: skip
    assert done.exit_code == 0, done.output
    pictures = list((tmp_path / "web").rglob("*.png"))
    assert pictures
    assert any(np.asarray(Image.open(path).convert("RGBA"))[..., 3].any() for path in pictures)


@pytest.mark.parametrize("what", ["tiles", "process", "in memory"])
def test_serve(made: Made, what: str, request: pytest.FixtureRequest) -> None:
    path = made.out if what == "tiles" else made.config
    keep = Keep.MEMORY if what == "in memory" else Keep.READONLY
    workers = TileWorkers(count=1)  # not those of other tests, which know no package of later
    request.addfinalizer(workers.close)
    layers, _ = open_layers([path], keep, workers)
    client = create_app(Catalogue(layers)).test_client()
    (layer, *_) = client.get("/api/layers").get_json()["layers"]
    answer = client.get(f"/{layer['name']}/4/6/5.png?bidx=1&bidx=2&bidx=3&rescale=0,255")
    assert answer.status_code == 200, answer.text
    picture = np.asarray(Image.open(io.BytesIO(answer.data)).convert("RGBA"))
    assert picture[..., 3].any()
    assert len(np.unique(picture[..., 0])) > 5


def test_without_the_package(tmp_path: Path) -> None:
    """Tiles of a format that nobody here knows are not taken for none, or for GeoTIFFs."""
    with pytest.MonkeyPatch.context() as patch:
        install(tmp_path / "site", patch)
        config = write_project(tmp_path, FORMATS["NumPy"])
        assert automap("execute", str(config), "--concurrency", "none").exit_code == 0
    # `made` may have it installed until the last test of this module
    without = [each for each in sys.path if not (Path(each) / "shiny_tiles.py").exists()]
    out = str(tmp_path / "out")
    wanted = (
        ("cp", out, str(tmp_path / "b")),
        ("index", out, "--txt"),
        ("verify", out),
        ("convert", out, str(tmp_path / "c")),
        ("export", out, "-o", f"{out}.mbtiles"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", without)
        registry._plugins.cache_clear()
        for command in wanted:
            done = automap(*command)
            assert done.exit_code == 2, command
            assert "knows this format" in done.output, command
            assert "NumPy" in done.output, command
    registry._plugins.cache_clear()


class TestOfAnotherPackage(WriterContract):
    """The format that comes in through an entry point keeps what every writer promises."""

    @pytest.fixture
    def reopen(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reopen]:
        install(tmp_path / "site", monkeypatch)

        def opened(grid: str = "geodetic") -> Writer:
            value = {"format": "NumPy", "path": "out", "bands": 2, "dtype": "int16", "nodata": -5}
            spec = OutputSpec.from_mapping(value, base=tmp_path, zooms=(ZOOM,), area=AREA)
            return open_output(spec, Pyramid.from_grid(grid, metatiling=2))

        yield opened
        registry._plugins.cache_clear()
