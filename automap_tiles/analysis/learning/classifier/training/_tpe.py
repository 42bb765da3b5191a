"""Parameter search by Optuna: tree-structured Parzen estimators (Bergstra et al. 2011)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automap_tiles.analysis.learning.classifier._parameters import Parameters, Strategy, ranges
from automap_tiles.analysis.learning.classifier.training._search import Trial
from automap_tiles.errors import MissingExtra

if TYPE_CHECKING:
    import optuna


class TpeSampler:
    """Proposes parameters near good ones; reproducible for the same seed and results."""

    def __init__(self, strategy: Strategy, seed: int) -> None:
        library = _optuna()
        library.logging.set_verbosity(library.logging.WARNING)
        self._strategy = strategy
        self._asked: optuna.Trial | None = None
        self._study: optuna.Study = library.create_study(
            sampler=library.samplers.TPESampler(seed=seed, multivariate=False)
        )

    def propose(self) -> Parameters:
        """The next set of parameters."""
        self._asked = self._study.ask()
        values: dict[str, Any] = {}
        for name, span in ranges(self._strategy).items():
            if span.whole:
                values[name] = self._asked.suggest_int(name, int(span.low), int(span.high))
            else:
                values[name] = self._asked.suggest_float(name, span.low, span.high, log=span.log)
        return Parameters(strategy=self._strategy, **values)

    def tell(self, trial: Trial) -> None:
        """Record the loss of a proposed trial.

        One that was ended early counts with its last loss.
        """
        if self._asked is not None:
            self._study.tell(self._asked, trial.loss)
            self._asked = None


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtra("optuna", "tune") from error
    return optuna
