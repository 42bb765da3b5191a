"""Options of a training."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from automap_tiles.analysis.learning.classifier._library import cores
from automap_tiles.analysis.learning.classifier._parameters import Strategy
from automap_tiles.analysis.learning.classifier._setups import Kind
from automap_tiles.analysis.learning.classifier.training._search import Budget
from automap_tiles.analysis.learning.classifier.training._split import Split

_FEW_GROUPS = 60
_USUAL = Budget(trials=12, patience=5)


class Balance(StrEnum):
    """Weight of samples of rare classes relative to common ones."""

    NONE = "none"
    """Equal weights: best for overall accuracy."""
    ROOT = "root"
    """Square root of the inverse class frequency."""
    EQUAL = "equal"
    """Inverse class frequency, so that all classes have the same weight: best for rare ones."""

    @property
    def power(self) -> float:
        """Exponent of the inverse number of samples of a class."""
        return {Balance.NONE: 0.0, Balance.ROOT: 0.5, Balance.EQUAL: 1.0}[self]


class Search(StrEnum):
    """Algorithm that proposes parameters."""

    RANDOM = "random"
    TPE = "tpe"
    """Optuna, from the extra `tune`."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Raises `ValueError` for values out of range."""

    budget: Budget | None = None
    """Of the parameter search; None: depends on the number of polygons, see `budget_for`."""
    search: Search = Search.RANDOM
    strategies: tuple[Strategy, ...] = (Strategy.TREE_PER_CLASS,)
    """Kinds of trees that may be searched; the first one is used where no search is made."""
    balance: Balance | None = None
    """None: selected by cross-validation."""
    clean: bool | None = None
    """Whether edge pixels of polygons that look mixed are excluded; None: by cross-validation."""
    kinds: tuple[Kind, ...] | None = None
    """Voting classifiers; None: selected by cross-validation."""
    also: tuple[Kind, ...] = ()
    """Engines of extras that are additional candidates when `kinds` is selected by
    cross-validation."""
    components: int | float | None = None
    """Principal components of the features: their number, or the fraction of variance to retain."""
    split: Split = Split.AUTO
    folds: int | None = None
    """Number of folds; None: depends on the number of polygons or blocks."""
    block_size: float | None = None
    """Edge of the blocks, in the unit of the samples' CRS."""
    holdout: float = 0.0
    """Fraction of the polygons or blocks reserved for a final test, excluded from the training."""
    seed: int = 0
    threads: int | None = None
    """None: all cores. Another number may change the last digits of the trees."""

    def __post_init__(self) -> None:
        if not 0 <= self.holdout <= 0.5:
            raise ValueError(f"holdout is a share from 0 to 0.5, not {self.holdout}")
        if self.folds is not None and self.folds < 2:
            raise ValueError(f"there must be 2 folds or more, not {self.folds}")
        if not self.strategies:
            raise ValueError("at least one kind of trees must be allowed")
        budget = self.budget
        if budget is not None and budget.trials is None and budget.seconds is None:
            raise ValueError("a budget needs a number of trials or of seconds")

    @property
    def cores(self) -> int:
        """Number of training threads."""
        return self.threads or cores()

    def budget_for(self, groups: int) -> Budget | None:
        """Search budget for a number of held-out polygons or blocks; None: no search.

        The gain of a search, one or two percent, is not significant with few polygons.
        """
        if self.budget is None:
            return _USUAL if groups >= _FEW_GROUPS else None
        return None if self.budget.trials == 0 else self.budget

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "trials": None if self.budget is None else self.budget.trials,
            "seconds": None if self.budget is None else self.budget.seconds,
            "search": self.search.value,
            "strategies": [strategy.value for strategy in self.strategies],
            "balance": None if self.balance is None else self.balance.value,
            "clean": self.clean,
            "kinds": None if self.kinds is None else [kind.value for kind in self.kinds],
            **({"also": [kind.value for kind in self.also]} if self.also else {}),
            "components": self.components,
            "split": self.split.value,
            "folds": self.folds,
            "block_size": self.block_size,
            "holdout": self.holdout,
            "seed": self.seed,
        }
