"""Parts of which nothing is wanted are not read, all others are as they would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from automap_tiles.raster._partial import LEAST, wanted_parts
from automap_tiles.raster.datasets import OpenSource, open_source
from tests.raster.test_tiled_file import is_read_here, pixels, write


@given(
    shape=st.tuples(st.integers(1, 700), st.integers(1, 700)),
    corner=st.tuples(st.integers(0, 900), st.integers(0, 900)),
    block=st.tuples(st.sampled_from([1, 16, 100, 256, 1024]), st.sampled_from([64, 300, 5000])),
    places=st.lists(st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)), max_size=6),
)
def test_every_wanted_pixel_is_in_one_part(
    shape: tuple[int, int],
    corner: tuple[int, int],
    block: tuple[int, int],
    places: list[tuple[float, float]],
) -> None:
    wanted = np.zeros(shape, dtype=bool)
    for y, x in places:
        wanted[int(y * shape[0]), int(x * shape[1])] = True
    count = np.zeros(shape, dtype=int)
    for rows, columns in wanted_parts(wanted, corner, block):
        assert wanted[rows, columns].any()
        count[rows, columns] += 1
        # whole blocks: a part begins and ends where one does, or where the window does
        for part, start, size, length in zip((rows, columns), corner, block, shape, strict=True):
            assert part.start == 0 or (start + part.start) % size == 0
            assert part.stop == length or (start + part.stop) % size == 0
    assert count.max() <= 1
    assert (count[wanted] == 1).all()


class _Spy:
    """A dataset that remembers what was read of it."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        self.block_shapes = dataset.block_shapes
        self.read_pixels = 0

    def read(self, indexes: list[int], window: Window, out: Any = None) -> Any:
        self.read_pixels += int(window.width) * int(window.height)
        return self.dataset.read(indexes, window=window, out=out)


@pytest.mark.parametrize(
    "options", [{"compress": "lzw"}, {"tiled": False, "blockxsize": 800, "blockysize": 1}]
)
def test_gdal_reads_only_the_wanted_parts(tmp_path: Path, options: dict[str, Any]) -> None:
    source = open_source(write(tmp_path / "a.tif", pixels((2, 600, 800), "uint16"), **options))
    assert not is_read_here(source)
    spy = _Spy(source.dataset)
    spied = OpenSource(spy, source.info, source.stamp)
    window = Window(50, 20, 700, 550)
    theirs = source.dataset.read([2, 1], window=window)
    wanted = np.zeros((550, 700), dtype=bool)
    wanted[10, 10] = wanted[500:, 650:] = True
    out = np.full((2, 550, 700), 9, "uint16")
    assert spied.read([2, 1], window, out, wanted) is out
    assert np.array_equal(out[:, wanted], theirs[:, wanted])
    assert ((out == theirs) | (out == 0)).all()
    assert 0 < spy.read_pixels <= (4 * LEAST**2 if "compress" in options else 2 * LEAST * 700)
    assert np.array_equal(spied.read([2, 1], window, out, np.ones((550, 700), bool)), theirs)
    spied.read([2, 1], window, out, np.zeros((550, 700), bool))
    assert not out.any()
