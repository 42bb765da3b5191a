"""`automap train` with its defaults, on the polygons of one division."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import rasterio

from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.analysis.learning.classifier._predict import Predictor
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.cli.main import automap
from bench.accuracy.divisions import Division
from bench.accuracy.sets import DataSet

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Trained:
    """What a training came to."""

    model: Model
    train_seconds: float
    """CPU, of all threads."""


def train(data: DataSet, division: Division, more: tuple[str, ...] = ()) -> Trained:
    """Train by the command itself, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        polygons, model = Path(folder, "polygons.gpkg"), Path(folder, "model.zip")
        _write(data.polygons, division, polygons)
        start = time.process_time()
        automap.main(
            [
                *("train", "--samples", str(polygons), "--class-field", "class"),
                *("--picture", str(data.picture), "--model", str(model), "-w", "1", *more),
            ],
            standalone_mode=False,
        )
        seconds = time.process_time() - start
        return Trained(Model.open(model), seconds)


def _write(source: Path, division: Division, target: Path) -> None:
    with fiona.open(source) as file:
        kept = [one for place, one in enumerate(file) if place in set(division.learnt.tolist())]
        with fiona.open(target, "w", "GPKG", schema=file.schema, crs_wkt=file.crs_wkt) as out:
            out.writerecords(kept)


def predict(model: Model, data: DataSet, held: SampleTable) -> tuple[Any, float]:
    """Numbers of the classes of all pixels held out, and the CPU seconds of the prediction."""
    predictor = Predictor(model)
    rows = features(model, data, held)
    start = time.process_time()
    classes = predictor.classes(predictor.leading(rows))
    return classes, time.process_time() - start


def features(model: Model, data: DataSet, held: SampleTable) -> Floats:
    """(pixel, feature) by the model's own recipe, read from the whole picture."""
    with rasterio.open(data.picture) as source:
        names, scale = source.descriptions, source.scales[0]
        indexes = [names.index(name) + 1 for name in model.recipe.needs]
        pixels = source.read(indexes, masked=True)
        inverse = ~source.transform
    found = model.recipe.compute(pixels, model.recipe.needs, scale=scale)
    cols, rows = inverse * (held.x, held.y)
    places = np.floor(rows).astype(int), np.floor(cols).astype(int)
    return np.ascontiguousarray(found.data[:, *places].T)
