"""The workflow `samples`: sample pixels and their features."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Notes, Subject, collecting, tell
from automap_tiles.stopping import NEVER, Stopped, StopToken
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows._bounds import Count, Whole
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.events import Event, Finished, Json, Started
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.samples._classes import read_classes
from automap_tiles.workflows.samples._export import check_name, write_table
from automap_tiles.workflows.samples._source import read_samples
from automap_tiles.workflows.samples.extraction import Extraction, Sampling, sampled
from automap_tiles.workflows.samples.picture import look_at
from automap_tiles.workflows.samples.recipes import RecipeRequest, make_recipe, read_recipe


@dataclass(frozen=True, kw_only=True)
class SamplesOrder(Order):
    """Read samples, and their features from a raster."""

    workflow: ClassVar[str] = "samples"

    samples: str
    """Points or polygons of known class: any vector file, or a CSV with X, Y and years."""
    picture: str
    """Raster file or tile directory."""
    class_field: str | None = None
    """Field that contains the class."""
    year: int | None = None
    """Of a CSV: the column of the nearest year."""
    classes: str | None = None
    """CSV or YAML file with numbers, names and colours of classes."""
    per_class: Count | None = None
    """Maximum number of pixels per class."""
    per_polygon: Count | None = None
    """Maximum number of pixels per polygon."""
    erode: Whole = 1
    """Pixels excluded along the edge of polygons, if they are wide enough."""
    recipe: str | None = None
    """YAML file with the features, instead of `bands`."""
    bands: tuple[str, ...] | None = None
    """None: all of the picture."""
    seed: int = 0
    workers: Count | None = None
    out: str | None = None
    """File of one point per pixel with its features, `.csv`, `.geojson` or `.fgb`."""


@dataclass(frozen=True, kw_only=True)
class SamplesReport:
    """The samples to be read."""

    shapes: tuple[tuple[str, int], ...]
    """Class and number of samples in the file, by class number."""
    bands: tuple[str, ...]
    """Of the raster."""
    features: tuple[str, ...]
    out: str | None
    notes: tuple[Note, ...]

    def to_json(self) -> Json:
        return {
            "shapes": dict(self.shapes),
            "bands": list(self.bands),
            "features": list(self.features),
            "out": self.out,
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class SamplesOutcome:
    """The samples read."""

    table: SampleTable | None
    """None if it was stopped."""
    out: str | None
    notes: tuple[Note, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before all samples were read."""
        return self.table is None

    def to_json(self) -> Json:
        table = self.table
        losses = () if table is None else table.losses
        counts = {} if table is None else table.counts
        return {
            "samples": {str(value): count for value, count in counts.items()},
            "dropped": [
                {"class": one.value, "reason": one.reason.value, "count": one.count}
                for one in losses
            ],
            "out": self.out,
            "notes": [note.to_json() for note in self.notes],
            "stopped": self.stopped,
        }


def check(order: SamplesOrder) -> SamplesReport:
    """Open samples and raster; no pixel is read. Raises `ConfigError`, `InputError`."""
    with collecting() as told:
        sampling = _sampling(order)
    names, counts = sampling.samples.names, sampling.samples.counts
    return SamplesReport(
        shapes=tuple((names.get(value) or str(value), count) for value, count in counts.items()),
        bands=sampling.picture.bands,
        features=sampling.recipe.names,
        out=order.out,
        notes=(*sampling.samples.notes, *told.grouped()),
    )


def run(order: SamplesOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Read the samples and write the table; see `sampled`. The outcome is a `SamplesOutcome`.

    Nothing is written if it is stopped.
    """
    if order.recipe is not None and order.bands is not None:
        raise ConfigError("the recipe says them already", key="bands", remedy="one of the two")
    if order.out is not None:
        check_name(Path(order.out))
    yield Started(facts={"samples": order.samples, "picture": order.picture})
    notes = Notes()
    table: SampleTable | None = None
    try:
        sampling = yield from run_in_background(lambda _: _sampling(order), stop=stop, notes=notes)
        table = yield from sampled(sampling, stop=stop, notes=notes)
    except Stopped:
        pass
    if table is not None and order.out is not None:
        write_table(table, Path(order.out))
    out = None if table is None else order.out
    yield Finished(outcome=SamplesOutcome(table=table, out=out, notes=notes.grouped()))


_COMPONENTS = Note(
    fate=Fate.IGNORED,
    subject=Subject.OPTIONS,
    reason="the table holds the features themselves",
    examples=("components",),
    remedy="automap train --recipe takes the components of them",
)


def _sampling(order: SamplesOrder) -> Sampling:
    picture = look_at(order.picture)
    return Sampling(
        samples=read_samples(
            order.samples,
            class_field=order.class_field,
            year=order.year,
            classes=None if order.classes is None else read_classes(order.classes),
        ),
        picture=picture,
        recipe=_recipe(order, picture.bands),
        wanted=Extraction(
            per_class=order.per_class,
            per_polygon=order.per_polygon,
            erode=order.erode,
            seed=order.seed,
        ),
        how=ExecutionOptions(workers=order.workers),
    )


def _recipe(order: SamplesOrder, bands: tuple[str, ...]) -> Recipe:
    """From a file, from the given bands, or from all bands of the raster."""
    if order.recipe is None:
        wish = RecipeRequest(bands=order.bands, indices=(), radii=())
        return make_recipe(wish, bands).recipe
    recipe, components = read_recipe(order.recipe)
    if components is not None:
        tell(_COMPONENTS)
    return recipe
