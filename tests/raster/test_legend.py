"""Colours of classes: black among them is a colour, black behind the last one fills the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.raster.legend import read_class_legend

BLACK, WHITE = (0, 0, 0, 255), (255, 255, 255, 255)


def legend(
    path: Path, table: dict[int, tuple[int, int, int, int]], **profile: int
) -> dict[int, str]:
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8", crs="EPSG:3857",
        transform=rasterio.transform.from_origin(0, 8, 1, 1), **profile,
    ) as file:  # fmt: skip
        file.write_colormap(1, table)
        file.write(np.zeros((1, 8, 8), np.uint8))
    return read_class_legend(path).colours


def test_black_among_the_classes(tmp_path: Path) -> None:
    table = {1: (200, 0, 0, 255), 2: BLACK, 3: (0, 0, 200, 255), 7: (9, 99, 9, 255)}
    found = legend(tmp_path / "c.tif", {0: BLACK, **table})
    assert found[2] == found[0] == "#000000"
    assert found[7] == "#096309"
    assert max(found) == 7


@pytest.mark.parametrize("table", [{0: BLACK, 1: WHITE}, {0: WHITE, 1: BLACK}])
def test_one_bit(tmp_path: Path, table: dict[int, tuple[int, int, int, int]]) -> None:
    found = legend(tmp_path / "b.tif", table, nbits=1)
    assert found == {
        value: "#000000" if each == BLACK else "#ffffff" for value, each in table.items()
    }


def test_a_table_of_black_alone_says_nothing(tmp_path: Path) -> None:
    assert legend(tmp_path / "k.tif", {0: BLACK}) == {}
