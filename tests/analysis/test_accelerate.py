from __future__ import annotations

import subprocess
import sys

import pytest

from automap_tiles.analysis import _accelerate
from automap_tiles.errors import MissingExtra

_SCRIPT = """
import importlib, pkgutil, sys
import numpy as np
import automap_tiles.analysis as analysis
for module in pkgutil.iter_modules(analysis.__path__):
    if not module.name.endswith("kernels"):
        importlib.import_module(f"automap_tiles.analysis.{module.name}")
from automap_tiles.analysis.composites.medoid import medoid
medoid(np.ones((2, 2, 3, 3)), fast=False)
medoid(np.ones((2, 2, 3, 3)))
print("numba" in sys.modules, "scipy" in sys.modules)
"""


def test_numba_is_not_imported_unless_it_is_wanted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env={"AUTOMAP_FAST": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False False"


def test_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_accelerate, "find_spec", lambda name: object())
    monkeypatch.delenv(_accelerate.SWITCH, raising=False)
    assert _accelerate.is_wanted(None)
    assert not _accelerate.is_wanted(False)
    monkeypatch.setenv(_accelerate.SWITCH, "0")
    assert not _accelerate.is_wanted(None)
    assert _accelerate.is_wanted(True)
    assert _accelerate.compiled(None) is None


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_accelerate, "find_spec", lambda name: None)
    monkeypatch.delenv(_accelerate.SWITCH, raising=False)
    assert not _accelerate.is_wanted(None)
    with pytest.raises(MissingExtra, match=r"fast"):
        _accelerate.is_wanted(True)
