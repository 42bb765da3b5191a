"""Assemble the report of a training once the model is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._boosting import importances
from automap_tiles.analysis.learning.classifier._linear import Linear
from automap_tiles.analysis.learning.classifier._setups import (
    Fitted,
    Setup,
    trees_of,
)
from automap_tiles.analysis.learning.classifier.training._estimate import (
    HeldOutEstimate,
    Seen,
    estimate,
)
from automap_tiles.analysis.learning.classifier.training._evaluate import (
    doubtful,
    fold_scores,
    learning_curve,
)
from automap_tiles.analysis.learning.classifier.training._learn_confidence import Trust
from automap_tiles.analysis.learning.classifier.training._learning_gain import (
    HALF,
    continued,
    reach,
)
from automap_tiles.analysis.learning.classifier.training._options import TrainOptions
from automap_tiles.analysis.learning.classifier.training._prediction_sets import Apart
from automap_tiles.analysis.learning.classifier.training._prepare import Prepared
from automap_tiles.analysis.learning.classifier.training._questions import Decided
from automap_tiles.analysis.learning.classifier.training._report import FoldScores, TrainingReport
from automap_tiles.analysis.learning.classifier.training._scores import Scores, scores
from automap_tiles.analysis.learning.classifier.training._split import Division
from automap_tiles.analysis.learning.classifier.training._tryout import Tryout
from automap_tiles.analysis.learning.folds import (
    LEAST_GROUPS,
    groups_per_class,
    random_folds,
)
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable

# Random folds of pixels: there are always enough pixels for these.
_SHUFFLED = 5


@dataclass(frozen=True)
class TrainingFacts:
    """What is known when the report is written."""

    table: SampleTable
    prepared: Prepared
    division: Division
    tryout: Tryout
    asked: Decided | None
    trust: Trust | None
    setup: Setup
    importances: Mapping[str, float]


def tryout_of(prepared: Prepared, fold_of: NDArray[np.int64], options: TrainOptions) -> Tryout:
    """A tryout of setups on the folds of these samples."""
    return Tryout(
        samples=prepared.samples, fold_of=fold_of, threads=options.cores, seed=options.seed
    )


def test_scores(apart: Apart | None) -> Scores | None:
    """Scores on the samples excluded from the training for the final test.

    None if there are none.
    """
    if apart is None:
        return None
    found = apart.probabilities
    return scores(apart.labels, found.argmax(axis=0), len(found))


def report_of(
    facts: TrainingFacts, recipe: Recipe, options: TrainOptions, test: Scores | None
) -> TrainingReport:
    """The report on the selected setup and the model; `test` is the result of `test_scores`."""
    prepared, tryout, asked, setup = facts.prepared, facts.tryout, facts.asked, facts.setup
    of_half = replace(tryout, share=HALF, _known={})
    shuffled = random_folds(prepared.samples.labels, _SHUFFLED, options.seed)
    return TrainingReport(
        table=facts.table,
        classes=prepared.classes,
        options=options.to_dict(),
        division=facts.division,
        setup=setup,
        decisions=() if asked is None else asked.decisions,
        offered=recipe.to_dict(),
        trials=() if asked is None or asked.found is None else asked.found.trials,
        choice=None if asked is None else asked.choice,
        trees=trees_of(setup, prepared.samples.classes),
        estimate=None if asked is None else _estimate(facts, asked, of_half),
        blocked=None if asked is None else fold_scores(tryout, setup),
        shuffled=_shuffled(prepared, shuffled, options, setup),
        calibrated=None if facts.trust is None else facts.trust.calibrated,
        sets=None if facts.trust is None else facts.trust.sets,
        holdout=test,
        importances=facts.importances,
        learning_curve=() if asked is None else learning_curve(tryout, of_half, setup),
        doubtful=() if asked is None else doubtful(prepared.table, tryout, setup, prepared.classes),
    )


def _estimate(facts: TrainingFacts, asked: Decided, of_half: Tryout) -> HeldOutEstimate:
    tryout, samples = facts.tryout, facts.tryout.samples
    polygons = groups_per_class(samples.labels, samples.groups)
    told = np.array([polygons[label] >= LEAST_GROUPS for label in range(samples.classes)])
    inside = tryout.held_out & told[samples.labels]
    far = reach(samples.labels, samples.groups, tryout.fold_of)
    taken = asked.taken.counts
    seen = Seen(
        start=asked.start.counts,
        taken=taken,
        decisions=asked.decisions,
        draws=asked.draws,
        grown=continued(taken, of_half(asked.taken.setup).counts, far),
    )
    return estimate(
        seen,
        told=told,
        pixels=round(float(samples.stands_for[inside].sum())),
        repeats=len(tryout.fold_of),
    )


def _shuffled(
    prepared: Prepared, fold_of: NDArray[np.int64], options: TrainOptions, setup: Setup
) -> FoldScores:
    """Random folds of pixels: every sample has the same weight."""
    each = replace(
        prepared.samples, stands_for=np.ones(len(prepared.samples.labels), dtype=np.float32)
    )
    tryout = tryout_of(replace(prepared, samples=each), fold_of[None], options)
    return fold_scores(tryout, setup)


def importance_of(prepared: Prepared, setup: Setup, fitted: Sequence[Fitted]) -> dict[str, float]:
    """Feature -> relative importance, the weighted mean over the members, in descending order."""
    places = prepared.samples.columns_of(setup)
    names = [prepared.names[place] for place in places]
    total = dict.fromkeys(names, 0.0)
    whole = sum(setup.weight(kind) for kind in setup.kinds)
    for kind, one in zip(setup.kinds, fitted, strict=True):
        if isinstance(one, Linear):
            spread = prepared.samples.values[:, list(places)].std(axis=0, dtype=np.float64)
            strength = np.abs(one.weights).max(axis=0) * spread
            whole_strength = float(strength.sum()) or 1.0  # 0 if no feature varies
            shares = dict(zip(names, (strength / whole_strength).tolist(), strict=True))
        else:
            shares = importances(one, names)
        for name, share in shares.items():
            total[name] += share * setup.weight(kind) / whole
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
