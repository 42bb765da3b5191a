"""XGBoost without scikit-learn, until somebody wants what is made of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import sys
import numpy as np
from automap_tiles.analysis.learning.classifier.library import xgboost

xgb = xgboost()
import xgboost
assert xgb is xgboost
x = np.random.default_rng(0).random((200, 4))
y = (x[:, 0] > 0.5).astype(int)
data = xgboost.DMatrix(x, y)
model = xgboost.train({"objective": "binary:logistic", "max_depth": 2}, data, 5)
assert ((model.predict(data) > 0.5) == y).mean() > 0.98
"""
WANTED = {
    "nothing": "",
    "an estimator": """
from xgboost import XGBClassifier
from sklearn.base import clone, is_classifier
from sklearn.model_selection import cross_val_score
assert is_classifier(XGBClassifier())
assert cross_val_score(clone(XGBClassifier(n_estimators=5)), x, y).min() > 0.9
import xgboost.sklearn
assert xgboost.sklearn.XGBClassifier is XGBClassifier
""",
    "the module of estimators": """
import sklearn.base
from xgboost.sklearn import XGBRegressor
assert isinstance(XGBRegressor(), sklearn.base.RegressorMixin)
""",
    "stratified folds": """
seen = xgboost.cv({"objective": "binary:logistic"}, data, 3, stratified=True, as_pandas=False)
assert len(seen["test-logloss-mean"]) == 3
""",
    "everything": """
from xgboost import *
assert XGBRFRegressor.__module__ == "xgboost.sklearn"
""",
    "whether it is there": """
from xgboost import compat
assert compat.SKLEARN_INSTALLED and compat.XGBModelBase.__module__ == "sklearn.base"
""",
}
END = "print('sklearn.base' in sys.modules)"


def said(*parts: str) -> str:
    script = [sys.executable, "-W", "error", "-c", "".join(parts)]
    run = subprocess.run(script, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("wanted", WANTED)
def test_scikit_learn_comes_with_what_is_made_of_it(wanted: str) -> None:
    pytest.importorskip("sklearn")
    assert said(BEGIN, WANTED[wanted], END) == f"{wanted != 'nothing'}\n"


@pytest.mark.parametrize("first", ["import sklearn.base\n", "import xgboost\n"])
def test_who_has_it_already_keeps_it(first: str) -> None:
    pytest.importorskip("sklearn")
    assert said(first, BEGIN, WANTED["an estimator"], END) == "True\n"


def test_what_there_is_not_is_an_error() -> None:
    script = "try: xgboost.NoSuchThing\nexcept AttributeError as error: print(error)\n"
    assert said(BEGIN, script, END) == "module 'xgboost' has no attribute 'NoSuchThing'\nFalse\n"


def test_another_thread_may_import_it_meanwhile() -> None:
    other = """
import builtins, importlib, sys, threading
whole = importlib.import_module
found = []
def import_module(name, package=None):
    if name == "xgboost" and not found:
        thread = threading.Thread(target=lambda: found.append(whole("sklearn.base")))
        thread.start()
        thread.join()
    return whole(name, package)
importlib.import_module = import_module
"""
    pytest.importorskip("sklearn")
    assert said(other, BEGIN, WANTED["an estimator"], END) == "True\n"
