from __future__ import annotations

import os
import subprocess
import sys

import pytest

from automap_tiles import accelerate
from automap_tiles.analysis._compiled import compiled
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


def test_small_work_is_not_worth_the_import() -> None:
    """NumPy computes the first second of it, kernels the rest: the same bits."""
    pytest.importorskip("numba")
    script = """
import sys
import numpy as np
from automap_tiles import accelerate
from automap_tiles.analysis.composites.geomedian import geomedian
stack = np.random.default_rng(1).random((6, 4, 40, 40), dtype="f4")
found = [geomedian(stack)]
print("numba" in sys.modules)
accelerate._Process.seconds = accelerate.PAYS_SECONDS - 1e-6
found.append(geomedian(stack))
print("numba" in sys.modules, len({one.picture.data.tobytes() for one in found}))
"""
    environment = {name: text for name, text in os.environ.items() if name != accelerate.SWITCH}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "1"]


def test_work_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerate, "find_spec", lambda name: object())
    monkeypatch.setattr(accelerate._Process, "seconds", 0.0)
    monkeypatch.delenv(accelerate.SWITCH, raising=False)
    parts = [accelerate.is_wanted(None, 0.4 * accelerate.PAYS_SECONDS) for _ in range(4)]
    assert parts == [False, False, True, True]
    monkeypatch.setattr(accelerate._Process, "seconds", 0.0)
    assert accelerate.is_wanted(True, 0.0)
    assert not accelerate.is_wanted(False, 100.0)
    for switch, wanted in (("0", False), ("1", True)):
        monkeypatch.setenv(accelerate.SWITCH, switch)
        assert accelerate.is_wanted(None, 100.0 if switch == "0" else 0.0) is wanted


def test_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerate, "find_spec", lambda name: object())
    monkeypatch.delenv(accelerate.SWITCH, raising=False)
    assert accelerate.is_wanted(None)
    assert not accelerate.is_wanted(False)
    monkeypatch.setenv(accelerate.SWITCH, "0")
    assert not accelerate.is_wanted(None)
    assert accelerate.is_wanted(True)
    assert compiled(None) is None


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerate, "find_spec", lambda name: None)
    monkeypatch.delenv(accelerate.SWITCH, raising=False)
    assert not accelerate.is_wanted(None)
    with pytest.raises(MissingExtra, match=r"fast"):
        accelerate.is_wanted(True)
