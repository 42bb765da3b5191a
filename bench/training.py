"""The search for parameters beside plain XGBoost code: `python -m bench.training`.

CPU seconds of one process on samples in 2 000 polygons. Compared are

- *search*: ours, with its early ends of bad trials;
- *the same trainings*: `xgboost.train` alone, for exactly the rounds that ours trained, trial by
  trial and fold by fold: what the wrapping costs;
- *without early ends*: `xgboost.train` with XGBoost's own early stopping on every fold of every
  trial, as a search is usually written: what ending bad trials early saves;
- *whole training*: the search and all that the report needs.

The log loss of the best trial stands beside: a search that is quick because it finds nothing
would be no gain.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import xgboost

from automap_tiles.analysis.learning.classifier._boosting import (
    MAX_BIN,
    MAX_ROUNDS,
    Fold,
    Rows,
    make_folds,
    patience_of,
)
from automap_tiles.analysis.learning.classifier._library import cores
from automap_tiles.analysis.learning.classifier._parameters import Parameters, Strategy
from automap_tiles.analysis.learning.classifier.training._fit import TrainingTask, train
from automap_tiles.analysis.learning.classifier.training._options import TrainOptions
from automap_tiles.analysis.learning.classifier.training._search import (
    Budget,
    Found,
    RandomSampler,
    Sampler,
    search,
)
from automap_tiles.analysis.learning.folds import blocked_folds
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable

FEATURES, CLASSES, POLYGONS = 30, 8, 2000


def table(samples: int) -> SampleTable:
    """Classes that overlap; the pixels of a polygon resemble each other, features each other."""
    random = np.random.default_rng(1)
    groups = np.sort(random.integers(0, POLYGONS, samples))
    place = groups % CLASSES
    hidden = random.normal(0, 1, (CLASSES, 8))[place]
    hidden += random.normal(0, 1, (POLYGONS, 8))[groups]
    values = np.tanh(hidden @ random.normal(0, 0.5, (8, FEATURES)))
    values += random.normal(0, 0.3, values.shape)
    return SampleTable(
        values=values.astype(np.float32),
        classes=(place + 1).astype(np.uint8),
        groups=groups.astype(np.int64),
        x=np.arange(samples, dtype=np.float64),
        y=np.zeros(samples),
        crs="EPSG:32633",
        features=tuple(f"band_{number}" for number in range(FEATURES)),
    )


def folds_of(samples: SampleTable, folds: int) -> tuple[Fold, ...]:
    """As `train` makes them."""
    labels = samples.classes.astype(np.int64) - 1
    weights = np.ones(len(labels), np.float32)
    rows = Rows(values=samples.values, labels=labels, weights=weights, classes=CLASSES)
    return make_folds(rows, blocked_folds(labels, samples.groups, folds, 0), cores(), 0)


def samplers() -> dict[Strategy, Sampler]:
    return {strategy: RandomSampler(strategy, 0) for strategy in Strategy}


def same_trainings(folds: tuple[Fold, ...], found: Found) -> float:
    """Plain calls for the rounds that the search trained; the best loss."""
    best = np.inf
    for trial in found.trials:
        losses = [
            _plain(fold, trial.parameters, len(curve))
            for fold, curve in zip(folds, trial.curves, strict=False)
        ]
        if trial.is_complete:
            best = min(best, float(np.mean(losses)))
    return best


def without_early_ends(folds: tuple[Fold, ...], found: Found) -> float:
    """All folds of all trials with XGBoost's own early stopping; the best loss."""
    losses = []
    for trial in found.trials:
        stop = {"early_stopping_rounds": patience_of(trial.parameters)}
        means = [_plain(fold, trial.parameters, MAX_ROUNDS, **stop) for fold in folds]
        losses.append(float(np.mean(means)))
    return min(losses)


def _plain(fold: Fold, parameters: Parameters, rounds: int, **more: Any) -> float:
    settings = {
        **parameters.for_xgboost(), "objective": "multi:softprob", "num_class": CLASSES,
        "tree_method": "hist", "max_bin": MAX_BIN, "nthread": fold.threads, "seed": fold.seed,
        "eval_metric": "mlogloss",
    }  # fmt: skip
    history: dict[str, dict[str, list[float]]] = {}
    xgboost.train(
        settings, fold.train, rounds, evals=[(fold.held_out, "held_out")],
        evals_result=history, verbose_eval=False, **more,
    )  # fmt: skip
    return min(history["held_out"]["mlogloss"])


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, all threads, and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=50_000)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--whole", action="store_true", help="also the two last ones")
    wish = parser.parse_args()
    samples = table(wish.samples)
    print(f"{wish.samples} samples × {FEATURES} features, {CLASSES} classes, {wish.trials} trials,")
    print(f"{wish.folds} folds, {cores()} cores, XGBoost {xgboost.__version__}", flush=True)
    folds = folds_of(samples, wish.folds)
    budget = Budget(trials=wish.trials)
    ours, found = timed(lambda: search(folds, samplers(), budget))
    best = found.best()
    assert best is not None
    complete = sum(trial.is_complete for trial in found.trials)
    print(
        f"search               {ours:8.1f} CPU s   best {best.loss:.4f}, {complete} complete",
        flush=True,
    )
    plain, loss = timed(lambda: same_trainings(folds, found))
    print(
        f"the same trainings   {plain:8.1f} CPU s   best {loss:.4f}   {ours / plain:.2f} ×",
        flush=True,
    )
    if wish.whole:
        full, loss = timed(lambda: without_early_ends(folds, found))
        print(f"without early ends   {full:8.1f} CPU s   best {loss:.4f}   {ours / full:.2f} ×")
        options = TrainOptions(budget=budget, folds=wish.folds)
        recipe = Recipe(bands=samples.features)
        whole, _ = timed(
            lambda: train(samples, TrainingTask(recipe=recipe, optional={}, options=options))
        )
        print(f"whole training       {whole:8.1f} CPU s   {whole / full:.2f} × without early ends")


if __name__ == "__main__":
    main()
