"""Names that modules had in earlier versions, in processes of users."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from automap_tiles.analysis import _legacy_modules


@pytest.mark.parametrize("name", sorted(_legacy_modules._NOW))
def test_an_earlier_name_is_the_same_functions(name: str) -> None:
    then = importlib.import_module(f"automap_tiles.analysis.{name}")
    now = importlib.import_module(f"automap_tiles.analysis.{_legacy_modules._NOW[name]}")
    public = [each for each in vars(now) if not each.startswith("_")]
    assert public
    assert all(getattr(then, each) is getattr(now, each) for each in public)


def test_in_a_fresh_process() -> None:
    code = (
        "import automap_tiles.analysis.boxes as b\n"
        "from automap_tiles.analysis.composite import median\n"
        "from automap_tiles.analysis import gaps\n"
        "print(b.__name__, median.__module__, gaps.__doc__ is not None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "automap_tiles.analysis.boxes", "automap_tiles.analysis.composites.composite", "True",
    ]  # fmt: skip


def test_what_never_was_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("automap_tiles.analysis.nothing")
