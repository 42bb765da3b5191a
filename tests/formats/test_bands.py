"""What inputs say of their bands: names and units, from the files themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.errors import InputError
from automap_tiles.formats import InputSpec, RasterInput, RasterReader, Writer
from automap_tiles.formats.bands import BandTable
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Pyramid
from tests.engine.projects import make_raster
from tests.formats.writers import made

PYRAMID = Pyramid.from_grid("geodetic")
TILE = PYRAMID.tile(5, 8, 33)
SAID = BandTable(names=("red", "nir"), scales=(1e-4, 1e-4), offsets=(-0.1, 0.0))


def reader(path: Path) -> Any:
    found = open_input(InputSpec(name="picture", path=str(path)), path.parent, PYRAMID)
    assert isinstance(found, RasterReader)
    assert isinstance(found.at(TILE), RasterInput)
    return found


def stored(writer: Writer, tags: dict[int, dict[str, str]] | None = None) -> None:
    writer.prepare()
    data = writer.convert(TILE, (np.ones((2, *TILE.shape)), tags or {}))
    assert data is not None
    writer.write(TILE, data)
    writer.finish()


@pytest.mark.parametrize("kind", ["file", "directory", "single file"])
def test_names_and_units(tmp_path: Path, kind: str) -> None:
    said: dict[str, Any] = {
        "descriptions": list(SAID.names),
        "scales": SAID.scales,
        "offsets": SAID.offsets,
    }
    if kind == "file":
        path = make_raster(tmp_path / "a.tif")
        with rasterio.open(path, "r+") as file:
            file.descriptions, file.scales, file.offsets = said.values()
    else:
        where: dict[str, Any] = (
            {"path": "a.tif", "zooms": (5,)} if kind == "single file" else {"path": "a"}
        )
        stored(made(tmp_path, bands=2, **where, **said))
        path = tmp_path / where["path"]
    found = reader(path)
    assert found.describe_bands() == SAID
    assert found.at(TILE).describe_bands() == SAID


def test_names_that_only_tags_tell(tmp_path: Path) -> None:
    """As composites in a tile directory have them, where the output names no bands."""
    stored(made(tmp_path, bands=2, path="a"), {1: {"name": "median_red"}})
    found = reader(tmp_path / "a").describe_bands()
    assert found.names == ("median_red", "band_2")
    assert (found.scales, found.offsets) == ((1.0, 1.0), (0.0, 0.0))


def test_a_folder_without_tiles(tmp_path: Path) -> None:
    made(tmp_path, bands=2, path="a").prepare()
    with pytest.raises(InputError, match="no tile"):
        reader(tmp_path / "a").describe_bands()


def test_units_of_bands() -> None:
    assert SAID.numbers(["nir", "red"]) == [2, 1]
    assert SAID.units(["red"]) == ((1e-4, -0.1),)
    assert SAID.units([]) == ()
    one, other = SAID.units(["nir", "red"])
    assert other == (1e-4, -0.1) != one
    with pytest.raises(KeyError):
        SAID.numbers(["blue"])
    twice = BandTable(names=("red", "nir", "red"), scales=(1.0,) * 3, offsets=(0.0,) * 3)
    assert twice.numbers(["nir"]) == [2]
    with pytest.raises(ValueError, match=r"bands \[1, 3\] are all named red"):
        twice.units(["red"])


def test_names_that_say_nothing_but_the_place() -> None:
    table = BandTable(names=("band_1", "red", "band_2"), scales=(1.0,) * 3, offsets=(0.0,) * 3)
    assert table.unnamed(["band_2", "red", "band_1"]) == ("band_1",)
    assert SAID.unnamed(["nir"]) == ()
