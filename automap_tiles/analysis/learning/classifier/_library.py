"""XGBoost, imported by the first call that needs it."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

from automap_tiles.errors import MissingExtra


def xgboost() -> ModuleType:
    """The module; raises `MissingExtra` when it is not installed.

    Its threads wait without spinning, so that they do not take the cores of other workers. That
    is read once, when XGBoost is first loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import_module("automap_tiles.imports.xgboost")  # before the next line
        import xgboost
    except ImportError as error:
        raise MissingExtra("xgboost", "classify") from error
    return xgboost


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
