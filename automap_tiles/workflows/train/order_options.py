"""Translate the `Learning` part of an order into the options of training."""

from __future__ import annotations

from dataclasses import replace

from automap_tiles.analysis.learning.classifier import ENGINES, Kind, Strategy
from automap_tiles.analysis.learning.classifier.training import (
    BASE,
    Balance,
    Budget,
    Search,
    Split,
    TrainOptions,
)
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.errors import ConfigError
from automap_tiles.workflows.learning import FEATURES, Learning
from automap_tiles.workflows.samples import Extraction
from automap_tiles.workflows.samples.recipes import RecipeRequest, read_recipe

_KINDS = {
    "auto": None,
    "plain": (Kind.PLAIN,),
    "boosting": (Kind.BOOSTED,),
    "forest": (Kind.FOREST,),
    "extra-trees": (Kind.EXTRA,),
    "linear": (Kind.LINEAR,),
    "vote": BASE,
    "scikit-learn": (Kind.SKLEARN,),
    "lightgbm": (Kind.LIGHTGBM,),
}
_ALSO = {"scikit-learn": Kind.SKLEARN, "lightgbm": Kind.LIGHTGBM}
_TREES = {
    "both": tuple(Strategy),
    "per-class": (Strategy.TREE_PER_CLASS,),
    "vector": (Strategy.VECTOR_LEAF,),
}


def extraction_of(learn: Learning) -> Extraction:
    """The selection of sample pixels."""
    return Extraction(
        per_class=learn.per_class or None,
        per_polygon=learn.per_polygon,
        erode=0 if learn.erode == "auto" else learn.erode,
        seed=learn.seed,
    )


def features_of(learn: Learning) -> tuple[Recipe | RecipeRequest, int | float | None]:
    """Features from keywords or a recipe file, and the requested principal components.

    Raises `ConfigError`.
    """
    if learn.recipe is None:
        return RecipeRequest(
            bands=learn.bands,
            indices=learn.indices,
            radii=learn.radius,
            statistics=learn.window_statistics or None,
            textures=learn.textures or (),
            texture_of=learn.texture_of or (),
        ), None
    for word in FEATURES:
        if getattr(learn, word) is not None:
            raise ConfigError(
                "the recipe says the features already",
                key=word,
                found=",".join(map(str, getattr(learn, word))),
                remedy=f"either recipe or {word}",
            )
    return read_recipe(learn.recipe)


def options_of(
    learn: Learning, workers: int | None, components: int | float | None
) -> TrainOptions:
    """Training options for a number of cores; `components` are those of a recipe file.

    Raises `ConfigError`, and `MissingExtra` if a requested engine is not installed.
    """
    given = learn.trials is not None or learn.time is not None
    found = TrainOptions(
        budget=Budget(trials=learn.trials, seconds=learn.time) if given else None,
        search=Search(learn.search),
        strategies=_TREES[learn.trees],
        balance=None if learn.balance == "auto" else Balance(learn.balance),
        clean=None if learn.erode == "auto" else False,
        kinds=_KINDS[learn.classifier],
        also=_also(learn),
        components=_whole(learn.components),
        split=Split(learn.split),
        folds=learn.folds,
        block_size=learn.block_size,
        holdout=learn.holdout,
        seed=learn.seed,
        threads=workers,
    )
    return found if components is None else replace(found, components=components)


def _also(learn: Learning) -> tuple[Kind, ...]:
    """Requested engines without duplicates, in a fixed order; checks that they are installed."""
    kinds, wanted = _KINDS[learn.classifier], learn.also or ()
    if wanted and kinds is not None:
        raise ConfigError(
            f"the classifier is {learn.classifier}: nothing is tried beside it",
            key="also",
            found=",".join(wanted),
            remedy="either classifier or also",
        )
    also = tuple(kind for name, kind in _ALSO.items() if name in wanted)
    for kind in (*also, *(kinds or ())):
        if kind in ENGINES:
            ENGINES[kind].require()
    return also


def _whole(components: int | float | None) -> int | float | None:
    """A fraction stays a float, a number becomes an integer."""
    if components is None or 0 < components < 1:
        return components
    if not float(components).is_integer():
        raise ConfigError(
            "is a whole number, or a share below 1", key="components", found=components
        )
    return int(components)
