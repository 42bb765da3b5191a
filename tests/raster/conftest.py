"""Rasters made for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.env import Env
from rasterio.transform import from_origin

from automap_tiles.raster import close_all

UTM = "EPSG:32633"
UTM_TRANSFORM = from_origin(500_000, 5_200_000, 100, 100)


class MakeRaster(Protocol):
    def __call__(
        self,
        data: NDArray[Any],
        *,
        crs: str | None = UTM,
        transform: Affine | None = UTM_TRANSFORM,
        name: str = "source.tif",
        overviews: tuple[int, ...] = (),
        mask: NDArray[np.bool_] | None = None,
        **options: Any,
    ) -> Path: ...


@pytest.fixture
def make_raster(tmp_path: Path) -> MakeRaster:
    """Writes an array (band, y, x) as a GeoTIFF of 100 m pixels in UTM zone 33, or as asked."""

    def make(
        data: NDArray[Any],
        *,
        crs: str | None = UTM,
        transform: Affine | None = UTM_TRANSFORM,
        name: str = "source.tif",
        overviews: tuple[int, ...] = (),
        mask: NDArray[np.bool_] | None = None,
        **options: Any,
    ) -> Path:
        path = tmp_path / name
        count, height, width = data.shape
        with Env(GDAL_TIFF_INTERNAL_MASK=True):
            with rasterio.open(
                path,
                "w",
                driver="GTiff",
                count=count,
                height=height,
                width=width,
                dtype=data.dtype.name,
                crs=crs,
                transform=transform,
                **options,
            ) as dataset:
                dataset.write(data)
                if mask is not None:
                    dataset.write_mask(~mask)
            if overviews:
                with rasterio.open(path, "r+") as dataset:
                    dataset.build_overviews(list(overviews), rasterio.enums.Resampling.average)
        return path

    return make


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
