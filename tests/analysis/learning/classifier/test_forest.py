"""XGBoost's round of parallel trees is a random forest."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.classifier._boosting import Rows, fit_forest, probabilities
from automap_tiles.analysis.learning.classifier._setups import tried_bins
from automap_tiles.analysis.learning.sample_table import SampleTable
from tests.analysis.learning.classifier.conftest import MakeTable


def _rows(table: SampleTable) -> Rows:
    labels = np.unique(table.classes, return_inverse=True)[1].astype(np.int64)
    return Rows(
        values=table.values,
        labels=labels,
        weights=np.ones(len(labels), np.float32),
        classes=3,
    )


def test_it_is_as_good_as_scikit_learns_on_other_polygons(make_table: MakeTable) -> None:
    ours, theirs = [], []
    for seed in range(6):
        learnt = _rows(make_table(polygons=12, seed=seed))
        asked = _rows(make_table(polygons=30, seed=100 + seed))
        forest = fit_forest(learnt, 100, 1, seed)
        found = probabilities(forest, asked.values)
        assert np.allclose(found.sum(axis=1), 1, atol=1e-4)
        assert found.min() >= 0
        ours.append(np.mean(found.argmax(axis=1) == asked.labels))
        other = RandomForestClassifier(100, random_state=seed).fit(learnt.values, learnt.labels)
        theirs.append(other.score(asked.values, asked.labels))
    assert abs(np.mean(ours) - np.mean(theirs)) < 0.01
    assert np.corrcoef(ours, theirs)[0, 1] > 0.7


def test_weights_count(make_table: MakeTable) -> None:
    """A class whose samples count nothing is not found."""
    rows = _rows(make_table())
    none = Rows(
        values=rows.values,
        labels=rows.labels,
        weights=np.where(rows.labels == 1, 1e-6, 1).astype(np.float32),
        classes=3,
    )
    found = probabilities(fit_forest(none, 50, 1, 0), rows.values)
    assert np.mean(found.argmax(axis=1) == 1) < 0.1


def test_of_many_features_a_tried_forest_looks_through_fewer_bins() -> None:
    assert [tried_bins(number) for number in (1, 6, 16, 39, 78)] == [64, 64, 64, 26, 16]
