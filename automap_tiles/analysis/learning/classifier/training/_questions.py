"""The choices that training makes by cross-validation, where the options leave them open."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from automap_tiles.analysis.learning.classifier._boosting import Rows, make_folds
from automap_tiles.analysis.learning.classifier._parameters import Strategy
from automap_tiles.analysis.learning.classifier._setups import STEADY, Kind, Setup
from automap_tiles.analysis.learning.classifier.training._choice import Choice, choose
from automap_tiles.analysis.learning.classifier.training._cost import rounds_of
from automap_tiles.analysis.learning.classifier.training._decide import (
    BASE,
    Answers,
    Decision,
    decide,
    kinds,
)
from automap_tiles.analysis.learning.classifier.training._evidence import Floats, draws_of
from automap_tiles.analysis.learning.classifier.training._options import Search, TrainOptions
from automap_tiles.analysis.learning.classifier.training._search import (
    Found,
    Progress,
    RandomSampler,
    Sampler,
    search,
)
from automap_tiles.analysis.learning.classifier.training._tpe import TpeSampler
from automap_tiles.analysis.learning.classifier.training._tryout import Samples, Tried, Tryout

# Samples for a search without a given budget: more take longer and give the same result.
_SEARCHED = 6000

_ROOT = 0.5
"""Default exponent of the class weights."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Result of the model selection."""

    start: Tried
    """The initial setup."""
    taken: Tried
    decisions: tuple[Decision, ...]
    draws: Floats
    """(draw, group) bootstrap multiplicities of the polygons."""
    found: Found | None
    """Of the parameter search."""
    choice: Choice | None


def first(options: TrainOptions) -> Setup:
    """The initial setup, kept where nothing is shown to be better."""
    parameters = STEADY.of_strategy(options.strategies[0])
    return Setup(
        kinds=options.kinds or BASE,
        clean=bool(options.clean),
        power=0.0 if options.balance is None else options.balance.power,
        parameters=parameters,
    )


def ask(tryout: Tryout, options: TrainOptions, progress: Progress | None = None) -> Decided:
    """Answer all questions that the options leave open."""
    held = tryout.held_out
    of_group = np.full(tryout.samples.group_count, -1, dtype=np.int64)
    of_group[tryout.samples.groups[held]] = tryout.samples.labels[held]
    draws = draws_of(of_group, options.seed)
    start = tryout(first(options))
    decisions = list(decide(start, _questions(tryout.samples, options), tryout, draws))
    present = _taken(start, decisions)
    found = _search(tryout, present.setup, options, int((of_group >= 0).sum()), progress)
    if found is not None:
        question = ("parameters", "as given", _tuned(found))
        decisions += decide(present, [question], tryout, draws)
    return Decided(
        start=start,
        taken=_taken(start, decisions),
        decisions=tuple(decisions),
        draws=draws,
        found=found,
        choice=None if found is None else choose(found),
    )


def _taken(start: Tried, decisions: Sequence[Decision]) -> Tried:
    if not decisions:
        return start
    return decisions[-1].answers[decisions[-1].taken].tried


def _questions(samples: Samples, options: TrainOptions) -> list[tuple[str, str, Answers]]:
    asked: list[tuple[str, str, Answers]] = []
    if options.kinds is None:
        asked.append(("classifier", first(options).name, kinds(options.also)))
    if groups := [name for name in samples.columns if name]:
        asked.append(("features", "as given", _features(groups)))
        if options.kinds is None:
            again = _kinds_again(kinds(options.also))
            asked.append(("classifier of these features", "as before", again))
    if options.clean is None and samples.mixed.any():
        asked.append(("mixed pixels", "learnt from", _clean))
    if options.balance is None:
        asked.append(("rare classes", "count as they are", _balanced))
    return asked


def _features(groups: Sequence[str]) -> Answers:
    def answers(present: Setup) -> Sequence[tuple[str, Setup]]:
        return [(f"with {name}", present.but(groups=(name,))) for name in groups]

    return answers


def _kinds_again(others: Answers) -> Answers:
    def answers(present: Setup) -> Sequence[tuple[str, Setup]]:
        return others(present) if present.groups else ()

    return answers


def _clean(present: Setup) -> Sequence[tuple[str, Setup]]:
    return [("left out", present.but(clean=True))]


def _balanced(present: Setup) -> Sequence[tuple[str, Setup]]:
    return [("count more", present.but(power=_ROOT))]


def _tuned(found: Found) -> Answers:
    def answers(present: Setup) -> Sequence[tuple[str, Setup]]:
        best = [found.best(strategy) for strategy in Strategy]
        return [
            (
                f"trial {trial.number + 1}",
                present.but(parameters=trial.parameters, rounds=rounds_of(trial)),
            )
            for trial in best
            if trial is not None
        ]

    return answers


def _search(
    tryout: Tryout,
    setup: Setup,
    options: TrainOptions,
    groups: int,
    progress: Progress | None,
) -> Found | None:
    """Trials on the first fold assignment; None if there is nothing to search for."""
    budget = options.budget_for(groups)
    if budget is None or Kind.BOOSTED not in setup.kinds:
        return None
    samples, folds = tryout.samples, tryout.fold_of[0]
    learnt = np.ones(len(folds), dtype=bool)
    if options.budget is None and len(folds) > _SEARCHED:
        learnt[np.random.default_rng(options.seed).permutation(len(folds))[_SEARCHED:]] = False
    if setup.clean:
        learnt &= ~samples.mixed
    rows: Rows = samples.rows(setup, learnt)
    made: Callable[[Strategy, int], Sampler]
    made = TpeSampler if options.search is Search.TPE else RandomSampler
    samplers = {strategy: made(strategy, options.seed) for strategy in options.strategies}
    matrices = make_folds(rows, folds[learnt], options.cores, options.seed)
    return search(matrices, samplers, budget, progress, time.monotonic)
