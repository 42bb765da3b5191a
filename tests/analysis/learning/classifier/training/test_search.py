"""The search, on folds of small samples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from automap_tiles.analysis.learning.classifier._boosting import Fold, Rows, make_folds
from automap_tiles.analysis.learning.classifier._parameters import (
    RANGES,
    Parameters,
    Strategy,
    ranges,
)
from automap_tiles.analysis.learning.classifier.training._search import (
    Budget,
    RandomSampler,
    Sampler,
    Trial,
    search,
)
from automap_tiles.analysis.learning.folds import blocked_folds
from tests.analysis.learning.classifier.conftest import MakeTable


@pytest.fixture(scope="module")
def folds(make_table: MakeTable) -> tuple[Fold, ...]:
    table = make_table()
    labels = np.unique(table.classes, return_inverse=True)[1].astype(np.int64)
    rows = Rows(
        values=table.values,
        labels=labels,
        weights=np.ones(len(table), np.float32),
        classes=3,
    )
    return make_folds(rows, blocked_folds(labels, table.groups, 3, 0), threads=1, seed=0)


def _samplers(seed: int = 0) -> dict[Strategy, Sampler]:
    return {strategy: RandomSampler(strategy, seed) for strategy in Strategy}


def test_defaults_come_first_and_the_best_is_never_worse(folds: tuple[Fold, ...]) -> None:
    found = search(folds, _samplers(), Budget(trials=10))
    assert [trial.parameters for trial in found.trials[:2]] == [
        Parameters(strategy=strategy) for strategy in Strategy
    ]
    best = found.best()
    assert best is not None
    assert len(found.trials) == 10
    assert best.loss <= found.trials[0].loss
    complete = [trial for trial in found.trials if trial.is_complete]
    assert best.loss == min(trial.loss for trial in complete)
    assert all(len(trial.losses) == 3 for trial in complete)


class _Fixed:
    """Proposes the same again and again."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def propose(self) -> Parameters:
        return self._parameters

    def tell(self, trial: Trial) -> None:
        pass


def test_the_default_wins_when_nothing_is_better(folds: tuple[Fold, ...]) -> None:
    hopeless = _Fixed(Parameters(eta=0.03, max_depth=3, gamma=1e6))
    found = search(folds, {Strategy.TREE_PER_CLASS: hopeless}, Budget(trials=4))
    best = found.best()
    assert best is not None
    assert best.number == 0
    assert not any(trial.is_complete for trial in found.trials[1:])
    # … and ends early: after a few rounds of the first fold
    assert all(len(trial.losses) == 1 for trial in found.trials[1:])
    assert all(len(trial.curves[0]) < 20 for trial in found.trials[1:])


def test_a_trial_that_may_still_win_is_not_ended(folds: tuple[Fold, ...]) -> None:
    """Slow learning is behind after a few rounds, and ahead at the end."""
    samplers = {Strategy.TREE_PER_CLASS: _Fixed(Parameters(eta=0.04, max_depth=3, subsample=0.6))}
    found = search(folds, samplers, Budget(trials=2))
    default, slow = found.trials
    assert slow.curves[0][15] > default.losses[0]
    assert slow.is_complete
    assert slow.loss < default.loss


def test_of_equals_the_earlier_one_is_best(folds: tuple[Fold, ...]) -> None:
    found = search(folds, {Strategy.TREE_PER_CLASS: _Fixed(Parameters())}, Budget(trials=3))
    assert [trial.loss for trial in found.trials] == [found.trials[0].loss] * 3
    best = found.best()
    assert best is not None
    assert best.number == 0


def test_the_same_seed_gives_the_same_trials(folds: tuple[Fold, ...]) -> None:
    first = search(folds, _samplers(1), Budget(trials=6))
    assert search(folds, _samplers(1), Budget(trials=6)) == first
    assert search(folds, _samplers(2), Budget(trials=6)) != first
    # a longer search goes through the shorter one
    assert search(folds, _samplers(1), Budget(trials=8)).trials[:6] == first.trials


def test_time_ends_a_search_but_not_the_first_trials(folds: tuple[Fold, ...]) -> None:
    over = search(folds, _samplers(), Budget(trials=None, seconds=0.0))
    assert [trial.is_complete for trial in over.trials] == [True, True]
    ticks = itertools.count()
    later = search(
        folds, _samplers(), Budget(trials=None, seconds=300.0), clock=lambda: float(next(ticks))
    )
    assert 2 < len(later.trials) < 300
    assert not later.trials[-1].is_complete


def test_progress_tells_the_best_so_far(folds: tuple[Fold, ...]) -> None:
    told: list[tuple[int, float]] = []

    def hear(trial: Trial, best: Trial | None) -> None:
        assert best is not None
        told.append((trial.number, best.loss))

    search(folds, _samplers(), Budget(trials=5), hear)
    assert [number for number, _ in told] == [0, 1, 2, 3, 4]
    losses = [loss for _, loss in told]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("strategy", list(Strategy))
def test_chance_stays_within_the_limits_and_uses_them(strategy: Strategy) -> None:
    sampler = RandomSampler(strategy, 0)
    drawn = [sampler.propose() for _ in range(300)]
    assert all(one.strategy is strategy for one in drawn)
    for name, span in ranges(strategy).items():
        values = np.array([getattr(one, name) for one in drawn])
        assert values.min() >= span.low
        assert values.max() <= span.high
        if span.whole:
            assert set(values.tolist()) == set(range(int(span.low), int(span.high) + 1))
            continue
        scale = np.log if span.log else np.asarray
        share = (scale(values) - scale(span.low)) / (scale(span.high) - scale(span.low))
        # each quarter gets its part of 300
        assert np.histogram(share, bins=4, range=(0, 1))[0].min() > 50
    assert set(ranges(strategy)) == set(RANGES)
