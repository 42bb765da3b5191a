"""The order of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from automap_tiles.storage import Address
from automap_tiles.workflows._bounds import Count
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.learning import Learning
from automap_tiles.workflows.report import check_name
from automap_tiles.workflows.train._run import TrainSpec
from automap_tiles.workflows.train.order_options import extraction_of, features_of, options_of


@dataclass(frozen=True, kw_only=True)
class TrainOrder(Order):
    """Train a classifier on samples and a raster."""

    workflow: ClassVar[str] = "train"

    samples: str
    """Points or polygons of known class: any vector file, or a CSV with X, Y and years."""
    picture: str
    """Source of the features: a raster file, or a tile directory."""
    model: str
    """Model file to write, such as `model.zip`."""
    year: int | None = None
    """Of a CSV: the column of the nearest year."""
    learn: Learning = field(default_factory=Learning)
    samples_folder: str | None = None
    """Folder to keep the features of the samples in, for the next training."""
    workers: Count | None = None
    """Cores; None: all."""
    report: str | None = None
    """Report file, `.html` or `.json`."""
    overwrite: bool = False
    """Replace an existing model."""


def spec_of(order: TrainOrder) -> TrainSpec:
    """The training of an order; raises `ConfigError`."""
    if order.report is not None:
        check_name(Address.of(order.report))
    recipe, components = features_of(order.learn)
    return TrainSpec(
        samples=order.samples,
        picture=order.picture,
        model=order.model,
        class_field=order.learn.class_field,
        year=order.year,
        classes=order.learn.classes,
        recipe=recipe,
        extraction=extraction_of(order.learn),
        options=options_of(order.learn, order.workers, components),
        folder=None if order.samples_folder is None else Address.of(order.samples_folder),
        how=ExecutionOptions(workers=order.workers),
        overwrite=order.overwrite,
    )
