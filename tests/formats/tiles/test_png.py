"""PNG tiles: the pictures that mapchete would write."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from rasterio.errors import NotGeoreferencedWarning

from automap_tiles.errors import ConfigError, ProcessResultError
from automap_tiles.grid import Pyramid
from automap_tiles.notes import Fate, collecting
from tests.formats.writers import made

PYRAMID = Pyramid.from_grid("mercator", tile_size=16)
TILE = PYRAMID.tile(3, 2, 2)


@given(
    values=st.integers(1, 4).flatmap(
        lambda bands: arrays.arrays("uint8", (bands, 16, 16), elements=st.integers(0, 255))
    ),
    hidden=arrays.arrays(bool, (16, 16)),
)
@settings(max_examples=40)
def test_like_mapchete(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, hidden: np.ndarray
) -> None:
    png = pytest.importorskip("mapchete.formats.default.png")
    data = np.ma.MaskedArray(values, mask=np.broadcast_to(hidden, values.shape))
    theirs = png.OutputDataReader.__new__(png.OutputDataReader)
    theirs.output_params = {"nodata": 0}
    expected = np.ma.getdata(theirs._prepare_array_for_png(data))
    folder = tmp_path_factory.mktemp("png")
    writer = made(folder, PYRAMID, format="PNG", bands=..., dtype=...)
    stored = writer.convert(TILE, data)
    if not expected.any():
        assert stored is None
        return
    assert stored is not None
    writer.write(TILE, stored)
    path = folder / "out" / "3" / "2" / "2.png"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        file = rasterio.open(path)
    with file:
        np.testing.assert_array_equal(file.read(), expected)
    found = writer.read(TILE)
    assert found is not None
    np.testing.assert_array_equal(found.data.data, stored.data.data)
    np.testing.assert_array_equal(found.data.mask, stored.data.mask)


def test_values_saturate_instead_of_wrapping(tmp_path: Path) -> None:
    writer = made(tmp_path, PYRAMID, format="PNG", bands=..., dtype=...)
    stored = writer.convert(TILE, np.full((3, 16, 16), 300.7))
    assert stored is not None
    assert (stored.data == 255).all()


def test_another_transparent_value(tmp_path: Path) -> None:
    writer = made(tmp_path, PYRAMID, format="PNG", bands=..., dtype=..., nodata=9)
    values = np.ma.MaskedArray(np.full((1, 16, 16), 5), mask=False)
    values[0, 0, 0], values[0, 1, 1] = 9, np.ma.masked
    stored = writer.convert(TILE, values)
    assert stored is not None
    assert [int(stored.data.data[3, n, n]) for n in range(3)] == [0, 0, 255]


def test_a_transparent_value_may_come_as_a_float(tmp_path: Path) -> None:
    writer = made(tmp_path, PYRAMID, format="PNG", bands=..., dtype=..., nodata=9.0)
    stored = writer.convert(TILE, np.full((1, 16, 16), 9, np.uint8))
    assert stored is not None
    assert not stored.data.data[3].any()
    with pytest.raises(ConfigError, match="from 0 to 255"):
        made(tmp_path, PYRAMID, format="PNG", bands=..., dtype=..., nodata=-1)


@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_another_dtype_than_bytes_is_told(tmp_path: Path, name: str) -> None:
    with collecting() as told:
        made(tmp_path / "floats", PYRAMID, format=name, bands=3, dtype="float32")
        made(tmp_path / "bytes", PYRAMID, format=name, bands=3, dtype="uint8")
    (note,) = told
    assert (note.fate, note.examples) == (Fate.IGNORED, ("output.dtype",))


def test_too_many_bands(tmp_path: Path) -> None:
    writer = made(tmp_path, PYRAMID, format="PNG", bands=..., dtype=...)
    with pytest.raises(ProcessResultError, match="1 to 4 bands"):
        writer.convert(TILE, np.ones((5, 16, 16)))
