"""Agreement of predicted and given classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Scores:
    """A confusion matrix and measures derived from it."""

    matrix: NDArray[Any]
    """(given class, predicted class) numbers of samples, or means of them."""

    @property
    def accuracy(self) -> float:
        """Fraction of correctly classified samples."""
        return float(np.trace(self.matrix) / self.matrix.sum())

    @property
    def recall(self) -> NDArray[np.float64]:
        """(class,) fraction of the samples of a class that were predicted as it.

        0 without samples.
        """
        return _share(np.diag(self.matrix), self.matrix.sum(axis=1))

    @property
    def precision(self) -> NDArray[np.float64]:
        """(class,) fraction of predictions of a class that are correct; 0 without predictions."""
        return _share(np.diag(self.matrix), self.matrix.sum(axis=0))

    @property
    def f1(self) -> NDArray[np.float64]:
        """(class,) harmonic mean of precision and recall."""
        both = self.matrix.sum(axis=1) + self.matrix.sum(axis=0)
        return _share(2 * np.diag(self.matrix), both)

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that have samples: all have the same weight."""
        asked = self.matrix.sum(axis=1) > 0
        return float(self.f1[asked].mean())

    def to_dict(self) -> dict[str, Any]:
        """For JSON; lists are in the order of the classes."""
        return {
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "precision": self.precision.tolist(),
            "recall": self.recall.tolist(),
            "f1": self.f1.tolist(),
            "confusion": self.matrix.tolist(),
        }


def scores(given: NDArray[Any], predicted: NDArray[Any], classes: int) -> Scores:
    """Scores of samples whose classes are given and predicted as 0 to `classes` - 1."""
    places = np.asarray(given, dtype=np.int64) * classes + np.asarray(predicted, dtype=np.int64)
    counts = np.bincount(places, minlength=classes**2)
    return Scores(matrix=counts.reshape(classes, classes).astype(np.int64))


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    share: NDArray[np.float64] = np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
    return share
