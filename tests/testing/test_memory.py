"""Tiles in memory are read as those of a folder are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.formats.capabilities import TiledReader
from automap_tiles.grid import Pyramid
from automap_tiles.testing import memory_tiles

PYRAMID = Pyramid.from_grid("geodetic", metatiling=2)


@pytest.mark.parametrize("name", ["GTiff", "Zarr"])
def test_tiles_in_memory(name: str) -> None:
    writer = memory_tiles(PYRAMID, format=name, bands=1, dtype="int16", nodata=-1)
    tile = PYRAMID.tile(4, 2, 3)
    values = np.arange(512 * 512).reshape(1, 512, 512) % 1000
    data = writer.convert(tile, values)
    assert data is not None
    writer.write(tile, data)
    reader = writer.reader()
    assert isinstance(reader, TiledReader)
    assert reader.stored_zooms() == (4,)
    view: Any = reader.at(Pyramid.from_grid("geodetic").tile(4, 5, 7))
    np.testing.assert_array_equal(view.read(1).filled(), values[0, 256:, 256:])


def test_what_is_one_file() -> None:
    with pytest.raises(ConfigError, match="tile by tile"):
        memory_tiles(PYRAMID, format="GTiff", bands=1, dtype="int16", path="one.tif")
