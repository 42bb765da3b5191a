"""Which trial becomes the model: the best one, or a faster one that is not significantly worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles.analysis.learning.classifier._parameters import Strategy
from automap_tiles.analysis.learning.classifier.training._search import Found, Trial

# A larger relative loss is never accepted, whatever the variance between folds.
_MOST_LOSS = 0.02


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best trial of each kind of tree, and the selected one.

    The rule: vector leaves are selected if their log loss exceeds that of one tree per class by no
    more than one standard error of the difference over the folds, nor by more than 2 %, and does
    not exceed that of the default parameters.
    """

    chosen: Trial
    default: Trial
    """Trial with XGBoost's default parameters, the first one."""
    per_class: Trial | None
    vector: Trial | None
    difference: float | None
    """Mean over the folds of log loss with vector leaves minus that of one tree per class."""
    standard_error: float | None
    """Of the difference."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "chosen": self.chosen.parameters.strategy.value,
            "default_loss": self.default.loss,
            "chosen_loss": self.chosen.loss,
            "trials": {
                trial.parameters.strategy.value: {"number": trial.number, "loss": trial.loss}
                for trial in (self.per_class, self.vector)
                if trial is not None
            },
            "difference": self.difference,
            "standard_error": self.standard_error,
        }


def choose(found: Found) -> Choice:
    """Apply the rule to the result of a search, whose first trial has the default parameters."""
    default = found.trials[0]
    per_class = found.best(Strategy.TREE_PER_CLASS)
    vector = found.best(Strategy.VECTOR_LEAF)
    if per_class is None or vector is None:
        chosen = per_class or vector or default
        return Choice(
            chosen=chosen,
            default=default,
            per_class=per_class,
            vector=vector,
            difference=None,
            standard_error=None,
        )
    differences = np.subtract(vector.losses, per_class.losses)
    difference = float(differences.mean())
    error = float(differences.std(ddof=1) / np.sqrt(len(differences)))
    no_loss = difference <= min(error, _MOST_LOSS * per_class.loss) or difference <= 0
    return Choice(
        chosen=vector if no_loss and vector.loss <= default.loss else per_class,
        default=default,
        per_class=per_class,
        vector=vector,
        difference=difference,
        standard_error=error,
    )
