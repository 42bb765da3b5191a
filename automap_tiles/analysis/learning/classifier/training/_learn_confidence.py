"""Fit a model's confidence measures to samples that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._confidence import Confidence
from automap_tiles.analysis.learning.classifier._setups import Fitted, Setup, predict, voted
from automap_tiles.analysis.learning.classifier.training._calibration import (
    Calibrated,
    Held,
    calibrate,
)
from automap_tiles.analysis.learning.classifier.training._prediction_sets import Apart, Sets, sets
from automap_tiles.analysis.learning.classifier.training._prepare import Prepared
from automap_tiles.analysis.learning.classifier.training._questions import Decided
from automap_tiles.analysis.learning.classifier.training._tryout import Tryout
from automap_tiles.analysis.learning.confidence.applicability import (
    Applicability,
    applicability,
)
from automap_tiles.analysis.learning.sample_table import SampleTable


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Fitted confidence measures."""

    calibrated: Calibrated
    sets: Sets
    area: Applicability | None
    """None if no pixel can be called dissimilar."""

    @property
    def confidence(self) -> Confidence:
        """The part that is stored in the model."""
        return Confidence(
            temperature=self.calibrated.temperature,
            isotonic=self.calibrated.isotonic,
            sets=self.sets.scores,
            applicability=self.area,
        )


def trusted(
    tryout: Tryout, asked: Decided, apart: Apart | None, importances: Mapping[str, float],
    names: Sequence[str],
) -> Trust:  # fmt: skip
    """From the held-out samples of the folds, and from samples excluded from the whole training.

    `importances` are those of the features `names`.
    """
    setup = asked.taken.setup
    held = Held.of(tryout, setup)
    calibrated = calibrate(held, asked.draws)
    places = list(tryout.samples.columns_of(setup))
    area = applicability(
        tryout.samples.values[:, places],
        [importances[names[place]] for place in places],
        tryout.fold_of[0],
        tryout.seed,
    )
    return Trust(calibrated=calibrated, sets=sets(calibrated, held, apart), area=area)


def kept_apart(
    table: SampleTable,
    groups: NDArray[np.int64],
    prepared: Prepared,
    setup: Setup,
    fitted: Sequence[Fitted],
) -> Apart | None:
    """Samples of groups (sample,) excluded from the training; None if there are none."""
    if not len(table):
        return None
    values = table.values if prepared.pca is None else prepared.pca.apply_rows(table.values)
    values = np.ascontiguousarray(values[:, list(prepared.samples.columns_of(setup))])
    found = voted(setup, [predict(one, values) for one in fitted])
    numbers = np.array([one.value for one in prepared.classes])
    weights = np.ones(len(table), np.float32) if table.stands_for is None else table.stands_for
    return Apart(
        probabilities=np.ascontiguousarray(found.T),
        labels=np.searchsorted(numbers, table.classes).astype(np.int64),
        groups=groups,
        weights=weights,
    )
