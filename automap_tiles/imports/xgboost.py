"""Imports XGBoost without scikit-learn, which it loads wherever that is installed.

That takes more than a second in every process, three times as long as the rest, and only its
estimators, its plots and its stratified folds need it: those load it when somebody asks for them.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_ITSELF = "sklearn"
_LATER = ("xgboost.plotting", "xgboost.sklearn")
"""Its modules that begin with the estimators."""
_FOLDS = "XGBStratifiedKFold"
_OF_SKLEARN = (
    "SKLEARN_INSTALLED", "XGBClassifierBase", "XGBModelBase", "XGBRegressorBase", _FOLDS,
    "_sklearn_Tags", "_sklearn_version",
)  # fmt: skip
"""What `xgboost.compat` has of it, or stand-ins where it is not installed."""


class _Compat(ModuleType):
    """`xgboost.compat`, which looks for scikit-learn when a name of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        if name not in _OF_SKLEARN:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        importlib.reload(self)
        return vars(self)[name]


class _Package(ModuleType):
    """`xgboost`, whose estimators and plots are imported when they are wanted."""

    def __getattr__(self, name: str) -> Any:
        whole = f"{self.__name__}.{name}"
        if whole in _LATER:
            return importlib.import_module(whole)
        if name in self.__all__:
            for module in map(importlib.import_module, _LATER):
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


class _NotNow(MetaPathFinder):
    """For the thread that imports XGBoost, there is no scikit-learn."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 (names of Python's own)
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname in (_ITSELF, *_LATER) and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is imported later", name=fullname)
        return None


def _import() -> None:
    if {_ITSELF, "xgboost"} & sys.modules.keys() or find_spec(_ITSELF) is None:
        importlib.import_module("xgboost")
        return
    finder = _NotNow()
    sys.meta_path.insert(0, finder)
    try:
        package = importlib.import_module("xgboost")
    finally:
        sys.meta_path.remove(finder)
    compat, training = sys.modules["xgboost.compat"], sys.modules["xgboost.training"]
    for name in _OF_SKLEARN:
        vars(compat).pop(name, None)
    compat.__class__, package.__class__ = _Compat, _Package
    # `cv` has copies of the two, which it finds without asking their module.
    vars(training)["SKLEARN_INSTALLED"] = True
    vars(training)[_FOLDS] = partial(_folds, compat)


def _folds(compat: ModuleType, **options: Any) -> Any:
    return getattr(compat, _FOLDS)(**options)


_import()
