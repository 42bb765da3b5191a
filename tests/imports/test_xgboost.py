"""XGBoost without scikit-learn, until somebody wants what is made of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

BEGIN = """
import sys
import numpy as np
from automap_tiles.analysis.learning.classifier import xgboost

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


# What both import besides, once for all scripts: each runs in a process that was forked with it.
FORKING = """
import contextlib, importlib, json, os, sys
for name in ("numpy", "scipy.sparse", "scipy.optimize", "scipy.stats", "pandas", "joblib"):
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
assert not {"xgboost", "sklearn"} & set(sys.modules)
for line in sys.stdin:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        exec(compile(json.loads(line), "script", "exec"), {"__name__": "__main__"})
        sys.exit()
    os.close(writing)
    with open(reading) as pipe:
        text = pipe.read()
    print(json.dumps([os.waitpid(child, 0)[1], text]), flush=True)
"""
Forking = subprocess.Popen[str]


@pytest.fixture(scope="module")
def forking() -> Iterator[Forking]:
    """A process that runs a script for each line, each in a process of its own."""
    command = [sys.executable, "-W", "error", "-c", FORKING]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def said(forking: Forking, *parts: str) -> str:
    assert forking.stdin is not None
    assert forking.stdout is not None
    print(json.dumps("".join(parts)), file=forking.stdin, flush=True)
    status, text = json.loads(forking.stdout.readline())
    assert status == 0, text
    return str(text)


@pytest.mark.parametrize("wanted", WANTED)
def test_scikit_learn_comes_with_what_is_made_of_it(forking: Forking, wanted: str) -> None:
    pytest.importorskip("sklearn")
    assert said(forking, BEGIN, WANTED[wanted], END) == f"{wanted != 'nothing'}\n"


@pytest.mark.parametrize("first", ["import sklearn.base\n", "import xgboost\n"])
def test_who_has_it_already_keeps_it(forking: Forking, first: str) -> None:
    pytest.importorskip("sklearn")
    assert said(forking, first, BEGIN, WANTED["an estimator"], END) == "True\n"


def test_what_there_is_not_is_an_error(forking: Forking) -> None:
    script = "try: xgboost.NoSuchThing\nexcept AttributeError as error: print(error)\n"
    wanted = "module 'xgboost' has no attribute 'NoSuchThing'\nFalse\n"
    assert said(forking, BEGIN, script, END) == wanted


def test_another_thread_may_import_it_meanwhile(forking: Forking) -> None:
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
    assert said(forking, other, BEGIN, WANTED["an estimator"], END) == "True\n"
