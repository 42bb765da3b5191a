"""XGBoost, imported on first use."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

from automap_tiles.errors import MissingExtra


def xgboost() -> ModuleType:
    """The module; raises `MissingExtra` if it is not installed.

    Its threads wait passively, so that they do not occupy the cores of other workers. The setting
    is read only once, when XGBoost is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import_module("automap_tiles.imports.xgboost")  # before the next line
        import xgboost
    except ImportError as error:
        raise MissingExtra("xgboost", "classify") from error
    return xgboost


def cores() -> int:
    """Cores available to this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
