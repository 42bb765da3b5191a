"""A few pixels of a raster and their size: of files, and of tile directories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles import raster
from automap_tiles.formats._pixel_sample import sample_file, sample_tiles, sample_window


def write(path: Path, data: np.ndarray, crs: str, pixel: float, corner: tuple[float, float]) -> str:
    with rasterio.open(
        path, "w", driver="GTiff", width=data.shape[2], height=data.shape[1], count=len(data),
        dtype=data.dtype, nodata=0, crs=crs,
        transform=rasterio.Affine(pixel, 0, corner[0], 0, -pixel, corner[1]),
    ) as file:  # fmt: skip
        file.write(data)
    return str(path)


@pytest.mark.parametrize("shape", [(3, 5), (160, 160), (700, 1100)])
def test_windows_lie_all_over(tmp_path: Path, shape: tuple[int, int]) -> None:
    """Every fifth of a large file is seen, all of a small one, and nothing twice."""
    data = np.arange(1, shape[0] * shape[1] + 1, dtype=np.uint32).reshape(1, *shape)
    pixel_sample = sample_file(write(tmp_path / "a.tif", data, "EPSG:32633", 10, (500000, 5300000)))
    assert pixel_sample.pixel == pytest.approx(10, rel=2e-3)
    seen = pixel_sample.pixels.compressed()
    assert len(np.unique(seen)) == len(seen) == min(data.size, 25 * 32 * 32)
    rows, cols = np.divmod(seen - 1, shape[1])
    assert set(rows * 5 // shape[0]) == set(np.arange(shape[0]) * 5 // shape[0])
    assert set(cols * 5 // shape[1]) == set(np.arange(shape[1]) * 5 // shape[1])


def test_size_is_that_on_the_ground(tmp_path: Path) -> None:
    """At 60° a pixel of the web's mercator is half as long as it says."""
    data = np.ones((1, 40, 40), np.uint8)
    y = 8399737.9
    pixel_sample = sample_file(write(tmp_path / "a.tif", data, "EPSG:3857", 20, (0, y)))
    assert pixel_sample.pixel == pytest.approx(10, rel=0.01)


def test_nodata_is_masked(tmp_path: Path) -> None:
    data = np.ones((2, 40, 40), np.uint8)
    data[0, :20] = 0
    pixel_sample = sample_file(write(tmp_path / "a.tif", data, "EPSG:32633", 10, (500000, 5300000)))
    # 32 of the 40 rows are seen, which is what a small file costs
    assert [plane.count() for plane in pixel_sample.pixels] == [12 * 32, 32 * 32]


def test_tiles(tmp_path: Path) -> None:
    urls = [
        write(tmp_path / f"{n}.tif", np.full((1, 64, 64), n, np.uint8), "EPSG:32633", 10,
              (500000 + n * 640, 5300000))
        for n in (1, 2, 3)
    ]  # fmt: skip
    pixel_sample = sample_tiles(
        (raster.read(url, sample_window(grid)), grid)
        for url, grid in ((url, raster.inspect(url).grid) for url in urls)
    )
    values, counts = np.unique(pixel_sample.pixels.compressed(), return_counts=True)
    assert values.tolist() == [1, 2, 3]
    assert counts.tolist() == [32 * 32] * 3
    assert pixel_sample.pixel == pytest.approx(10, rel=2e-3)
    assert sample_tiles([]).pixels.size == 0
