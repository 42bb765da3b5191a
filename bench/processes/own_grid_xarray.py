# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, ignore-errors
"""The composite on the sensor's own grid with xarray and dask, by someone who has tuned it.

    python own_grid_xarray.py OUT.tif SCENE.tif …

Blocks of 1024 px that fall on those of the files, datasets kept open in each of two processes,
bands and dates of a block read in one call each, a compiled median; then one COG with overviews.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import dask
import dask.array as da
import numpy as np
import rasterio
import xarray as xr
from median_numba import CLEAR, median_of_valid
from rasterio.shutil import copy
from rasterio.windows import Window

BLOCK = 1024


@cache
def opened(path):
    return rasterio.open(path)


def block_of(paths, block_info=None):
    """Median of all dates on one block, (band, y, x)."""
    (_, (top, bottom), (left, right)) = block_info[None]["array-location"]
    window = Window(left, top, right - left, bottom - top)
    data = np.stack([opened(path).read(window=window) for path in paths])
    clear = np.isin(data[:, 6], CLEAR)
    valid = clear[:, None] & (data[:, :6] != 0)
    return median_of_valid(data[:, :6], valid)[0]


def main(out, paths):
    with rasterio.open(paths[0]) as first:
        height, width = first.shape
        profile = {"crs": first.crs, "transform": first.transform}
    chunks = tuple(
        (BLOCK,) * (size // BLOCK) + ((size % BLOCK,) if size % BLOCK else ())
        for size in (height, width)
    )
    found = da.map_blocks(
        partial(block_of, tuple(paths)), chunks=((6,), *chunks), dtype="uint16", meta=np.empty(0)
    )
    composite = xr.DataArray(found, dims=("band", "y", "x"), name="median")
    with ProcessPoolExecutor(2) as pool, dask.config.set(scheduler="processes", pool=pool):
        pixels = composite.to_numpy()
    with rasterio.io.MemoryFile() as memory:
        kind = {"driver": "GTiff", "count": 6, "dtype": "uint16", "nodata": 0, "tiled": True}
        with memory.open(height=height, width=width, **kind, **profile) as plain:
            plain.write(pixels.astype("uint16"))
        with memory.open() as plain:
            copy(plain, out, driver="COG", compress="zstd", level=1, predictor="yes",
                 overview_resampling="average", blocksize=256)  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
