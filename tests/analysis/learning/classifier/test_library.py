"""What is said where XGBoost or Optuna is not installed."""

from __future__ import annotations

import sys

import pytest

from automap_tiles.analysis.learning.classifier._library import cores, xgboost
from automap_tiles.analysis.learning.classifier._parameters import Strategy
from automap_tiles.analysis.learning.classifier.training._tpe import TpeSampler
from automap_tiles.errors import MissingExtra


def test_without_xgboost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(MissingExtra, match=r"automap-tiles\[classify\]"):
        xgboost()


def test_without_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"automap-tiles\[tune\]"):
        TpeSampler(Strategy.TREE_PER_CLASS, 0)


def test_there_is_a_core() -> None:
    assert cores() >= 1
