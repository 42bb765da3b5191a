"""Folders of tiles that were cut otherwise than the options of the input say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Bounds, Pyramid, Tile, cover
from automap_tiles.notes import Fate, Subject, collecting
from tests.formats.writers import made

ZOOM = 5
AREA = Bounds(0, 30, 40, 60)


def value_at(tile: Tile) -> Any:
    """A number for each pixel of the zoom, the same in whatever tile it lies."""
    row, col = tile.pixel_offset
    rows, cols = np.arange(row, row + tile.height), np.arange(col, col + tile.width)
    return (7 * rows[:, None] + 13 * cols[None, :])[None] % 30_000 + 1


def filled(folder: Path, stored: Pyramid, **options: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    writer = made(folder, stored, nodata=0, pixelbuffer=stored.pixelbuffer, **options)
    for index in cover.tiles(stored, AREA.polygon(), ZOOM):
        tile = Tile(stored, index)
        data = writer.convert(tile, value_at(tile))
        assert data is not None
        writer.write(tile, data)
    return folder / "out"


def read(path: Path, tile: Tile, **options: Any) -> tuple[Any, Any]:
    value = {"path": str(path), "format": "TileDirectory", **options}
    with collecting() as notes:
        reader: Any = open_input(InputSpec.from_value("tiles", value), path, tile.pyramid)
        data = reader.at(tile).read()
    return data, notes.grouped()


@settings(max_examples=25)
@given(
    stored=st.builds(
        Pyramid.from_grid,
        st.just("geodetic"),
        metatiling=st.sampled_from([1, 2, 4]),
        pixelbuffer=st.sampled_from([0, 1, 20]),
        tile_size=st.sampled_from([64, 256]),
    ),
    options=st.fixed_dictionaries(
        {},
        optional={
            "grid": st.sampled_from(["geodetic", "mercator"]),
            "metatiling": st.sampled_from([1, 2]),
            "pixelbuffer": st.sampled_from([0, 5]),
            "tile_size": st.sampled_from([64, 128, 256]),
        },
    ),
)
def test_the_metadata_of_the_folder_wins(
    tmp_path_factory: pytest.TempPathFactory, stored: Pyramid, options: dict[str, Any]
) -> None:
    """Right pixels whatever is given beside it, and a word of each option that is another."""
    path = filled(tmp_path_factory.mktemp("tiles"), stored)
    tile = Pyramid.from_grid("geodetic", tile_size=stored.tile_size).tile(ZOOM, 8, 36)
    data, notes = read(path, tile, **options)
    np.testing.assert_array_equal(data, value_at(tile))
    own = {
        "grid": "geodetic",
        **{name: getattr(stored, name) for name in options if name != "grid"},
    }
    others = {f"tiles.{name}" for name, value in options.items() if own[name] != value}
    assert [(note.fate, note.subject) for note in notes] == (
        [(Fate.IGNORED, Subject.OPTIONS)] if others else []
    )
    assert {name for note in notes for name in note.examples} <= others
    assert sum(note.count for note in notes) == len(others)


def test_a_grid_of_ones_own(tmp_path: Path) -> None:
    """The same grid in other words is not another one."""
    stored = Pyramid.from_grid("geodetic", metatiling=2, pixelbuffer=3)
    path = filled(tmp_path, stored)
    tile = Pyramid.from_grid("geodetic").tile(ZOOM, 8, 36)
    said = json.loads((path / "metadata.json").read_text())["pyramid"]["grid"]
    data, notes = read(path, tile, grid=said)
    np.testing.assert_array_equal(data, value_at(tile))
    assert notes == ()


@pytest.mark.parametrize("buffer", [1, 16])
@pytest.mark.parametrize("bands", [1, 3])
def test_without_metadata_tiles_of_another_shape_are_refused(
    tmp_path: Path, buffer: int, bands: int
) -> None:
    """A buffer that nobody said shifted the pixels before; said, it is right."""
    stored = Pyramid.from_grid("geodetic", metatiling=2, pixelbuffer=buffer)
    path = filled(tmp_path, stored, bands=bands) if bands == 1 else stacked(tmp_path, stored)
    (path / "metadata.json").unlink()
    tile = Pyramid.from_grid("geodetic").tile(ZOOM, 8, 36)
    wrong = f"has {512 + 2 * buffer} x {512 + 2 * buffer} pixels.*512 x 512.*pixelbuffer"
    with pytest.raises(InputError, match=wrong):
        read(path, tile, grid="geodetic", metatiling=2, extension="tif")
    other = Pyramid.from_grid("mercator").tile(ZOOM, 10, 18)
    with pytest.raises(InputError, match=wrong):
        read(path, other, grid="geodetic", metatiling=2, extension="tif")
    options = {"metatiling": 2, "pixelbuffer": buffer, "extension": "tif"}
    data, notes = read(path, tile, grid="geodetic", **options)
    np.testing.assert_array_equal(data, np.repeat(value_at(tile), bands, axis=0))
    assert notes == ()


def stacked(folder: Path, stored: Pyramid) -> Path:
    writer = made(folder, stored, nodata=0, pixelbuffer=stored.pixelbuffer, bands=3)
    for index in cover.tiles(stored, AREA.polygon(), ZOOM):
        tile = Tile(stored, index)
        data = writer.convert(tile, np.repeat(value_at(tile), 3, axis=0))
        assert data is not None
        writer.write(tile, data)
    return folder / "out"


def test_a_single_tile_of_another_shape(tmp_path: Path) -> None:
    """A tile from elsewhere among good ones is named, and the others can be read."""
    stored = Pyramid.from_grid("geodetic")
    path = filled(tmp_path, stored)
    good, bad = stored.tile(ZOOM, 8, 36), stored.tile(ZOOM, 8, 37)
    key = path / f"{ZOOM}/8/37.tif"
    profile = {"driver": "GTiff", "count": 1, "dtype": "int16", "height": 256, "width": 255}
    with rasterio.open(key, "w", **profile, crs=bad.crs, transform=bad.transform) as file:
        file.write(np.ones((1, 256, 255), "int16"))
    np.testing.assert_array_equal(read(path, good)[0], value_at(good))
    with pytest.raises(InputError, match=r"8/37\.tif.*has 255 x 256 pixels"):
        read(path, bad)


def test_no_grid_at_all(tmp_path: Path) -> None:
    path = filled(tmp_path, Pyramid.from_grid("geodetic"))
    (path / "metadata.json").unlink()
    tile = Pyramid.from_grid("geodetic").tile(ZOOM, 8, 36)
    with pytest.raises(ConfigError, match="grid is missing"):
        read(path, tile, extension="tif")
