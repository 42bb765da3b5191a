"""The composite of `native_*` written by hand: what the engine's own work costs on top.

`python -m bench.native_floor` reads each native window of a metatile once, masks, takes the median,
picks the nearest pixels for the tiles and writes them, in one process without an engine. It prints
the CPU seconds of each step.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform, transform_bounds
from rasterio.windows import Window

from automap_tiles.analysis.composites import composite
from bench.floor import TILE, tiles_of
from bench.scenes import scenes

CLEAR = (4, 5, 6, 7)
GEODETIC = CRS.from_epsg(4326)
METATILING = 4
PROFILE = {
    "driver": "GTiff",
    "count": 6,
    "dtype": "uint16",
    "nodata": 0,
    "tiled": True,
    "blockxsize": 256,
    "blockysize": 256,
    "interleave": "band",
    "compress": "zstd",
    "zstd_level": 1,
    "predictor": 2,
    "crs": GEODETIC,
}


class Clock:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.native_floor", description=__doc__)
    parser.add_argument(
        "--cache", type=Path, default=Path(__file__).parent.parent / ".cache" / "bench"
    )
    options = parser.parse_args()
    files = scenes(options.cache / "scenes")
    clock = Clock()
    written = 0
    with tempfile.TemporaryDirectory(dir=options.cache) as folder, rasterio.Env():
        dates = [rasterio.open(path) for path in files.values()]
        for left, top in tiles_of(files, METATILING):
            written += _metatile(dates, (left, top), Path(folder), clock)
    for name, used in clock.seconds.items():
        print(f"{name}: {used:.2f} s CPU")
    print(f"all: {sum(clock.seconds.values()):.2f} s CPU, {written} tiles of 256 px, no overviews")


def _metatile(dates: list[Any], corner: tuple[float, float], folder: Path, clock: Clock) -> int:
    window = _window(dates[0], corner)
    if window is None:
        return 0
    shape = int(window.height), int(window.width)
    with clock.step("read"):
        stack = np.empty((len(dates), 6, *shape), dtype=np.uint16)
        classes = np.empty((len(dates), *shape), dtype=np.uint16)
        for number, date in enumerate(dates):
            date.read([1, 2, 3, 4, 5, 6], window=window, out=stack[number])
            date.read(7, window=window, out=classes[number])
    with clock.step("mask and median"):
        valid = np.isin(classes, CLEAR) & (stack != 0).all(axis=1)
        found = composite.median(stack, valid, rounded=True).filled(0)
    with clock.step("warp"):
        picked = _picked(found, dates[0], window, corner)
    with clock.step("write"):
        return _write(picked, corner, folder)


def _window(date: Any, corner: tuple[float, float]) -> Window | None:
    """Of the scenes around a metatile, with some pixels to spare."""
    left, top = corner
    span = TILE * METATILING
    box = transform_bounds(GEODETIC, date.crs, left, top - span, left + span, top)
    (x0, y0), (x1, y1) = ~date.transform @ (box[0], box[3]), ~date.transform @ (box[2], box[1])
    first_row, last_row = max(0, int(y0) - 4), min(date.height, int(y1) + 4)
    first_col, last_col = max(0, int(x0) - 4), min(date.width, int(x1) + 4)
    if last_row <= first_row or last_col <= first_col:
        return None
    return Window(first_col, first_row, last_col - first_col, last_row - first_row)


def _picked(
    found: NDArray[np.uint16], date: Any, window: Window, corner: tuple[float, float]
) -> NDArray[np.uint16]:
    """Nearest neighbours; places are computed for every 16th pixel and linear between them."""
    size = 256 * METATILING
    nodes = np.linspace(0, size, size // 16 + 1)
    lon = corner[0] + nodes * TILE / 256
    lat = corner[1] - nodes * TILE / 256
    grid_lon, grid_lat = np.meshgrid(lon, lat)
    xs, ys = transform(GEODETIC, date.crs, grid_lon.ravel(), grid_lat.ravel())
    cols, rows = ~date.transform @ (np.array(xs), np.array(ys))
    centres = np.arange(size) + 0.5
    place = np.clip((centres / 16).astype(int), 0, len(nodes) - 2)
    part = centres / 16 - place
    row = _between(rows.reshape(grid_lon.shape) - window.row_off, place, part)
    col = _between(cols.reshape(grid_lon.shape) - window.col_off, place, part)
    height, width = found.shape[1:]
    outside = (row < 0) | (row >= height) | (col < 0) | (col >= width)
    index = np.where(outside, 0, row.astype(np.int64) * width + col.astype(np.int64))
    out = np.empty((len(found), size, size), dtype=np.uint16)
    for band, plane in zip(out, found, strict=True):
        np.take(plane.reshape(-1), index, out=band, mode="clip")
        band[outside] = 0
    return out


def _between(
    nodes: NDArray[np.float64], place: NDArray[np.int64], part: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bilinear between the nodes of every 16th pixel."""
    columns = nodes[:, place] * (1 - part) + nodes[:, place + 1] * part
    found: NDArray[np.float64] = (
        columns[place] * (1 - part)[:, None] + columns[place + 1] * part[:, None]
    )
    return found


def _write(picked: NDArray[np.uint16], corner: tuple[float, float], folder: Path) -> int:
    written = 0
    for row in range(METATILING):
        for col in range(METATILING):
            cut = picked[:, 256 * row : 256 * row + 256, 256 * col : 256 * col + 256]
            if not cut.any():
                continue
            left, top = corner[0] + col * TILE, corner[1] - row * TILE
            where = from_origin(left, top, TILE / 256, TILE / 256)
            path = folder / f"{left:.6f}_{top:.6f}.tif"
            with rasterio.open(path, "w", width=256, height=256, transform=where, **PROFILE) as out:
                out.write(cut)
            written += 1
    return written


if __name__ == "__main__":
    main()
