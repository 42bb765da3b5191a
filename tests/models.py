"""Small classifiers for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from automap_tiles.analysis.learning.classifier._boosting import Rows
from automap_tiles.analysis.learning.classifier._classes import land_classes
from automap_tiles.analysis.learning.classifier._library import xgboost
from automap_tiles.analysis.learning.classifier._members import Member, MemberKind
from automap_tiles.analysis.learning.classifier._model import Model, TrainingSamples
from automap_tiles.analysis.learning.classifier._setups import (
    ENGINES,
    Kind,
    Setup,
    fit_kind,
    members_of,
)
from automap_tiles.analysis.learning.neighbourhood import Neighbourhood
from automap_tiles.analysis.learning.recipe import Recipe

NAMES = {1: "water", 4: "forest", 9: "meadow & <field>"}


def recipe(bands: tuple[str, ...] = ("red", "nir"), radius: int = 0) -> Recipe:
    """Bands, NDVI and, with a radius, the mean and deviation around."""
    around = [
        Neighbourhood(statistic=statistic, of=bands[0], radius=radius)
        for statistic in ("mean", "std")
        if radius
    ]
    indices = ("ndvi",) if {"red", "nir"} <= set(bands) else ()
    return Recipe(bands=bands, indices=indices, neighbourhood=tuple(around))


def make_model(
    *,
    of: Recipe | None = None,
    low: float = 0.0,
    high: float = 1.0,
    names: dict[int, str] | None = None,
    pca: Any = None,
    rounds: int = 8,
    seed: int = 0,
    **parameters: Any,
) -> Model:
    """A model that parts the features, each from `low` to `high`, along an oblique line.

    With `pca` the trees see its components. Further keywords are XGBoost's.
    """
    of, names = of or recipe(), names or NAMES
    rng = np.random.default_rng(seed)
    count = len(of.names) if pca is None else len(pca.components)
    rows = rng.uniform(low, high, (600, count)).astype(np.float32)
    if pca is not None:
        raw = rng.uniform(low, high, (len(of.names), 1, 600)).astype(np.float32)
        rows = np.ascontiguousarray(pca.apply(raw)[:, 0].T)
    weights = rng.normal(size=count)
    score = (rows - rows.mean(axis=0)) / rows.std(axis=0) @ weights
    score += rng.normal(scale=0.3, size=600)
    edges = np.quantile(score, np.linspace(0, 1, len(names) + 1)[1:-1])
    library = xgboost()
    settings = {
        "objective": "multi:softprob",
        "num_class": len(names),
        "max_depth": 4,
        "eta": 0.4,
        "seed": seed,
        "nthread": 1,
        **parameters,
    }
    matrix = library.DMatrix(rows, label=np.searchsorted(edges, score))
    booster = library.train(settings, matrix, num_boost_round=rounds)
    return Model(
        members=(Member(kind=MemberKind.TREES, content=bytes(booster.save_raw("ubj"))),),
        recipe=of,
        classes=land_classes(names, names),
        training=TrainingSamples(
            fingerprint=f"{seed}", crs="EPSG:4326", positions=np.zeros((0, 2))
        ),
        pca=pca,
        report={},
        versions={"xgboost": library.__version__},
    )


def make_vote(of: Recipe, *, high: float = 1.0, seed: int = 0) -> Model:
    """A model of all kinds that can vote: two of boosting, a forest and a linear classifier."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, high, (400, len(of.names))).astype(np.float32)
    score = values @ rng.normal(size=len(of.names)) + rng.normal(0, 0.1 * high, 400)
    labels = np.searchsorted(np.quantile(score, (0.3, 0.7)), score).astype(np.int64)
    rows = Rows(values=values, labels=labels, weights=np.ones(400, np.float32), classes=3)
    setup = Setup(kinds=tuple(kind for kind in Kind if kind not in ENGINES), rounds=10)
    return Model(
        members=members_of(setup, [fit_kind(kind, setup, rows, 1, seed) for kind in setup.kinds]),
        recipe=of,
        classes=land_classes(NAMES, NAMES),
        training=TrainingSamples(fingerprint="", crs="EPSG:4326", positions=np.zeros((0, 2))),
        report={},
        versions={"xgboost": xgboost().__version__},
    )


def save_model(path: Path, **settings: Any) -> Model:
    """One of `make_model` in a file."""
    model = make_model(**settings)
    model.save(path)
    return model
