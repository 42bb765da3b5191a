"""Scores, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.classifier.training._scores import scores


@pytest.mark.parametrize("seed", range(5))
def test_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    given, predicted = random.integers(0, 4, (2, 60))
    given[0], predicted[0] = 4, 2  # a class that is never predicted
    found = scores(given, predicted, 5)
    assert np.array_equal(found.matrix, metrics.confusion_matrix(given, predicted, labels=range(5)))
    assert found.accuracy == pytest.approx(metrics.accuracy_score(given, predicted))
    each = metrics.precision_recall_fscore_support(
        given, predicted, labels=range(5), zero_division=0
    )
    for ours, theirs in zip((found.precision, found.recall, found.f1), each, strict=False):
        assert ours == pytest.approx(theirs)
    assert found.macro_f1 == pytest.approx(
        metrics.f1_score(given, predicted, average="macro", zero_division=0)
    )
