"""Large files: what is in a COG does not depend on what it was made from on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS

from automap_tiles.grid import Grid
from automap_tiles.raster import mosaic
from automap_tiles.raster.mosaic import MosaicSpec, write_mosaic

TO_METRES = Affine(10, 0, 500_000, 0, -10, 5_000_000)
BLOCKSIZE = 512
"""Of a COG that is not told another."""


def written(path: Path, pixels: np.ndarray[Any, Any], profile: dict[str, Any]) -> bytes:
    grid = Grid(CRS.from_epsg(32633), TO_METRES, (pixels.shape[1], pixels.shape[2]))
    spec = MosaicSpec(
        grid=grid, count=2, dtype=pixels.dtype.name, nodata=0, profile=profile, cog=True
    )
    first = profile.get("blocksize", BLOCKSIZE)
    write_mosaic(path, spec, [(0, 0, pixels[:, :first]), (first, 0, pixels[:, first:])])
    return path.read_bytes()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize(
    "profile",
    [{}, {"compress": "zstd", "zstd_level": 15, "blocksize": 128},
     {"compress": "deflate", "zlevel": 1, "blocksize": 256},
     {"compress": "lzw", "blocksize": 256}],
)  # fmt: skip
def test_the_same_bytes_however_plain_file_and_overviews_are_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str, profile: dict[str, Any]
) -> None:
    # three times three blocks of either size, and two overviews
    blocksize = profile.get("blocksize", BLOCKSIZE)
    shape = 2, blocksize * 2 + 76, blocksize * 2 + 111
    rng = np.random.default_rng(1)
    pixels = (rng.integers(-3, 4, shape).cumsum(axis=2) % 200).astype(dtype)
    ours = written(tmp_path / "plain.tif", pixels, profile)
    monkeypatch.setattr(mosaic, "_WHILE_OVERVIEWS_ARE_MADE", {})
    monkeypatch.setattr(mosaic, "_PLAIN_UNPACKED", 0)
    assert ours == written(tmp_path / "gdal.tif", pixels, profile)
    with rasterio.open(tmp_path / "plain.tif") as dataset:
        assert dataset.overviews(1) == [2, 4]
        assert np.array_equal(dataset.read(), pixels)
