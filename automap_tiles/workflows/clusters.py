"""The workflow `clusters`: unsupervised classes, fitted once on a sample of pixels."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.analysis.objects.cluster_file import ClusterFile
from automap_tiles.analysis.objects.clusters import MOST, Way
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Notes, Subject, collecting, tell
from automap_tiles.stopping import NEVER, Stopped, StopToken
from automap_tiles.storage import Address
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows._bounds import Count
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.events import Event, Finished, Json, Started
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.samples.picture import SourcePicture, look_at
from automap_tiles.workflows.samples.random_pixels import random_pixels
from automap_tiles.workflows.samples.recipes import RecipeRequest, make_recipe, read_recipe

PIXELS = 50_000


@dataclass(frozen=True, kw_only=True)
class ClustersOrder(Order):
    """Find clusters of similar pixels in a raster."""

    workflow: ClassVar[str] = "clusters"

    picture: str
    """Raster file or tile directory."""
    out: str
    """Cluster file (JSON), for the process `clusters`."""
    count: Annotated[int, Ge(1), Le(MOST)] = 10
    way: Literal["k-means", "mini-batch", "ward"] = "k-means"
    """Algorithm; ward merges 500 clusters of k-means."""
    bands: tuple[str, ...] | None = None
    """None: all bands of the raster."""
    recipe: str | None = None
    """YAML file with the features, instead of `bands`."""
    standardise: bool = False
    """Divide each feature by its standard deviation, as needed for features of different units."""
    pixels: Count = PIXELS
    """Number of pixels to fit to, from the whole raster."""
    seed: int = 0
    workers: Count | None = None


@dataclass(frozen=True, kw_only=True)
class ClustersReport:
    """The data that clusters would be fitted to."""

    picture: str
    features: tuple[str, ...]
    out: str
    notes: tuple[Note, ...]

    def to_json(self) -> Json:
        return {
            "picture": self.picture,
            "features": list(self.features),
            "out": self.out,
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class ClustersOutcome:
    """The clusters found."""

    clusters: ClusterFile | None
    """None if it was stopped."""
    out: str | None
    notes: tuple[Note, ...] = ()

    def to_json(self) -> Json:
        found = self.clusters
        return {
            "clusters": []
            if found is None
            else [
                {"number": number, "share": share, "centre": centre}
                for number, (share, centre) in enumerate(
                    zip(found.shares, found.centres.tolist(), strict=True), start=1
                )
            ],
            "features": [] if found is None else list(found.recipe.names),
            "samples": 0 if found is None else found.samples,
            "out": self.out,
            "notes": [note.to_json() for note in self.notes],
            "stopped": found is None,
        }


def check(order: ClustersOrder) -> ClustersReport:
    """Open the raster; no pixel is read. Raises `ConfigError`, `InputError`."""
    with collecting() as told:
        picture = look_at(order.picture)
        recipe = _recipe(order, picture)
    return ClustersReport(
        picture=order.picture, features=recipe.names, out=order.out, notes=told.grouped()
    )


def run(order: ClustersOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Read pixels, fit clusters, write them; the outcome is a `ClustersOutcome`.

    Nothing is written if it is stopped.
    """
    notes = Notes()
    yield Started(facts={"picture": order.picture})
    found: ClusterFile | None = None
    try:
        picture, recipe = yield from run_in_background(
            lambda _: _looked_at(order), stop=stop, notes=notes
        )
        how = ExecutionOptions(workers=order.workers)
        table = yield from random_pixels(
            picture, recipe, order.pixels, seed=order.seed, how=how, stop=stop, notes=notes
        )
        found = yield from run_in_background(
            lambda _: _fitted(order, recipe, table), stop=stop, notes=notes
        )
    except Stopped:
        pass
    if found is not None:
        Address.of(order.out).write(found.to_bytes())
    out = None if found is None else order.out
    yield Finished(outcome=ClustersOutcome(clusters=found, out=out, notes=notes.grouped()))


def _looked_at(order: ClustersOrder) -> tuple[SourcePicture, Recipe]:
    picture = look_at(order.picture)
    return picture, _recipe(order, picture)


def _recipe(order: ClustersOrder, picture: SourcePicture) -> Recipe:
    if order.recipe is None:
        wish = RecipeRequest(bands=order.bands, indices=(), radii=())
        return make_recipe(wish, picture.bands).recipe
    if order.bands is not None:
        raise ConfigError("the recipe says them already", key="bands", remedy="one of the two")
    recipe, components = read_recipe(order.recipe)
    if components is not None:
        raise ConfigError(
            "clusters are of the features themselves",
            order.recipe,
            key="components",
            found=components,
            remedy="a recipe without components, --standardise for features of other units",
        )
    return recipe


def _fitted(order: ClustersOrder, recipe: Recipe, table: SampleTable) -> ClusterFile:
    found = ClusterFile.fit(
        table.values,
        recipe,
        count=order.count,
        way=Way(order.way),
        standardised=order.standardise,
        seed=order.seed,
        picture=order.picture,
    )
    if (made := len(found.shares)) < order.count:
        tell(
            Note(
                fate=Fate.REPLACED,
                subject=Subject.CLASSES,
                reason=f"the pixels that were read do not differ in so many ways: {made} clusters",
                count=order.count - made,
            )
        )
    return found
