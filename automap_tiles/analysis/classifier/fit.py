"""Training: from a table of samples to a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.classifier.boosting import Rows, fit, importances, make_folds
from automap_tiles.analysis.classifier.choice import Choice, choose
from automap_tiles.analysis.classifier.classes import LandClass, land_classes
from automap_tiles.analysis.classifier.cost import Cost, measure, rounds_of, trees_of
from automap_tiles.analysis.classifier.division import Division, divide
from automap_tiles.analysis.classifier.evaluate import (
    Setting,
    doubtful,
    fold_scores,
    held_out,
    learning_curve,
)
from automap_tiles.analysis.classifier.library import xgboost
from automap_tiles.analysis.classifier.model import Model, TrainingSamples
from automap_tiles.analysis.classifier.options import Search, TrainOptions
from automap_tiles.analysis.classifier.parameters import Strategy
from automap_tiles.analysis.classifier.report import TrainingReport
from automap_tiles.analysis.classifier.scores import Scores, scores
from automap_tiles.analysis.classifier.search import (
    Progress,
    RandomSampler,
    Sampler,
    Trial,
    search,
)
from automap_tiles.analysis.classifier.tpe import TpeSampler
from automap_tiles.analysis.folds import random_folds
from automap_tiles.analysis.pca import Pca
from automap_tiles.analysis.recipe import Recipe
from automap_tiles.analysis.sample_table import SampleTable
from automap_tiles.version import VERSION

if TYPE_CHECKING:
    from xgboost import Booster


@dataclass(frozen=True, kw_only=True)
class Training:
    """What comes of a training."""

    model: Model
    costs: tuple[Cost, ...]
    """Of each kind of trees that was tried, the one taken included."""


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """Samples made ready for the trees."""

    table: SampleTable
    rows: Rows
    names: tuple[str, ...]
    """Of the columns that the trees see."""
    classes: tuple[LandClass, ...]
    pca: Pca | None


def train(
    table: SampleTable,
    recipe: Recipe,
    options: TrainOptions | None = None,
    classes: Sequence[LandClass] | None = None,
    progress: Progress | None = None,
) -> Training:
    """Search parameters, judge them on samples held out, and train the model on all samples.

    `classes` tells names and colours; by default names are those of the table and colours usual
    ones. The same table, options and number of threads give the same model, byte by byte, unless
    the budget is one of time. Raises `FoldError` when the samples cannot be divided,
    `ValueError` when they do not fit the recipe or are not finite, `MissingExtra` without XGBoost.
    """
    options = options or TrainOptions()
    _check(table, recipe)
    table = table.sorted()
    known = classes or land_classes(table.counts, table.names)
    kept = _kept(table, options)
    prepared = _prepare(table.take(kept), options, known)
    division = _divide(prepared.table, options)
    folds = make_folds(prepared.rows, division.fold_of, options.cores, options.seed)
    found = search(folds, _samplers(options), options.budget, progress)
    choice = choose(found)
    tried = [trial for trial in (choice.per_class, choice.vector) if trial is not None]
    boosters = {trial.parameters.strategy: _final(prepared.rows, trial, options) for trial in tried}
    booster = boosters[choice.chosen.parameters.strategy]
    test = _test(table.take(~kept), prepared, booster)
    report = _report(table, prepared, division, found.trials, choice, booster, test, options)
    return Training(
        model=_model(table, recipe, prepared, booster, report),
        costs=tuple(
            measure(trial, boosters[trial.parameters.strategy], prepared.rows) for trial in tried
        ),
    )


def _model(
    table: SampleTable,
    recipe: Recipe,
    prepared: _Prepared,
    booster: Booster,
    report: TrainingReport,
) -> Model:
    return Model(
        booster=bytes(booster.save_raw("ubj")),
        recipe=recipe,
        classes=prepared.classes,
        training=_training_samples(table),
        pca=prepared.pca,
        report=report.to_dict(),
        versions=_versions(),
    )


def _check(table: SampleTable, recipe: Recipe) -> None:
    if not len(table):
        raise ValueError("there are no samples to train on")
    if table.features != recipe.names:
        raise ValueError("the samples were not made by this recipe: their features differ")
    if not np.isfinite(table.values).all():
        raise ValueError("features of samples must be finite numbers")


def _kept(table: SampleTable, options: TrainOptions) -> NDArray[np.bool_]:
    """(sample,) whether to learn from it: false for those kept for the final test."""
    if not options.holdout:
        return np.ones(len(table), dtype=bool)
    parts = round(1 / options.holdout)
    division = divide(
        table,
        split=options.split,
        folds=parts,
        block_size=options.block_size,
        seed=options.seed + 1,
    )
    kept: NDArray[np.bool_] = division.fold_of != 0
    return kept


def _divide(table: SampleTable, options: TrainOptions) -> Division:
    return divide(
        table,
        split=options.split,
        folds=options.folds,
        block_size=options.block_size,
        seed=options.seed,
    )


def _prepare(table: SampleTable, options: TrainOptions, known: Sequence[LandClass]) -> _Prepared:
    values, labels = np.unique(table.classes, return_inverse=True)
    of_value = {one.value: one for one in known}
    if missing := [value for value in values.tolist() if value not in of_value]:
        raise ValueError(f"samples are of class {missing[0]}, which is not among the classes given")
    pca, columns, names = None, table.values, table.features
    if options.components is not None:
        pca = Pca.fit(table.values, options.components)
        columns, names = pca.apply_rows(table.values), pca.names
    counts = np.bincount(labels.reshape(-1))
    weights = (counts.mean() / counts) ** options.balance.power
    weights /= np.average(weights, weights=counts)
    rows = Rows(
        values=np.ascontiguousarray(columns, dtype=np.float32),
        labels=labels.reshape(-1).astype(np.int64),
        weights=weights[labels.reshape(-1)].astype(np.float32),
        classes=len(values),
    )
    classes = tuple(of_value[value] for value in values.tolist())
    return _Prepared(table=table, rows=rows, names=names, classes=classes, pca=pca)


def _samplers(options: TrainOptions) -> dict[Strategy, Sampler]:
    made: Callable[[Strategy, int], Sampler]
    made = TpeSampler if options.search is Search.TPE else RandomSampler
    return {strategy: made(strategy, options.seed) for strategy in options.strategies}


def _setting(trial: Trial, options: TrainOptions) -> Setting:
    return Setting(
        parameters=trial.parameters,
        rounds=rounds_of(trial),
        threads=options.cores,
        seed=options.seed,
    )


def _final(rows: Rows, trial: Trial, options: TrainOptions) -> Booster:
    setting = _setting(trial, options)
    return fit(rows, setting.parameters, setting.rounds, setting.threads, setting.seed)


def _test(table: SampleTable, prepared: _Prepared, booster: Booster) -> Scores | None:
    """Scores of the samples that were kept from the training; None where none were."""
    if not len(table):
        return None
    values = table.values if prepared.pca is None else prepared.pca.apply_rows(table.values)
    numbers = np.array([one.value for one in prepared.classes])
    predicted = booster.inplace_predict(np.ascontiguousarray(values)).argmax(axis=1)
    return scores(np.searchsorted(numbers, table.classes), predicted, len(numbers))


def _report(
    table: SampleTable,
    prepared: _Prepared,
    division: Division,
    trials: Sequence[Trial],
    choice: Choice,
    booster: Booster,
    test: Scores | None,
    options: TrainOptions,
) -> TrainingReport:
    rows, setting = prepared.rows, _setting(choice.chosen, options)
    blocked = held_out(rows, division.fold_of, setting)
    shuffle = random_folds(rows.labels, division.folds, options.seed)
    whole = fold_scores(rows, division.fold_of, blocked)
    return TrainingReport(
        table=table,
        classes=prepared.classes,
        options=options.to_dict(),
        division=division,
        trials=trials,
        choice=choice,
        rounds=setting.rounds,
        trees=trees_of(choice.chosen, rows.classes),
        blocked=whole,
        shuffled=fold_scores(rows, shuffle, held_out(rows, shuffle, setting)),
        holdout=test,
        importances=importances(booster, prepared.names),
        learning_curve=learning_curve(rows, division, setting, whole),
        doubtful=doubtful(prepared.table, rows, prepared.classes, blocked),
    )


def _training_samples(table: SampleTable) -> TrainingSamples:
    """All samples, those held out too: none of them may be a reference later."""
    return TrainingSamples(
        fingerprint=table.fingerprint,
        crs=table.crs,
        positions=np.stack([table.x, table.y], axis=1),
    )


def _versions() -> dict[str, str]:
    return {
        "automap-tiles": VERSION,
        "xgboost": xgboost().__version__,
        "numpy": np.__version__,
    }
