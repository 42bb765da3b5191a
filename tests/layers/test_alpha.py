"""Layers that are as opaque as their alpha band says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from automap_tiles.cli.main import main
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.open import open_layers
from automap_tiles.pictures.render import render
from automap_tiles.pictures.style import read_style

RGB = [ColorInterp.red, ColorInterp.green, ColorInterp.blue]


def make(path: Path, kinds: list[ColorInterp], alpha: int = 77) -> Path:
    """200 x 200 pixels of 100 m, the western half transparent to a degree, a corner all."""
    count = len(kinds)
    data = np.full((count, 200, 200), 120, np.uint8)
    place = kinds.index(ColorInterp.alpha)
    data[place] = 255
    data[place, :, :100] = alpha
    data[place, :50, :50] = 0
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=200, width=200, dtype="uint8",
        crs="EPSG:3857", transform=from_origin(1_500_000, 6_200_000, 100, 100), alpha="unspecified",
        photometric="RGB" if count >= 3 else "MINISBLACK",
    ) as file:  # fmt: skip
        file.colorinterp = kinds
        file.write(data)
    return path


def opacities(path: Path) -> set[int]:
    (layer,), _ = open_layers([path])
    assert isinstance(layer, FileLayer)
    query, _ = default_style(layer)
    style = read_style(query, layer.info.band_names, layer.info.alpha)
    from automap_tiles.layers import web
    from tests.layers.test_file_layer import middle

    found: set[int] = set()
    tile = middle(layer, layer.info.max_zoom - 2)
    for row in (-1, 0, 1):
        for col in (-1, 0, 1):
            there = web.web_pyramid().tile(tile.zoom, tile.row + row, tile.col + col)
            data = layer.read(there, style.needed)
            if data is not None:
                found |= set(np.unique(render(data, style).rgba()[3]).tolist())
    return found


@pytest.mark.parametrize(
    "kinds",
    [
        [*RGB, ColorInterp.alpha],
        [ColorInterp.gray, ColorInterp.alpha],
        [*RGB, ColorInterp.undefined, ColorInterp.alpha],
    ],
    ids=["rgb", "grey", "five"],
)
def test_a_raster_and_what_is_made_of_it(
    tmp_path: Path, kinds: list[ColorInterp], capsys: pytest.CaptureFixture[str]
) -> None:
    """The file itself, and the tiles that `convert` makes of it."""
    path = make(tmp_path / "r.tif", kinds)
    assert opacities(path) == {0, 77, 255}
    out = tmp_path / "tiles"
    options = ["--output-pyramid", "mercator", "--concurrency", "none", "--no-progress"]
    assert main(["convert", str(path), str(out), *options]) == 0, capsys.readouterr()
    (layer,), _ = open_layers([out])
    assert layer.info.alpha == kinds.index(ColorInterp.alpha) + 1
    assert {0, 77, 255} <= opacities(out)


def test_alpha_of_processes(tmp_path: Path) -> None:
    """Of pictures the last band; of GeoTIFF what the output says."""
    (tmp_path / "work.py").write_text(
        "import numpy as np\nfrom automap_tiles import Tile\n"
        "def execute(tile: Tile):\n    return np.ones((4, *tile.shape), np.uint8)\n"
    )
    outputs: list[tuple[dict[str, object], int | None]] = [
        ({"format": "PNG"}, 4),
        ({"format": "GTiff", "bands": 2, "dtype": "uint8", "colorinterp": ["gray", "alpha"]}, 2),
        ({"format": "GTiff", "bands": 2, "dtype": "uint8"}, None),
    ]
    for number, (output, wanted) in enumerate(outputs):
        config = tmp_path / "work.mapchete"
        work = {
            "process": "./work.py", "pyramid": {"grid": "mercator"}, "zoom_levels": 3,
            "output": {"path": f"out{number}", **output},
        }  # fmt: skip
        config.write_text(json.dumps(work))
        layers, _ = open_layers([config])
        assert layers[-1].info.alpha == wanted
