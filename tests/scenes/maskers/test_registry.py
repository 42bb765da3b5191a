from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError, MissingExtra
from automap_tiles.scenes.maskers import Masking, csmask, names, s2cloudless
from automap_tiles.scenes.masks import FlagSource


def test_words_that_are_wrong() -> None:
    with pytest.raises(ConfigError, match="no such masker") as caught:
        Masking(name="s2cloudles")
    assert "s2cloudless?" in str(caught.value)
    with pytest.raises(ConfigError, match="1 to 10000 metres"):
        Masking(name="csmask", resolution=0)


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        (s2cloudless, "s2cloudless", "s2cloudless"),
        (s2cloudless, "xgboost", "s2cloudless"),
        (csmask, "ukis_csmask", "csmask"),
        (csmask, "onnxruntime", "csmask"),
    ],
)
def test_an_extra_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, module: Any, package: str, extra: str
) -> None:
    monkeypatch.setattr(
        module, "find_spec", lambda name: None if name == package else find_spec(name)
    )
    with pytest.raises(MissingExtra, match=rf"pip install 'automap-tiles\[{extra}\]'"):
        module.open_masker()


def test_bands_that_a_scene_must_have() -> None:
    assert FlagSource().bands == ()
    assert FlagSource(project_shadow=True).bands == ("red", "nir")
    for name in names():
        assert len(Masking(name=name).bands) in (6, 10)


def test_names_cost_no_imports() -> None:
    """Models and their libraries are loaded by whoever makes a mask."""
    heavy = ("xgboost", "onnxruntime", "s2cloudless", "ukis_csmask", "scipy", "cv2", "lightgbm")
    code = "import sys; from automap_tiles.scenes.maskers import Masking\n"
    code += "[Masking(name=name).bands for name in ('s2cloudless', 'csmask')]\n"
    code += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"
