"""Read samples, train a classifier, write its file."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from automap_tiles import vector
from automap_tiles.analysis.learning.classifier import (
    LandClass,
    Model,
    Strategy,
    TrainingDomain,
    land_classes,
)
from automap_tiles.analysis.learning.classifier.training import (
    Cost,
    Progress,
    TrainingTask,
    TrainOptions,
    Trial,
    train,
)
from automap_tiles.analysis.learning.folds import FoldError
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.engine.journal import beside, hold
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Notes
from automap_tiles.scenes.select import Period
from automap_tiles.stopping import NEVER, StopToken
from automap_tiles.storage import Address
from automap_tiles.workflows._background import Say, run_in_background
from automap_tiles.workflows.events import Done, Event, Fact, Json, PhaseFinished, PhaseStarted
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.samples import (
    Extraction,
    SampleShapes,
    SourcePicture,
    look_at,
    read_classes,
    read_samples,
)
from automap_tiles.workflows.samples.extraction import NOTHING, Sampling, sampled
from automap_tiles.workflows.samples.recipes import Offer, RecipeRequest, make_recipe

TRAINING = "training"
"""The phase after `SAMPLING`."""


@dataclass(frozen=True, kw_only=True)
class TrainSpec:
    """A training with all defaults of its order resolved."""

    samples: str
    picture: str
    model: str
    """File to write."""
    class_field: str | None = None
    year: int | None = None
    period: Period | None = None
    classes: str | None = None
    """Class file."""
    recipe: Recipe | RecipeRequest = field(default_factory=RecipeRequest)
    extraction: Extraction = field(default_factory=Extraction)
    options: TrainOptions = field(default_factory=TrainOptions)
    folder: Address | None = None
    """Where the features of samples are kept; None: a temporary folder."""
    how: ExecutionOptions = field(default_factory=ExecutionOptions)
    """Execution of the sampling."""
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Result of a training."""

    path: str
    model: Model
    costs: tuple[Cost, ...]
    """Empty if an existing model was kept."""
    pixel_area: float
    """Square metres."""
    is_new: bool
    """False if an existing model of the same samples and options was kept."""

    def to_json(self) -> Json:
        return {
            "model": self.path,
            "new": self.is_new,
            "estimate": self.model.report["estimate"],
            "features": list(self.model.recipe.names),
        }


@dataclass(frozen=True, kw_only=True)
class TriedParameters:
    """A set of parameters, evaluated on the folds."""

    number: int
    """From 1."""
    loss: float
    """Log loss, mean over the folds."""
    is_best: bool
    """Whether it is the best so far."""
    is_complete: bool
    """False: stopped early, being clearly worse than the best."""
    has_vector_leaves: bool

    def to_json(self) -> Json:
        return {
            "trial": self.number,
            "loss": self.loss,
            "best": self.is_best,
            "complete": self.is_complete,
            "vector_leaves": self.has_vector_leaves,
        }


@dataclass(frozen=True, kw_only=True)
class SamplesRead:
    """Samples available for training."""

    table: SampleTable

    def to_json(self) -> Json:
        return {
            "samples": {str(value): count for value, count in self.table.counts.items()},
            "dropped": [
                {"class": one.value, "reason": one.reason.value, "count": one.count}
                for one in self.table.losses
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What is known before any sample is read."""

    picture: SourcePicture
    offer: Offer
    samples: SampleShapes


def trained(
    spec: TrainSpec,
    *,
    facts: Mapping[str, Fact] = NOTHING,
    stop: StopToken = NEVER,
    notes: Notes | None = None,
) -> Generator[Event, None, Trained]:
    """Train and write the model: the phases `SAMPLING` and `TRAINING`, whose items are trials.

    An existing model trained on the same samples with the same options is kept; a different one is
    only replaced if the spec says so. Raises `ConfigError` with a remedy, `OutputBusy` while
    another training writes it, `MissingExtra` without XGBoost, `Stopped`. Notes are added to
    `notes`.
    """
    with hold(beside(spec.model)):
        begun = yield from run_in_background(lambda _: begin(spec), stop=stop, notes=notes)
        sampling = Sampling(
            samples=begun.samples,
            picture=begun.picture,
            recipe=begun.offer.recipe,
            wanted=spec.extraction,
            folder=spec.folder,
            how=spec.how,
        )
        table = yield from sampled(sampling, facts=facts, stop=stop, notes=notes)
        read = {**facts, "samples": len(table)}
        yield PhaseStarted(phase=TRAINING, facts=read)
        found = yield from run_in_background(
            lambda say: _learn(spec, begun, table, say), stop=stop, notes=notes
        )
        if found.is_new:
            found.model.save(spec.model)
        yield PhaseFinished(phase=TRAINING, outcome=found, facts=facts)
        return found


def begin(spec: TrainSpec) -> Begun:
    """Open raster and samples; raises `ConfigError`, `InputError`."""
    picture = look_at(spec.picture)
    wanted = spec.recipe
    if isinstance(wanted, RecipeRequest):
        offer = make_recipe(wanted, picture.bands)
    else:
        offer = Offer(recipe=wanted)
    return Begun(picture=picture, offer=offer, samples=_samples(spec))


def _learn(spec: TrainSpec, begun: Begun, table: SampleTable, say: Say) -> Trained:
    """The model trained on a table, or the existing one."""
    say(Done(item=SamplesRead(table=table)))
    recipe, picture = begun.offer.recipe, begun.picture
    classes = land_classes(table.counts, table.names, begun.samples.colours)
    area = pixel_area(picture)
    present = None if spec.overwrite else _present(spec, table, recipe, classes)
    if present is not None:
        return Trained(path=spec.model, model=present, costs=(), pixel_area=area, is_new=False)
    task = TrainingTask(
        recipe=recipe,
        optional=begun.offer.optional,
        options=spec.options,
        window=recipe.margin * max(picture.pixel),
    )
    model, costs = _train(spec, table, task, classes, lambda one, best: say(_tried(one, best)))
    # repeated requests are part of the run, not of the model
    told = [note.to_json() for note in table.notes if note.fate is not Fate.REPEATED]
    notes = [*told, *model.report["notes"]]
    model = replace(
        model,
        report={**model.report, "notes": notes},
        familiar=_familiar(table, recipe, model, picture, area),
    )
    return Trained(path=spec.model, model=model, costs=costs, pixel_area=area, is_new=True)


def _tried(trial: Trial, best: Trial | None) -> Done:
    return Done(
        item=TriedParameters(
            number=trial.number + 1,
            loss=trial.loss,
            is_best=best is not None and best.number == trial.number,
            is_complete=trial.is_complete,
            has_vector_leaves=trial.parameters.strategy is Strategy.VECTOR_LEAF,
        )
    )


def pixel_area(picture: SourcePicture) -> float:
    """Area of the central pixel of a raster in square metres, in any CRS."""
    x, y = shapely.get_coordinates(picture.bounds.polygon().centroid)[0]
    return vector.pixel_area(x, y, picture.pixel, picture.crs)


def _samples(spec: TrainSpec) -> SampleShapes:
    return read_samples(
        spec.samples,
        class_field=spec.class_field,
        year=spec.year,
        period=spec.period,
        classes=None if spec.classes is None else read_classes(spec.classes),
    )


def _present(
    spec: TrainSpec, table: SampleTable, recipe: Recipe, classes: tuple[LandClass, ...]
) -> Model | None:
    """The existing model, if training would give the same one; raises for any other."""
    if not Address.of(spec.model).exists():
        return None
    found = Model.open(spec.model)
    same = (
        found.training.fingerprint == table.sorted().fingerprint
        and found.report.get("offered", found.recipe.to_dict()) == recipe.to_dict()
        and found.classes == classes
        and found.report["options"] == spec.options.to_dict()
    )
    if not same:
        raise ConfigError(
            "is a model of other samples, features or options",
            spec.model,
            key="--model",
            remedy="another name, or --overwrite",
        )
    return found


def _train(
    spec: TrainSpec,
    table: SampleTable,
    task: TrainingTask,
    classes: tuple[LandClass, ...],
    progress: Progress | None,
) -> tuple[Model, tuple[Cost, ...]]:
    _check_components(spec.options.components, len(task.recipe.names))
    try:
        training = train(table, task, classes, progress)
    except FoldError as error:
        raise ConfigError(
            _with_names(str(error), table),
            spec.samples,
            key="--samples",
            remedy=_remedy(table),
        ) from error
    return training.model, training.costs


def _familiar(
    table: SampleTable, offered: Recipe, model: Model, picture: SourcePicture, area: float
) -> TrainingDomain:
    """Domain of the features that the model uses, a subset of those offered."""
    columns = [offered.names.index(name) for name in model.recipe.names]
    used = replace(
        table,
        values=np.ascontiguousarray(table.values[:, columns]),
        features=model.recipe.names,
    )
    units = picture.table.units(model.recipe.needs)
    return TrainingDomain.of(used, model.recipe, math.sqrt(area), units)


def _check_components(components: int | float | None, features: int) -> None:
    if isinstance(components, int) and components > features:
        raise ConfigError(
            f"there are {features} features only", key="--components", found=components
        )


def _with_names(message: str, table: SampleTable) -> str:
    """The message, with the available samples."""
    counts = ", ".join(
        f"{value} {table.names.get(value, '')}".strip() + f": {count}"
        for value, count in table.counts.items()
    )
    return f"{message}; samples by class: {counts}"


def _remedy(table: SampleTable) -> str:
    if len(table.counts) < 2:
        return "samples of at least two classes that lie on data"
    return "samples in more places, or smaller blocks (--block-size)"
