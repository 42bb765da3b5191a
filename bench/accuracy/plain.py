"""What is to be beaten: XGBoost and a random forest with their defaults, on the bands alone.

And the vote that `automap train` takes where nothing is shown to be better, without the folds that
ask for something better: a hundred times as fast to measure.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from xgboost import XGBClassifier

from automap_tiles.analysis.learning.classifier._boosting import Rows
from automap_tiles.analysis.learning.classifier._setups import Setup, fit_kind, predict, voted
from automap_tiles.analysis.learning.classifier.training._decide import BASE
from automap_tiles.analysis.learning.sample_table import SampleTable

TREES = 500


def xgboost(learnt: SampleTable, held: SampleTable) -> tuple[Any, float, float]:
    """Classes of the pixels held out, CPU seconds of training and of prediction."""
    return _run(XGBClassifier(n_jobs=1), learnt, held)


def forest(learnt: SampleTable, held: SampleTable) -> tuple[Any, float, float]:
    """The same by scikit-learn's forest."""
    return _run(RandomForestClassifier(TREES, random_state=0, n_jobs=1), learnt, held)


def _run(model: Any, learnt: SampleTable, held: SampleTable) -> tuple[Any, float, float]:
    values, labels = np.unique(learnt.classes, return_inverse=True)
    start = time.process_time()
    model.fit(learnt.values, labels.reshape(-1))
    middle = time.process_time()
    found = values[np.asarray(model.predict(held.values), dtype=np.int64)]
    return found, middle - start, time.process_time() - middle


def vote(learnt: SampleTable, held: SampleTable) -> tuple[Any, float, float]:
    """The same by the vote."""
    values, labels = np.unique(learnt.classes, return_inverse=True)
    rows = Rows(
        values=np.ascontiguousarray(learnt.values),
        labels=labels.reshape(-1).astype(np.int64),
        weights=np.ones(len(learnt), dtype=np.float32),
        classes=len(values),
    )
    setup, start = Setup(kinds=BASE), time.process_time()
    fitted = [fit_kind(kind, setup, rows, 1, 0) for kind in setup.kinds]
    middle = time.process_time()
    probabilities = voted(setup, [predict(one, held.values) for one in fitted])
    found = values[probabilities.argmax(axis=1)]
    return found, middle - start, time.process_time() - middle
