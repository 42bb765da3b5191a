"""The voting members of a model: trees, or a linear classifier, on all or some of the features."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class MemberKind(StrEnum):
    """Format of a member's content."""

    TREES = "trees"
    """XGBoost's UBJSON."""
    LINEAR = "linear"
    """JSON of `linear.Linear`."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A classifier of its own.

    The probabilities of a model are the weighted mean over its members.
    """

    kind: MemberKind
    content: bytes
    columns: tuple[int, ...] | None = None
    """Indices of the features that it uses; None: all."""
    roots: bool = False
    """Whether it votes with square roots of its probabilities; see `roots_of`."""
    weight: float = 1.0
    """Weight of its vote."""

    @property
    def file(self) -> str:
        """Suffix of its file name in the model file."""
        return {MemberKind.TREES: "ubj", MemberKind.LINEAR: "json"}[self.kind]

    def facts(self, inputs: int) -> dict[str, Any]:
        """For JSON, without the content."""
        return {
            "kind": self.kind.value,
            "columns": None if self.columns is None else list(self.columns),
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "inputs": inputs if self.columns is None else len(self.columns),
            **({"roots": True} if self.roots else {}),
            **({} if self.weight == 1 else {"weight": self.weight}),
        }

    def take(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Its columns of the features (sample, feature)."""
        if self.columns is None:
            return rows
        return np.ascontiguousarray(rows[:, list(self.columns)])


def roots_of(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Square roots of probabilities (..., class), normalised to a sum of 1.

    Boosting is overconfident (Niculescu-Mizil & Caruana 2005, ICML 22: 625-632) and would outvote a
    better forest. The square root is a softmax at twice the temperature (Guo et al. 2017, ICML 34:
    1321-1330). Sums are taken class by class, so that the bits do not change.
    """
    found = np.sqrt(probabilities)
    total = found[..., 0].copy()
    for place in range(1, found.shape[-1]):
        total += found[..., place]
    found /= np.maximum(total, np.float32(1e-12))[..., None]
    return found


def vote(
    each: Sequence[NDArray[np.float32]], weights: Sequence[float] | None = None
) -> NDArray[np.float32]:
    """Weighted mean of the members' probabilities (sample, class).

    The order of summation is fixed, so that the bits do not change.
    """
    if len(each) == 1:
        return each[0]
    weights = [1.0] * len(each) if weights is None else weights
    total = each[0] * np.float32(weights[0])
    for one, weight in zip(each[1:], weights[1:], strict=True):
        total += one if weight == 1 else one * np.float32(weight)
    total *= np.float32(1 / sum(weights))
    return total
