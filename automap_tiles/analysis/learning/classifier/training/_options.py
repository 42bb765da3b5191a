"""How to train."""

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
    """How much a sample of a rare class counts, beside one of a common class."""

    NONE = "none"
    """The same: best for overall accuracy."""
    ROOT = "root"
    """More, by the root of how much rarer the class is."""
    EQUAL = "equal"
    """So much more that all classes count the same: best for the rare ones."""

    @property
    def power(self) -> float:
        """Of the inverse of the number of samples of a class."""
        return {Balance.NONE: 0.0, Balance.ROOT: 0.5, Balance.EQUAL: 1.0}[self]


class Search(StrEnum):
    """What proposes parameters."""

    RANDOM = "random"
    TPE = "tpe"
    """Optuna, from the extra `tune`."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Raises `ValueError` for values that cannot be."""

    budget: Budget | None = None
    """Of the search for parameters; None: by the number of polygons, see `budget_for`."""
    search: Search = Search.RANDOM
    strategies: tuple[Strategy, ...] = (Strategy.TREE_PER_CLASS,)
    """Which kinds of trees may be searched; the first one is what is not searched."""
    balance: Balance | None = None
    """None: by evidence."""
    clean: bool | None = None
    """Whether pixels at the edges of polygons that look mixed are left out; None: by evidence."""
    kinds: tuple[Kind, ...] | None = None
    """What votes; None: by evidence."""
    also: tuple[Kind, ...] = ()
    """Engines of extras that are tried beside the others where `kinds` is left to evidence."""
    components: int | float | None = None
    """Principal components of the features: how many, or the share of variance they keep."""
    split: Split = Split.AUTO
    folds: int | None = None
    """Parts that are held out in turn; None: by the number of polygons or blocks."""
    block_size: float | None = None
    """Side of the blocks, in the unit of the samples' CRS."""
    holdout: float = 0.0
    """Share of the polygons or blocks that is kept for a final test, and never learnt from."""
    seed: int = 0
    threads: int | None = None
    """All cores when None. Another number may change the last digits of the trees."""

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
        """Threads to train with."""
        return self.threads or cores()

    def budget_for(self, groups: int) -> Budget | None:
        """Of so many polygons or blocks held out; None: no search.

        What a search gains, a percent or two, cannot be told from chance on few polygons.
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
