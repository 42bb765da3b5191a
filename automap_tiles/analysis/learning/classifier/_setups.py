"""Search space of a training: kinds of classifiers, features, samples and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier import _lightgbm_boosting as lightgbm_boosting
from automap_tiles.analysis.learning.classifier import _sklearn_forest as sklearn_forest
from automap_tiles.analysis.learning.classifier._boosting import (
    Rows,
    fit,
    fit_forest,
    probabilities,
)
from automap_tiles.analysis.learning.classifier._engine import EngineRun
from automap_tiles.analysis.learning.classifier._extra_trees import grow
from automap_tiles.analysis.learning.classifier._linear import Linear
from automap_tiles.analysis.learning.classifier._members import Member, MemberKind, roots_of, vote
from automap_tiles.analysis.learning.classifier._parameters import Parameters, Strategy
from automap_tiles.analysis.learning.classifier._xgboost_conversion import booster_of
from automap_tiles.stopping import raise_if_stopped

if TYPE_CHECKING:
    from xgboost import Booster

PLAIN_ROUNDS = 100
"""Default of XGBoost's scikit-learn classes, used together with the default parameters."""
BOOSTED_ROUNDS = 40
FOREST_TREES = 200
"""More trees only take longer: 500 of scikit-learn were no better on six real data sets."""
EXTRA_TREES = 100
"""200 trees and 60 rounds of boosting at a learning rate of 0.15 were no better on four real data
sets."""
_TRIED_TREES = 40
"""Trees of a forest that is only evaluated on folds."""
_TRIED_BINS = 64
_LEAST_BINS = 16
_TRIED_CELLS = 1024
"""Features times bins of a forest that is only evaluated on folds. Every node of its deep trees
scans all of them: 39 features of 64 bins took ten times as long as everything else, and 26 bins
gave the same result."""


class Kind(StrEnum):
    """A classifier that can be a member; those of `ENGINES` need an extra to be trained."""

    PLAIN = "plain boosting"
    """XGBoost with its default parameters."""
    BOOSTED = "boosting"
    """XGBoost with subsampling of samples and features per tree: more stable with few polygons."""
    FOREST = "forest"
    EXTRA = "extra trees"
    """A forest with random thresholds: smoother between the polygons of the training set."""
    LINEAR = "linear"
    SKLEARN = "forest of scikit-learn"
    LIGHTGBM = "boosting by LightGBM"


ENGINES = {Kind.SKLEARN: sklearn_forest.ENGINE, Kind.LIGHTGBM: lightgbm_boosting.ENGINE}
"""Of optional dependencies."""

_TOO_SURE = (
    *(Kind.PLAIN, Kind.BOOSTED, Kind.LINEAR),
    *(kind for kind, engine in ENGINES.items() if engine.is_too_sure),
)

_WEIGHTS = {Kind.EXTRA: 2.0, Kind.LINEAR: 0.25}
"""Weights of the votes; 1 for all others. Selected from 18 mixtures as the one that loses least
against the better of XGBoost and a random forest on eight real data sets: at most 0.001 in accuracy
and macro-F1 on each."""

STEADY = Parameters(eta=0.2, subsample=0.6, colsample_bynode=0.6)
"""Of `Kind.BOOSTED`: stochastic gradient boosting (Friedman 2002) at a common learning rate."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One complete configuration of a training."""

    kinds: tuple[Kind, ...]
    groups: tuple[str, ...] = ()
    """Optional features that are used in addition to the requested ones."""
    clean: bool = False
    """Whether mixed pixels at the edges of polygons are excluded from the training."""
    power: float = 0.0
    """Class weighting: exponent of the inverse of a class's number of samples."""
    parameters: Parameters = field(default_factory=lambda: STEADY)
    """Of `Kind.BOOSTED`."""
    rounds: int = BOOSTED_ROUNDS

    @property
    def name(self) -> str:
        """Readable name."""
        return " + ".join(kind.value for kind in self.kinds)

    def has_roots(self, kind: Kind) -> bool:
        """Whether this kind votes with square roots of its probabilities, being overconfident."""
        return len(self.kinds) > 1 and kind in _TOO_SURE

    def weight(self, kind: Kind) -> float:
        """Weight of the vote of a kind."""
        return _WEIGHTS.get(kind, 1.0) if len(self.kinds) > 1 else 1.0

    def but(self, **changes: Any) -> Setup:
        """A copy with some choices changed."""
        return replace(self, **changes)

    def alone(self, kind: Kind) -> Setup:
        """A copy with this kind alone, and choices that do not affect it at their defaults."""
        usual = Setup(kinds=(kind,))
        boosted = kind is Kind.BOOSTED
        return replace(
            self,
            kinds=(kind,),
            parameters=self.parameters if boosted else usual.parameters,
            rounds=self.rounds if boosted else usual.rounds,
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kinds": [kind.value for kind in self.kinds],
            "features": list(self.groups),
            "without_mixed_pixels": self.clean,
            "balance": self.power,
            "parameters": self.parameters.to_dict(),
            "rounds": self.rounds,
        }


def weights(labels: NDArray[np.int64], classes: int, power: float) -> NDArray[np.float32]:
    """(sample,) class weights with a mean of 1."""
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    found = (counts.mean() / counts)[labels] ** power
    scaled: NDArray[np.float32] = (found / found.mean()).astype(np.float32)
    return scaled


def trees_of(setup: Setup, classes: int) -> int:
    """Number of trees of a model, over all members."""
    per_round = 1 if setup.parameters.strategy is Strategy.VECTOR_LEAF else classes
    of_kind = {
        Kind.PLAIN: PLAIN_ROUNDS * classes,
        Kind.BOOSTED: setup.rounds * per_round,
        Kind.FOREST: FOREST_TREES,
        Kind.EXTRA: EXTRA_TREES,
        Kind.LINEAR: 0,
        **{kind: engine.trees(classes) for kind, engine in ENGINES.items()},
    }
    return sum(of_kind[kind] for kind in setup.kinds)


Fitted = Union["Booster", Linear]
"""A classifier of one kind, in memory."""


def fit_kind(
    kind: Kind, setup: Setup, rows: Rows, threads: int, seed: int, *, tried: bool = False
) -> Fitted:
    """A classifier fitted to these samples; `tried`: a faster variant, for comparisons only."""
    raise_if_stopped()
    if kind in ENGINES:
        return ENGINES[kind].fit(rows, EngineRun(threads=threads, seed=seed, tried=tried))
    if kind is Kind.LINEAR:
        return Linear.fit(rows.values, rows.labels, rows.weights, rows.classes)
    if kind is Kind.FOREST:
        if tried:
            bins = tried_bins(rows.values.shape[1])
            return fit_forest(rows, _TRIED_TREES, threads, seed, bins)
        return fit_forest(rows, FOREST_TREES, threads, seed)
    if kind is Kind.EXTRA:
        trees = grow(rows, _TRIED_TREES if tried else EXTRA_TREES, seed)
        return booster_of(trees, rows.values.shape[1], rows.classes, threads)
    if kind is Kind.PLAIN:
        return fit(rows, Parameters(), PLAIN_ROUNDS, threads, seed)
    return fit(rows, setup.parameters, setup.rounds, threads, seed)


def tried_bins(features: int) -> int:
    """Bins of a forest that is only evaluated on folds, for a number of features."""
    return min(_TRIED_BINS, max(_LEAST_BINS, _TRIED_CELLS // features))


def predict(fitted: Fitted, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(sample, class) probabilities from features (sample, feature)."""
    if isinstance(fitted, Linear):
        return fitted.probabilities(values)
    return probabilities(fitted, values)


def voted(setup: Setup, each: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """(..., class) vote over the probabilities of each kind of a setup, in its order."""
    kinds = zip(setup.kinds, each, strict=True)
    votes = [roots_of(one) if setup.has_roots(kind) else one for kind, one in kinds]
    return vote(votes, [setup.weight(kind) for kind in setup.kinds])


def members_of(setup: Setup, each: Sequence[Fitted]) -> tuple[Member, ...]:
    """Members for a model file; `each` are the fitted kinds of the setup, in its order."""
    return tuple(
        _member_of(fitted, roots=setup.has_roots(kind), weight=setup.weight(kind))
        for kind, fitted in zip(setup.kinds, each, strict=True)
    )


def _member_of(fitted: Fitted, *, roots: bool, weight: float) -> Member:
    if isinstance(fitted, Linear):
        kind, content = MemberKind.LINEAR, fitted.to_bytes()
    else:
        kind, content = MemberKind.TREES, bytes(fitted.save_raw("ubj"))
    return Member(kind=kind, content=content, roots=roots, weight=weight)
