"""Training of XGBoost on folds; nothing else trains it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._library import xgboost
from automap_tiles.analysis.learning.classifier._parameters import Parameters
from automap_tiles.stopping import raise_if_stopped

if TYPE_CHECKING:
    from xgboost import Booster, QuantileDMatrix

MAX_BIN = 256
"""Histogram bins of a feature: XGBoost's default. With 64, accuracy on the small samples of a
Landsat scene fell by 3 points."""

MAX_ROUNDS = 400
"""Whatever the learning rate: every round makes all later predictions slower."""

# Fraction of distinct samples in a bootstrap sample of the same size: 1 - 1/e.
_BOOTSTRAP = 0.632

FOREST_BINS = 128
"""Deep trees are insensitive to it, and a forest spends most of its time scanning bins."""

# Early stopping: rounds without a gain, given as rounds times learning rate or as rounds.
_PATIENCE = 1.5
_LEAST_PATIENCE = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """Samples in the form that XGBoost expects."""

    values: NDArray[np.float32]
    """(sample, feature)."""
    labels: NDArray[np.int64]
    """(sample,) 0 to `classes` - 1."""
    weights: NDArray[np.float32]
    """(sample,) weight in training and in the log loss."""
    classes: int

    def take(self, rows: NDArray[Any]) -> Rows:
        """The samples at these indices, or where true."""
        return Rows(
            values=self.values[rows],
            labels=self.labels[rows],
            weights=self.weights[rows],
            classes=self.classes,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """Training and held-out samples, binned once for all trials."""

    train: QuantileDMatrix
    held_out: QuantileDMatrix
    classes: int
    threads: int
    seed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Reasons to stop a training."""

    is_over: Callable[[], bool]
    """Whether the time is up."""
    is_behind: Callable[[Sequence[float]], bool]
    """Whether the trial is clearly worse, from the minimum log loss up to each round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Boosted:
    """Result of one fold."""

    curve: tuple[float, ...]
    """Log loss of the held-out samples after every round."""
    was_cut: bool


def make_folds(rows: Rows, fold_of: NDArray[Any], threads: int, seed: int) -> tuple[Fold, ...]:
    """Matrices for every fold; `fold_of` (sample,) is the fold in which a sample is held out."""
    folds = []
    for fold in range(int(fold_of.max()) + 1):
        train = matrix(rows.take(fold_of != fold), threads)
        held_out = matrix(rows.take(fold_of == fold), threads, like=train)
        folds.append(
            Fold(train=train, held_out=held_out, classes=rows.classes, threads=threads, seed=seed)
        )
    return tuple(folds)


def matrix(rows: Rows, threads: int, like: QuantileDMatrix | None = None) -> QuantileDMatrix:
    """Samples in XGBoost's memory, with the bins of `like` if given."""
    made: QuantileDMatrix = xgboost().QuantileDMatrix(
        rows.values,
        rows.labels,
        weight=rows.weights,
        max_bin=MAX_BIN,
        ref=like,
        nthread=threads,
    )
    return made


def boost(fold: Fold, parameters: Parameters, watch: Watch) -> Boosted:
    """Train on a fold until the prediction of its held-out samples no longer improves."""
    watcher = _watcher(watch, patience_of(parameters))
    history: dict[str, dict[str, list[float]]] = {}
    xgboost().train(
        _settings(parameters, fold.classes, fold.threads, fold.seed),
        fold.train,
        MAX_ROUNDS,
        evals=[(fold.held_out, "held_out")],
        evals_result=history,
        callbacks=[watcher],
        verbose_eval=False,
    )
    return Boosted(curve=tuple(history["held_out"]["mlogloss"]), was_cut=watcher.was_cut)


def patience_of(parameters: Parameters) -> int:
    """Rounds without a gain after which a training is stopped."""
    return max(_LEAST_PATIENCE, math.ceil(_PATIENCE / parameters.eta))


def fit(rows: Rows, parameters: Parameters, rounds: int, threads: int, seed: int) -> Booster:
    """Train on all samples for this number of rounds."""
    settings = _settings(parameters, rows.classes, threads, seed)
    data = matrix(rows, threads)
    booster: Booster = xgboost().train(
        settings, data, rounds, verbose_eval=False, callbacks=[_asker()]
    )
    booster.set_param({"nthread": threads})
    return booster


def fit_forest(
    rows: Rows, trees: int, threads: int, seed: int, max_bin: int = FOREST_BINS
) -> Booster:
    """A random forest (Breiman 2001): deep trees of sample subsets, class proportions in leaves.

    XGBoost grows it in one round: least squares of one column per class is the Gini impurity, and
    the mean of its leaves the proportion of each class. Each tree uses as many samples as a
    bootstrap has distinct ones (63 %), and each node considers √n of the features.
    """
    features = rows.values.shape[1]
    shares = np.eye(rows.classes, dtype=np.float32)[rows.labels]
    settings = {
        "objective": "reg:squarederror",
        "multi_strategy": "multi_output_tree",
        "tree_method": "hist",
        "max_bin": max_bin,
        "num_parallel_tree": trees,
        "eta": 1.0,
        "max_depth": 0,
        "reg_lambda": 0.0,
        "subsample": _BOOTSTRAP,
        "colsample_bynode": max(1, math.isqrt(features)) / features,
        "base_score": 0.0,
        "nthread": threads,
        "seed": seed,
    }
    data = xgboost().QuantileDMatrix(
        rows.values, shares, weight=rows.weights, max_bin=max_bin, nthread=threads
    )
    booster: Booster = xgboost().train(settings, data, 1, verbose_eval=False)
    booster.set_param({"nthread": threads})
    return booster


def _settings(parameters: Parameters, classes: int, threads: int, seed: int) -> dict[str, Any]:
    return {
        **parameters.for_xgboost(),
        "objective": "multi:softprob",
        "num_class": classes,
        "tree_method": "hist",
        "max_bin": MAX_BIN,
        "nthread": threads,
        "seed": seed,
        "eval_metric": "mlogloss",
    }


def _watcher(watch: Watch, patience: int) -> Any:
    """An XGBoost callback that stops a training.

    Defined late because its base class is XGBoost's.
    """

    class Watcher(xgboost().callback.TrainingCallback):  # type: ignore[misc]
        was_cut = False

        def __init__(self) -> None:
            super().__init__()
            self.lowest: list[float] = []
            self.last_gain = 0

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            raise_if_stopped()
            loss = evals_log["held_out"]["mlogloss"][-1]
            if not self.lowest or loss < self.lowest[-1]:
                self.last_gain = epoch
            self.lowest.append(min([loss, *self.lowest[-1:]]))
            self.was_cut = watch.is_over() or watch.is_behind(self.lowest)
            return self.was_cut or epoch - self.last_gain >= patience

    return Watcher()


def _asker() -> Any:
    """An XGBoost callback that checks for a stop after every round."""

    class Asker(xgboost().callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            raise_if_stopped()
            return False

    return Asker()


def probabilities(booster: Booster, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(sample, class) from samples (sample, feature).

    Rows are independent of each other, bit by bit.
    """
    found: NDArray[np.float32] = booster.inplace_predict(values)
    # sums of the proportions of a forest deviate from 0 and 1 by rounding
    return np.clip(found, 0, 1, out=found)


def importances(booster: Booster, features: Sequence[str]) -> dict[str, float]:
    """Feature -> fraction of the total gain of all splits, in descending order."""
    gains = booster.get_score(importance_type="total_gain")
    of_each = [np.sum(gains.get(f"f{column}", 0.0)).item() for column in range(len(features))]
    total = sum(of_each) or 1.0
    shares = {name: gain / total for name, gain in zip(features, of_each, strict=True)}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
