"""The picture of a tile directory: place, colours, transparency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_tiles.demo._quicklook import write_class_quicklook, write_quicklook

NODATA = -32768


def _tile(folder: Path, row: int, col: int, data: np.ndarray) -> None:
    path = folder / "3" / str(row) / f"{col}.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=4,
        height=8,
        width=8,
        dtype="int16",
        nodata=NODATA,
        crs="EPSG:3857",
        transform=from_origin(80.0 * col, -80.0 * row, 10, 10),
    ) as target:
        target.write(data)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_true_colour_beside_ndvi(tmp_path: Path) -> None:
    # West tile: rows 0-1 empty, then bare soil; east tile: red is bright, dense vegetation.
    west = np.full((4, 8, 8), NODATA, "int16")
    west[:, 2:] = np.array([100, 100, 100, 500])[:, None, None]
    east = np.empty((4, 8, 8), "int16")
    east[:] = np.array([3000, 100, 100, 9000])[:, None, None]
    _tile(tmp_path, 0, 0, west)
    _tile(tmp_path, 0, 1, east)

    write_quicklook(tmp_path, [3], tmp_path / "look.png", rgb=(1, 2, 3))

    with rasterio.open(tmp_path / "look.png") as source:
        picture = source.read()
    # Enlarged by 60 to reach 480 px, with 8 px between the two.
    assert picture.shape == (4, 480, 960 + 8 + 960)
    assert not picture[:, :, 960:968].any()
    colour, ndvi = picture[:, ::60, :960:60], picture[:, ::60, 968::60]
    for part in (colour, ndvi):
        assert (part[3] == 255).sum() == 8 * 16 - 2 * 8
        assert (part[3, :2, :8] == 0).all()
    assert colour[:3, 5, 12].tolist() == [255, 0, 0]
    soil, leaves = ndvi[:3, 5, 2], ndvi[:3, 5, 12]
    assert soil[0] > soil[1] > soil[2]
    assert leaves.tolist() == [10, 75, 25]


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_true_colour_beside_classes(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "height": 500, "width": 600, "nodata": 0}
    profile |= {"crs": "EPSG:3857", "transform": from_origin(0, 0, 10, 10)}
    bands = np.full((4, 500, 600), 900, "uint16")
    bands[3, :, 300:] = 4000  # red, by its name: the order does not matter
    with rasterio.open(tmp_path / "scene.tif", "w", count=4, dtype="uint16", **profile) as target:
        target.write(bands)
        target.descriptions = ("blue", "nir", "green", "red")
    classes = np.full((500, 600), 7, "uint8")
    classes[:100] = 0
    with rasterio.open(tmp_path / "classes.tif", "w", count=1, dtype="uint8", **profile) as target:
        target.write(classes, 1)
        target.write_colormap(1, {7: (10, 20, 30)})
    write_class_quicklook(tmp_path / "scene.tif", tmp_path / "classes.tif", tmp_path / "look.png")
    with rasterio.open(tmp_path / "look.png") as source:
        picture = source.read()
    assert picture.shape == (4, 500, 600 + 8 + 600)
    assert picture[:, 300, 900].tolist() == [10, 20, 30, 255]
    assert not picture[3, 50, :].any()
    assert picture[:3, 300, 500].tolist() == [255, 0, 0]
    assert picture[:3, 300, 100].tolist() == [0, 0, 0]
