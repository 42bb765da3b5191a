"""What no engine can go below: CPU seconds inside the user's own function, reading left out.

`python -m bench.floor [--every N]` reads every N-th tile of the composite job beforehand, calls the
process functions on arrays in memory and scales the time up to all tiles.
"""

from __future__ import annotations

import argparse
import importlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from bench.scenes import scenes

ZOOM = 13
TILE = 180 / 2**ZOOM

MaskedArray = np.ma.MaskedArray[tuple[int, ...], np.dtype[np.uint16]]


@dataclass(frozen=True)
class InMemory:
    """An input of a tile that has been read already."""

    data: MaskedArray

    def read(self) -> MaskedArray:
        return self.data.copy()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.floor", description=__doc__)
    parser.add_argument("--every", type=int, default=8, help="every N-th tile (default 8)")
    parser.add_argument(
        "--cache", type=Path, default=Path(__file__).parent.parent / ".cache" / "bench"
    )
    options = parser.parse_args()
    files = scenes(options.cache / "scenes")
    for metatiling in (1, 4):
        tiles = list(tiles_of(files, metatiling))
        # every-th of a small number would be too few
        chosen = tiles[:: max(1, options.every // metatiling)]
        groups = [_read(files, left, top, metatiling) for left, top in chosen]
        for name in ("median_bottleneck", "median_numpy"):
            execute = importlib.import_module(f"bench.processes.{name}").execute
            start = time.process_time()
            for group in groups:
                execute(group)
            used = (time.process_time() - start) * len(tiles) / len(chosen)
            print(
                f"metatiling {metatiling}, {name}: {used:.1f} s CPU in all for {len(tiles)} tiles "
                f"({len(chosen)} measured)"
            )


def tiles_of(files: Mapping[str, Path], metatiling: int) -> Iterator[tuple[float, float]]:
    """Upper left corners of the tiles that touch the scenes' box, degrees."""
    with rasterio.open(next(iter(files.values()))) as file:
        left, bottom, right, top = transform_bounds(file.crs, "EPSG:4326", *file.bounds)
    span = TILE * metatiling
    for row in range(math.floor((90 - top) / span), math.ceil((90 - bottom) / span)):
        for col in range(math.floor((left + 180) / span), math.ceil((right + 180) / span)):
            yield -180 + col * span, 90 - row * span


def _read(
    files: Mapping[str, Path], left: float, top: float, metatiling: int
) -> list[tuple[str, InMemory]]:
    edge = 256 * metatiling
    options = {
        "crs": CRS.from_epsg(4326),
        "transform": from_origin(left, top, TILE / 256, TILE / 256),
        "width": edge,
        "height": edge,
    }
    group = []
    for name, path in files.items():
        with rasterio.open(path) as file, WarpedVRT(file, **options) as warped:
            data: NDArray[np.uint16] = warped.read(masked=True)
        group.append((name, InMemory(np.ma.masked_array(data))))
    return group


if __name__ == "__main__":
    main()
