"""Tunable parameters and their ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np


class Strategy(StrEnum):
    """Content of a tree's leaves; the values are XGBoost's `multi_strategy`."""

    TREE_PER_CLASS = "one_output_per_tree"
    """One number: every round grows a tree per class."""
    VECTOR_LEAF = "multi_output_tree"
    """One number per class: every round grows one tree. Several times faster to predict."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """Range of a parameter, inclusive."""

    low: float
    high: float
    log: bool = False
    """Whether it is sampled on a logarithmic scale."""
    whole: bool = False
    """Whether values are integers."""

    def draw(self, random: np.random.Generator) -> float:
        """A random value."""
        if self.whole:
            return int(random.integers(int(self.low), int(self.high), endpoint=True))
        if self.log:
            return math.exp(random.uniform(math.log(self.low), math.log(self.high)))
        return float(random.uniform(self.low, self.high))


RANGES: Mapping[str, Range] = MappingProxyType(
    {
        # Wide ranges used in practice; see "Notes on Parameter Tuning" in XGBoost's documentation
        # and Probst, Boulesteix & Bischl 2019, JMLR 20(53), table 3.
        "eta": Range(low=0.03, high=0.3, log=True),
        "max_depth": Range(low=3, high=10, whole=True),
        "min_child_weight": Range(low=1, high=10),
        "subsample": Range(low=0.5, high=1),
        "colsample_bytree": Range(low=0.5, high=1),
        "gamma": Range(low=0, high=5),
        "reg_lambda": Range(low=0.1, high=10, log=True),
    }
)
"""Name of a field of `Parameters` -> its range."""

_VECTOR_DEPTH = Range(low=3, high=8, whole=True)


def ranges(strategy: Strategy) -> Mapping[str, Range]:
    """Ranges for one kind of trees.

    The depth of trees with vector leaves is limited to 8: their histograms hold all classes, and 20
    rounds of depth 10 took 14 s, against 2 s with one tree per class (65 features, 8 classes).
    """
    if strategy is Strategy.VECTOR_LEAF:
        return {**RANGES, "max_depth": _VECTOR_DEPTH}
    return RANGES


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """Parameters of one training, with XGBoost's names and defaults."""

    eta: float = 0.3
    max_depth: int = 6
    min_child_weight: float = 1.0
    subsample: float = 1.0
    colsample_bytree: float = 1.0
    colsample_bynode: float = 1.0
    gamma: float = 0.0
    reg_lambda: float = 1.0
    strategy: Strategy = Strategy.TREE_PER_CLASS

    def of_strategy(self, strategy: Strategy) -> Parameters:
        """The same for another kind of trees."""
        return replace(self, strategy=strategy)

    def to_dict(self) -> dict[str, Any]:
        """For JSON and reports."""
        return {**asdict(self), "strategy": self.strategy.value}

    def for_xgboost(self) -> dict[str, Any]:
        """In the form of `xgboost.train`."""
        values = asdict(self)
        values["multi_strategy"] = values.pop("strategy").value
        return values
