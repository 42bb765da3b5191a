"""Plain tiled GeoTIFFs: what is unpacked here beside GDAL, CPU milliseconds of one process.

`python -m bench.reading [--rounds N]` reads the same pixels both ways in turn and compares them
before anything is timed:

- a whole scene (4000 × 4000 px, 7 bands, uint16, blocks of 256 px by band, predictor 2), as the
  scenes are (deflate 6) and written anew with zstd 1;
- a window of 1000 × 1000 px of it, for the first time, and again as a neighbour would;
- one stored tile (6 bands of 256², uint16, zstd 1, predictor 2), three bands wanted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from automap_tiles.grid import Pyramid
from automap_tiles.raster import _decoding, close_all, decode_bands, encode_geotiff
from automap_tiles.raster.datasets import open_source
from automap_tiles.raster.tiff import _cache
from bench.scenes import scenes

WHOLE = Window(0, 0, 4000, 4000)
PART = Window(1500, 1500, 1000, 1000)
Read = Callable[[], NDArray[Any]]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reading", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--cache", type=Path, default=Path(__file__).parent.parent / ".cache" / "bench"
    )
    options = parser.parse_args(arguments)
    scene = next(iter(scenes(options.cache / "scenes").values()))
    print(f"load average {os.getloadavg()[0]:.1f}")
    print("| read | GDAL, ms CPU | here, ms CPU | ratio |")
    print("|---|---|---|---|")
    for compression in ("deflate", "zstd"):
        path = scene if compression == "deflate" else _anew(scene, compression)
        _row(f"a whole scene, {compression}", *_whole(path, WHOLE), options.rounds)
        _row(f"1000 × 1000 px, {compression}", *_whole(path, PART), options.rounds)
        _row(f"… again, {compression}", *_again(path), options.rounds)
    _row("3 bands of a stored tile", *_stored_tile(scene), options.rounds, times=200)


def _anew(scene: Path, compression: str) -> Path:
    """The scene in another compression; made once."""
    path = scene.with_name(f"{compression}.tiff")
    if not path.is_file():
        with rasterio.open(scene) as source:
            profile = source.profile | {"compress": compression, "predictor": 2, "zstd_level": 1}
            with rasterio.open(path, "w", **profile) as target:
                target.write(source.read())
        # blocks of a file that was written a moment ago are not kept
        os.utime(path, (0, 0))
    return path


def _whole(path: Path, window: Window) -> tuple[Read, Read]:
    """Both read it for the first time, into memory that is there already."""
    out = np.zeros((7, int(window.height), int(window.width)), np.uint16)

    def by_gdal() -> NDArray[Any]:
        with rasterio.open(path) as dataset:
            dataset.read(window=window, out=out)
        return out

    def here() -> NDArray[Any]:
        _cache._cache = None
        close_all()
        return open_source(path).read(range(1, 8), window, out)

    return by_gdal, here


def _again(path: Path) -> tuple[Read, Read]:
    """Both have read it before."""
    out = np.zeros((7, int(PART.height), int(PART.width)), np.uint16)
    source = open_source(path)

    def by_gdal() -> NDArray[Any]:
        found: NDArray[Any] = source.dataset.read(window=PART, out=out)
        return found

    return by_gdal, lambda: source.read(range(1, 8), PART, out)


def _stored_tile(scene: Path) -> tuple[Read, Read]:
    with rasterio.open(scene) as dataset:
        pixels = dataset.read(list(range(1, 7)), window=Window(1000, 1000, 256, 256))
    tile = Pyramid.from_grid("mercator").tile(13, 2800, 4450)
    content = encode_geotiff(np.ma.masked_equal(pixels, 0), tile, nodata=0)
    plain = _decoding._plain

    def by_gdal() -> NDArray[Any]:
        _decoding._plain = _nothing
        try:
            return np.ma.getdata(decode_bands(content, [3, 2, 1])[0])
        finally:
            _decoding._plain = plain

    return by_gdal, lambda: np.ma.getdata(decode_bands(content, [3, 2, 1])[0])


def _nothing(source: bytes | memoryview | str | Path) -> None:
    """In place of what unpacks here: everything is left to GDAL."""


def _row(name: str, by_gdal: Read, here: Read, rounds: int, times: int = 1) -> None:
    """Medians of interleaved rounds."""
    first = by_gdal().copy()
    if not np.array_equal(first, here()):
        raise SystemExit(f"{name}: other pixels")
    used: dict[Read, list[float]] = {by_gdal: [], here: []}
    for _ in range(rounds):
        for read, seconds in used.items():
            start = time.process_time()
            for _ in range(times):
                read()
            seconds.append((time.process_time() - start) / times * 1000)
    theirs, ours = (statistics.median(seconds) for seconds in used.values())
    print(f"| {name} | {theirs:.2f} | {ours:.2f} | {theirs / ours:.2f} × |", flush=True)


if __name__ == "__main__":
    main()
