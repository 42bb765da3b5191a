"""What `automap verify` costs beside reading the same output: `python -m bench.verify`.

An output of some hundred tiles (6 bands of uint16, default compression) is made once; then, in
turn, all its files are compared with their checksums and all its tiles are read with rasterio.
Medians of the CPU seconds of this process.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.runtime import open_process
from automap_tiles.workflows.verify._target import open_target
from automap_tiles.workflows.verify.files import check_files
from automap_tiles.workflows.verify.files_report import FilesReport

_SIZE, _BANDS, _ROUNDS = 4000, 6, 7


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        output = _output(Path(folder))
        for size in ("small tiles", "metatiles"):
            verified, read = _in_turn(str(output[size]))
            print(
                f"{size}: verify {verified:.3f} s, read {read:.3f} s CPU: "
                f"{100 * verified / read:.1f} % (10 % allowed)"
            )


def _in_turn(output: str) -> tuple[float, float]:
    def verify() -> None:
        report = FilesReport()
        for _ in check_files(open_target(output), report):
            pass
        assert not report.damaged
        assert report.files

    def read() -> None:
        for path in Path(output).rglob("*.tif"):
            with rasterio.open(path) as dataset:
                dataset.read()

    seconds: dict[Callable[[], None], list[float]] = {verify: [], read: []}
    for _ in range(_ROUNDS):
        for work, taken in seconds.items():
            started = time.process_time()
            work()
            taken.append(time.process_time() - started)
    return statistics.median(seconds[verify]), statistics.median(seconds[read])


def _output(folder: Path) -> dict[str, Path]:
    """The same picture in tiles of 256 px and of 1024 px."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:_SIZE, 0:_SIZE]
    waves = 3000 + 2000 * np.sin(x / 37) * np.cos(y / 23)
    profile = {
        "driver": "GTiff", "width": _SIZE, "height": _SIZE, "count": _BANDS, "dtype": "uint16",
        "crs": "EPSG:32633", "transform": from_origin(600000, 5300000, 10, 10), "nodata": 0,
        "tiled": True,
    }  # fmt: skip
    with rasterio.open(folder / "image.tif", "w", **profile) as target:
        for band in range(1, _BANDS + 1):
            target.write((waves + rng.normal(0, 60, waves.shape)).astype("uint16"), band)
    outputs = {}
    for name, metatiling in (("small tiles", 1), ("metatiles", 4)):
        outputs[name] = folder / name.replace(" ", "_")
        config = {
            "process": "convert",
            "config_dir": str(folder),
            "input": {"inp": "image.tif"},
            "output": {"format": "GTiff", "path": str(outputs[name]), "bands": _BANDS,
                       "dtype": "uint16", "nodata": 0},
            "pyramid": {"grid": "mercator", "metatiling": metatiling},
            "zoom_levels": 13,
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(config))
        for _ in execute(open_process(config), RunOptions(concurrency=Concurrency.NONE)):
            pass
    return outputs


if __name__ == "__main__":
    main()
