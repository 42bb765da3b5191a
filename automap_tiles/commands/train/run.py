"""Samples are read, a classifier is trained, its file is written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely

from automap_tiles import vector
from automap_tiles.analysis.classifier.classes import LandClass, land_classes
from automap_tiles.analysis.classifier.cost import Cost
from automap_tiles.analysis.classifier.familiar import Familiar
from automap_tiles.analysis.classifier.fit import Wish, train
from automap_tiles.analysis.classifier.model import Model
from automap_tiles.analysis.classifier.options import TrainOptions
from automap_tiles.analysis.classifier.search import Progress
from automap_tiles.analysis.folds import FoldError
from automap_tiles.analysis.recipe import Recipe
from automap_tiles.analysis.sample_table import SampleTable
from automap_tiles.commands.samples import (
    Extraction,
    Picture,
    Samples,
    extract,
    look_at,
    read_classes,
    read_samples,
)
from automap_tiles.commands.train.recipes import Offer, RecipeWish, make_recipe
from automap_tiles.engine.events import Event
from automap_tiles.engine.journal import beside, hold
from automap_tiles.errors import ConfigError
from automap_tiles.scenes.select import Period


@dataclass(frozen=True, kw_only=True)
class Order:
    """A training as it is asked for."""

    samples: str
    picture: str
    model: Path
    """File to write."""
    class_field: str | None = None
    year: int | None = None
    period: Period | None = None
    classes: str | None = None
    """File of classes."""
    recipe: Recipe | RecipeWish = field(default_factory=RecipeWish)
    extraction: Extraction = field(default_factory=Extraction)
    options: TrainOptions = field(default_factory=TrainOptions)
    folder: Path | None = None
    """Where the features of samples are kept; a temporary folder when None."""
    workers: int | None = None
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it."""

    model: Model
    costs: tuple[Cost, ...]
    """Empty when the model was there already."""
    pixel_area: float
    """Square metres."""
    is_new: bool
    """False where a model of the same samples and options was found, and left."""


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """Who hears how it goes."""

    tile: Callable[[Event], None] | None = None
    samples: Callable[[SampleTable], None] | None = None
    """Called once, before the search."""
    trial: Progress | None = None


def run(order: Order, listeners: Listeners | None = None) -> Outcome:
    """Train and write the model.

    A model that is there and was trained on the same samples with the same options is left as it
    is; another one is only replaced when the order says so. Raises `ConfigError` that names what
    to do, `OutputBusy` while another training writes it, `MissingExtra` without XGBoost.
    """
    with hold(beside(str(order.model))):
        return _run(order, listeners or Listeners())


def _run(order: Order, told: Listeners) -> Outcome:
    picture = look_at(order.picture)
    recipe = order.recipe
    if isinstance(recipe, RecipeWish):
        offer = make_recipe(recipe, picture.bands)
    else:
        offer = Offer(recipe=recipe)
    recipe = offer.recipe
    samples = _samples(order)
    table = extract(
        samples,
        picture,
        recipe,
        order.extraction,
        folder=order.folder,
        workers=order.workers,
        listen=told.tile,
    )
    if told.samples is not None:
        told.samples(table)
    classes = land_classes(table.counts, table.names, samples.colours)
    area = pixel_area(picture)
    present = None if order.overwrite else _present(order, table, recipe, classes)
    if present is not None:
        return Outcome(model=present, costs=(), pixel_area=area, is_new=False)
    wish = Wish(
        recipe=recipe,
        optional=offer.optional,
        options=order.options,
        window=recipe.margin * max(picture.pixel),
    )
    model, costs = _train(order, table, wish, classes, told.trial)
    notes = [*(note.to_json() for note in table.notes), *model.report["notes"]]
    model = replace(
        model,
        report={**model.report, "notes": notes},
        familiar=_familiar(table, recipe, model, picture, area),
    )
    model.save(order.model)
    return Outcome(model=model, costs=costs, pixel_area=area, is_new=True)


def pixel_area(picture: Picture) -> float:
    """Square metres of the pixel in the middle of a picture, whatever its CRS."""
    x, y = shapely.get_coordinates(picture.bounds.polygon().centroid)[0]
    return vector.pixel_area(x, y, picture.pixel, picture.crs)


def _samples(order: Order) -> Samples:
    return read_samples(
        order.samples,
        class_field=order.class_field,
        year=order.year,
        period=order.period,
        classes=None if order.classes is None else read_classes(order.classes),
    )


def _present(
    order: Order, table: SampleTable, recipe: Recipe, classes: tuple[LandClass, ...]
) -> Model | None:
    """The model that is there, if it is what training would make; raises for any other."""
    if not order.model.exists():
        return None
    found = Model.open(order.model)
    same = (
        found.training.fingerprint == table.sorted().fingerprint
        and found.report.get("offered", found.recipe.to_dict()) == recipe.to_dict()
        and found.classes == classes
        and found.report["options"] == order.options.to_dict()
    )
    if not same:
        raise ConfigError(
            "is a model of other samples, features or options",
            order.model,
            key="--model",
            remedy="another name, or --overwrite",
        )
    return found


def _train(
    order: Order,
    table: SampleTable,
    wish: Wish,
    classes: tuple[LandClass, ...],
    progress: Progress | None,
) -> tuple[Model, tuple[Cost, ...]]:
    _check_components(order.options.components, len(wish.recipe.names))
    try:
        training = train(table, wish, classes, progress)
    except FoldError as error:
        raise ConfigError(
            _with_names(str(error), table),
            order.samples,
            key="--samples",
            remedy=_remedy(table),
        ) from error
    return training.model, training.costs


def _familiar(
    table: SampleTable, offered: Recipe, model: Model, picture: Picture, area: float
) -> Familiar:
    """Of the features that the model uses, of all that were offered."""
    columns = [offered.names.index(name) for name in model.recipe.names]
    used = replace(
        table,
        values=np.ascontiguousarray(table.values[:, columns]),
        features=model.recipe.names,
    )
    units = picture.table.units(model.recipe.needs)
    return Familiar.of(used, model.recipe, math.sqrt(area), units)


def _check_components(components: int | float | None, features: int) -> None:
    if isinstance(components, int) and components > features:
        raise ConfigError(
            f"there are {features} features only", key="--components", found=components
        )


def _with_names(message: str, table: SampleTable) -> str:
    """The message, and the samples that there are."""
    counts = ", ".join(
        f"{value} {table.names.get(value, '')}".strip() + f": {count}"
        for value, count in table.counts.items()
    )
    return f"{message}; samples by class: {counts}"


def _remedy(table: SampleTable) -> str:
    if len(table.counts) < 2:
        return "samples of at least two classes that lie on data"
    return "samples in more places, or smaller blocks (--block-size)"


def with_components(options: TrainOptions, components: int | float | None) -> TrainOptions:
    """The options, with the components that a recipe file asks for."""
    return options if components is None else replace(options, components=components)
