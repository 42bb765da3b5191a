"""Colours and names of classes in what is written; GDAL itself reads them back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil

from automap_tiles.errors import ConfigError
from automap_tiles.formats import Writer
from automap_tiles.grid import Pyramid
from tests.formats.writers import made
from tests.models import NAMES, save_model

TILE = Pyramid.from_grid("geodetic").tile(5, 8, 33)


def written(writer: Writer) -> None:
    data = writer.convert(TILE, np.ones((writer.bytes_per_pixel, *TILE.shape)))
    assert data is not None
    writer.write(TILE, data)
    writer.finish()


def categories(path: Path) -> dict[int, str]:
    """Names of values as GDAL tells them; it has no other way out of rasterio."""
    copy = path.with_suffix(".vrt")
    rasterio.shutil.copy(path, copy, driver="VRT")
    found = ET.parse(copy).findall(".//VRTRasterBand[@band='1']/CategoryNames/Category")
    return {value: one.text for value, one in enumerate(found) if one.text}


@pytest.mark.parametrize("cog", [False, True])
@pytest.mark.parametrize("bands", [1, 2, 4])
def test_a_file_with_the_colours_of_a_model(tmp_path: Path, bands: int, cog: bool) -> None:
    model = save_model(tmp_path / "model.zip")
    written(
        made(tmp_path, path="map.tif", bands=bands, dtype="uint8", colormap="model.zip", cog=cog)
    )
    with rasterio.open(tmp_path / "map.tif") as file:
        colours = file.colormap(1)
        assert [colours[one.value][:3] for one in model.classes] == [
            one.rgb for one in model.classes
        ]
        assert file.colorinterp[0].name == "palette"
        assert {"red", "green", "blue"}.isdisjoint(each.name for each in file.colorinterp)
        assert file.tags(1) | {"class_9": "meadow & <field>"} == file.tags(1)
    assert categories(tmp_path / "map.tif") == NAMES


def test_tiles_with_the_colours_of_a_model(tmp_path: Path) -> None:
    model = save_model(tmp_path / "model.zip")
    writer = made(tmp_path, dtype="uint8", colormap="model.zip")
    written(writer)
    path = Path(writer.path, f"{TILE.zoom}/{TILE.row}/{TILE.col}.tif")
    with rasterio.open(path) as file:
        assert file.colormap(1)[4][:3] == model.classes[1].rgb
        assert file.tags(1) == {f"class_{value}": name for value, name in NAMES.items()}
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_plain_colours_need_a_side_file_only_where_tiff_has_no_place(tmp_path: Path) -> None:
    plain: dict[str, Any] = {"dtype": "uint8", "colormap": {2: [255, 0, 0], 3: "#00ff0080"}}
    for bands, needs in ((1, False), (3, True)):
        written(made(tmp_path, path=f"{bands}.tif", bands=bands, **plain))
        assert (tmp_path / f"{bands}.tif.aux.xml").exists() is needs
        with rasterio.open(tmp_path / f"{bands}.tif") as file:
            assert file.colormap(1)[2] == (255, 0, 0, 255)
            assert file.colormap(1)[3] == ((0, 255, 0, 128) if needs else (0, 255, 0, 255))
        assert categories(tmp_path / f"{bands}.tif") == {}


@pytest.mark.parametrize("path", ["absent.zip", "no_model.zip"])
def test_a_file_that_is_no_model(tmp_path: Path, path: str) -> None:
    (tmp_path / "no_model.zip").write_bytes(b"nothing")
    with pytest.raises(ConfigError, match="model") as caught:
        made(tmp_path, dtype="uint8", colormap=path)
    assert caught.value.key == "output.colormap"


def test_other_colours_are_another_output(tmp_path: Path) -> None:
    prints = set()
    for number in range(2):
        names = {1: "water", 2: ("forest", "meadow")[number]}
        save_model(tmp_path / "model.zip", names=names)
        folder = tmp_path / str(number)
        folder.mkdir()
        prints.add(made(folder, dtype="uint8", colormap="../model.zip").fingerprint())
    assert len(prints) == 2
