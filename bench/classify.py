"""A tile of `classify` beside the bare prediction of the same pixels: `python -m bench.classify`.

CPU seconds of one process, medians of interleaved rounds. The tile is the whole way: read the
picture, compute features, predict, decide, encode, store. The bare prediction is
`Booster.inplace_predict` on features that are there already, in rows, with the same one thread.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import rasterio
import xgboost
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._classes import land_classes
from automap_tiles.analysis.learning.classifier._members import Member, MemberKind
from automap_tiles.analysis.learning.classifier._model import Model, TrainingSamples
from automap_tiles.analysis.learning.classifier._predict import Predictor
from automap_tiles.analysis.learning.neighbourhood import Neighbourhood
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.runtime import Process, open_process

BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")
CLASSES = 8
ROUNDS = 300
DEPTH = 6
RECIPE = Recipe(
    bands=BANDS,
    indices=("ndvi", "ndwi"),
    neighbourhood=(
        *(
            Neighbourhood(statistic=statistic, of=band, radius=2)
            for band in BANDS
            for statistic in ("mean", "std", "range")
        ),
        *(
            Neighbourhood(statistic=texture, of="nir", radius=3)
            for texture in ("contrast", "correlation", "variance", "idm")
        ),
    ),
)
"""30 features."""


def picture(path: Path, edge: int) -> None:
    """Fields of different spectra with noise, reflectance × 10000, without holes."""
    rng = np.random.default_rng(1)
    fields = rng.integers(0, 40, (edge // 16 + 1, edge // 16 + 1))
    spectra = rng.integers(200, 4500, (40, len(BANDS)))
    data = spectra[fields].transpose(2, 0, 1).repeat(16, axis=1).repeat(16, axis=2)
    noisy = data[:, :edge, :edge] + rng.normal(0, 250, (len(BANDS), edge, edge))
    with rasterio.open(
        path, "w", driver="GTiff", count=len(BANDS), height=edge, width=edge, dtype="int16",
        crs="EPSG:32633", transform=rasterio.Affine(10, 0, 500000, 0, -10, 5300000),
        nodata=-32768, tiled=True, compress="zstd", predictor=2,
    ) as file:  # fmt: skip
        file.write(noisy.clip(1, 12000).astype(np.int16))
        file.descriptions = BANDS
        file.scales = [1e-4] * len(BANDS)


def features(path: Path) -> NDArray[np.float32]:
    """(pixel, feature) of the whole picture, in rows."""
    with rasterio.open(path) as file:
        found = RECIPE.compute(file.read(masked=True), BANDS, scale=1e-4)
    return np.ascontiguousarray(found.data.reshape(len(found.data), -1).T)


def train(rows: NDArray[np.float32], strategy: str) -> Model:
    """Full trees: what a search that finds no better ones would give."""
    rng = np.random.default_rng(2)
    some = rows[rng.choice(len(rows), 30_000, replace=False)]
    score = some / some.std(axis=0) @ rng.normal(size=(rows.shape[1], CLASSES))
    labels = (score + rng.normal(0, score.std() / 2, score.shape)).argmax(axis=1)
    settings = {
        "objective": "multi:softprob", "num_class": CLASSES, "max_depth": DEPTH, "eta": 0.1,
        "tree_method": "hist", "multi_strategy": strategy, "nthread": 2,
    }  # fmt: skip
    matrix = xgboost.QuantileDMatrix(some, labels)
    booster = xgboost.train(settings, matrix, ROUNDS, verbose_eval=False)
    return Model(
        members=(Member(kind=MemberKind.TREES, content=bytes(booster.save_raw("ubj"))),),
        recipe=RECIPE,
        classes=land_classes(range(1, CLASSES + 1)),
        training=TrainingSamples(fingerprint="", crs="EPSG:32633", positions=np.zeros((0, 2))),
        report={},
        versions={"xgboost": xgboost.__version__},
    )


def process(folder: Path, edge: int, name: str, **parameters: Any) -> Process:
    """The process on a single tile that is the picture."""
    grid = {
        "shape": [1, 1],
        "bounds": [500000, 5300000 - 10 * edge, 500000 + 10 * edge, 5300000],
        "srs": {"epsg": 32633},
        "is_global": False,
    }
    return open_process(
        {
            "process": "classify",
            "config_dir": str(folder),
            "input": {"picture": "picture.tif"},
            "pyramid": {"grid": grid, "tile_size": edge},
            "zoom_levels": 0,
            "output": {
                "format": "GTiff", "path": f"out_{name}", "bands": 1, "dtype": "uint8",
                "nodata": 0, "colormap": "model.zip",
            },
            "process_parameters": {"model": "model.zip", **parameters},
        }
    )  # fmt: skip


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    start = time.process_time()
    run()
    return time.process_time() - start


def compare(folder: Path, edge: int, strategy: str, rounds: int) -> dict[str, float]:
    """Median CPU seconds by name."""
    rows = features(folder / "picture.tif")
    model = train(rows, strategy)
    model.save(folder / "model.zip")
    predictor = Predictor(model)
    booster = xgboost.Booster(model_file=bytearray(model.members[0].content))
    booster.set_param({"nthread": 1})

    def whole(name: str, **parameters: Any) -> Callable[[], None]:
        opened = process(folder, edge, name, **parameters)
        opened.writer.prepare()
        tile = opened.pyramid.tile(0, 0, 0)

        def run() -> None:
            data = opened.compute(tile)
            if data is None:
                raise RuntimeError("the tile is empty")
            opened.writer.write(tile, data)

        return run

    ways: dict[str, Callable[[], object]] = {
        "inplace_predict": lambda: booster.inplace_predict(rows),
        "Predictor": lambda: predictor.probabilities(rows),
        "classify": whole("plain"),
        "classify, smoothing": whole("smooth", smoothing=True),
    }
    for run in ways.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            times[name].append(seconds(run))
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.classify", description=__doc__)
    parser.add_argument("--edge", type=int, default=512, help="of the tile, pixels")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    size = options.edge**2 / 1e6
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture(folder / "picture.tif", options.edge)
        print(f"{len(RECIPE.names)} features, {CLASSES} classes, {ROUNDS} rounds, depth {DEPTH}")
        for strategy in ("one_output_per_tree", "multi_output_tree"):
            found = compare(folder, options.edge, strategy, options.rounds)
            print(f"\n{strategy}")
            bare = found["inplace_predict"]
            for way, taken in found.items():
                print(
                    f"  {way:24} {taken:7.2f} s  {size / taken:6.3f} Mpx/s  {taken / bare:5.2f} ×"
                )


if __name__ == "__main__":
    main()
