"""Training: from a table of samples to a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._classes import LandClass, land_classes
from automap_tiles.analysis.learning.classifier._library import xgboost
from automap_tiles.analysis.learning.classifier._model import Model, TrainingSamples
from automap_tiles.analysis.learning.classifier._setups import (
    ENGINES,
    Fitted,
    Kind,
    Setup,
    fit_kind,
    members_of,
    trees_of,
)
from automap_tiles.analysis.learning.classifier.training._build_report import (
    TrainingFacts,
    importance_of,
    report_of,
    test_scores,
    tryout_of,
)
from automap_tiles.analysis.learning.classifier.training._cost import Cost, measure
from automap_tiles.analysis.learning.classifier.training._learn_confidence import (
    kept_apart,
    trusted,
)
from automap_tiles.analysis.learning.classifier.training._options import TrainOptions
from automap_tiles.analysis.learning.classifier.training._prepare import Prepared, check, prepare
from automap_tiles.analysis.learning.classifier.training._questions import ask, first
from automap_tiles.analysis.learning.classifier.training._search import Progress
from automap_tiles.analysis.learning.classifier.training._split import Division, divide
from automap_tiles.analysis.learning.folds import (
    FoldError,
)
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.version import VERSION

# Baseline for the costs and for model selection.
_PLAIN = Setup(kinds=(Kind.PLAIN,))


@dataclass(frozen=True, kw_only=True)
class Training:
    """Result of a training."""

    model: Model
    costs: tuple[Cost, ...]
    """Of the selected setup, and of XGBoost with its defaults on the same features."""


@dataclass(frozen=True, kw_only=True)
class TrainingTask:
    """What to train, apart from the samples."""

    recipe: Recipe
    """All features that the samples have."""
    optional: Mapping[str, Sequence[str]]
    """Name of a group of features -> features that are only used if they improve the result."""
    options: TrainOptions
    window: float = 0.0
    """Radius of the features' neighbourhood, in the unit of the samples' CRS."""


def train(
    table: SampleTable,
    task: TrainingTask,
    classes: Sequence[LandClass] | None = None,
    progress: Progress | None = None,
) -> Training:
    """Select a setup by cross-validation, estimate its accuracy and fit it to all samples.

    `classes` gives names and colours; by default the names of the table and the usual colours. The
    same table, options and number of threads give the same model, byte by byte, unless the budget
    is a time limit. Raises `FoldError` if the samples cannot be divided into folds, `ValueError` if
    they do not match the recipe or are not finite, `MissingExtra` without XGBoost.
    """
    options = task.options
    check(table, task.recipe)
    table = table.sorted()
    known = classes or land_classes(table.counts, table.names)
    kept, groups = _kept(table, task)
    division = _divide(table.take(kept), task, options.folds, options.seed)
    prepared = prepare(table.take(kept), division.groups, options, known, task.optional)
    tryout = tryout_of(prepared, division.fold_of, options)
    asked = ask(tryout, options, progress) if len(division.fold_of) else None
    setup = first(options) if asked is None else asked.taken.setup
    fitted = _fit(prepared, setup, options)
    model = _model(table, task, prepared, setup, fitted)
    apart = kept_apart(table.take(~kept), groups[~kept], prepared, setup, fitted)
    importances = importance_of(prepared, setup, fitted)
    trust = None
    if asked is not None:
        trust = trusted(tryout, asked, apart, importances, prepared.names)
    facts = TrainingFacts(table, prepared, division, tryout, asked, trust, setup, importances)
    report = report_of(facts, task.recipe, options, test_scores(apart))
    return Training(
        model=replace(
            model, report=report.to_dict(), confidence=None if trust is None else trust.confidence
        ),
        costs=tuple(_costs(prepared, setup, fitted, options)),
    )


def _divide(table: SampleTable, task: TrainingTask, folds: int | None, seed: int) -> Division:
    return divide(
        table,
        split=task.options.split,
        folds=folds,
        block_size=task.options.block_size,
        window=task.window,
        seed=seed,
    )


def _kept(table: SampleTable, task: TrainingTask) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(sample,) whether it is used for training, and its polygon or block.

    False for samples reserved for the final test.
    """
    options = task.options
    if not options.holdout:
        return np.ones(len(table), dtype=bool), np.zeros(len(table), dtype=np.int64)
    division = _divide(table, task, round(1 / options.holdout), options.seed + 1)
    if not len(division.fold_of):
        raise FoldError("no class has enough polygons or blocks to keep some for a final test")
    kept: NDArray[np.bool_] = division.fold_of[0] != 0
    return kept, division.groups


def _fit(prepared: Prepared, setup: Setup, options: TrainOptions) -> list[Fitted]:
    samples = prepared.samples
    rows = samples.rows(setup, np.ones(len(samples.labels), dtype=bool))
    return [fit_kind(kind, setup, rows, options.cores, options.seed) for kind in setup.kinds]


def _model(
    table: SampleTable,
    task: TrainingTask,
    prepared: Prepared,
    setup: Setup,
    fitted: Sequence[Fitted],
) -> Model:
    recipe = task.recipe
    if prepared.pca is None:
        recipe = recipe.of(prepared.names[place] for place in prepared.samples.columns_of(setup))
    return Model(
        members=members_of(setup, fitted),
        recipe=recipe,
        classes=prepared.classes,
        training=_training_samples(table),
        pca=prepared.pca,
        report={},
        versions=_versions(setup),
    )


def _costs(
    prepared: Prepared, setup: Setup, fitted: Sequence[Fitted], options: TrainOptions
) -> list[Cost]:
    """Of the selected setup and, for comparison, of XGBoost with its defaults."""
    samples, every = prepared.samples, np.ones(len(prepared.samples.labels), dtype=bool)
    found = []
    plain = _PLAIN.but(groups=setup.groups)
    for one, several in ((setup, fitted), (plain, None)):
        if several is None and setup.kinds == plain.kinds:
            continue
        values = samples.rows(one.but(clean=False), every).values
        timed = several or _fit(prepared, one, options)
        trees = trees_of(one, samples.classes)
        pairs = [(each, values) for each in timed]
        found.append(measure(one.name, pairs, trees, is_taken=several is not None))
    return found


def _training_samples(table: SampleTable) -> TrainingSamples:
    """All samples, including held-out ones: none of them may serve as a reference sample later."""
    return TrainingSamples(
        fingerprint=table.fingerprint,
        crs=table.crs,
        positions=np.stack([table.x, table.y], axis=1),
    )


def _versions(setup: Setup) -> dict[str, str]:
    others = [ENGINES[kind].package for kind in setup.kinds if kind in ENGINES]
    return {
        "automap-tiles": VERSION,
        "xgboost": xgboost().__version__,
        "numpy": np.__version__,
        **{package: metadata.version(package) for package in others},
    }
