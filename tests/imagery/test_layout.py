"""What is laid out where the folder of real imagery is absent: whole, recognised, told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.missions import COMMON, Flag, quality_layer
from automap_tiles.scenes.find import products
from tests.imagery import __main__ as command
from tests.imagery import place, standins


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("standins")
    standins.write(data, (standins.NEW_YORK, standins.SOUTH_CAROLINA, standins.PERU))
    return data


def test_products_that_the_tests_write_are_products(written: Path) -> None:
    found = products(written / standins.NEW_YORK, bands=COMMON)
    assert not found.rejected
    assert len(found.scenes) == 19
    for folder, level in ((standins.SOUTH_CAROLINA, "L1TP"), (standins.PERU, "L2SP")):
        (scene,) = products(written / folder, bands=COMMON).scenes
        assert scene.level == level
        assert "estimated" not in scene.metadata
        assert scene.cloud_cover is not None
        with rasterio.open(scene.quality[0].href) as file:
            flags = quality_layer(scene.quality[0].layer).to_flags(file.read(1))
        cloudy = (flags & Flag.CLOUD) != 0
        clear = (flags & (Flag.CLOUD | Flag.SHADOW | Flag.FILL)) == 0
        red = scene.band("red")
        assert red.scaling is not None
        with rasterio.open(red.href) as file:
            reflectance = red.scaling.apply(np.ma.masked_equal(file.read(1), 0))
        # as `landscape.py` says: clouds 0.62, land 0.04 to 0.18, both with a grain of 6 %
        assert np.median(reflectance[cloudy].compressed()) == pytest.approx(0.62, abs=0.01)
        assert 0.02 < np.ma.min(reflectance[clear]) < np.ma.max(reflectance[clear]) < 0.2


def test_stand_ins_are_told_from_real_ones(written: Path) -> None:
    assert not place.is_real(written / standins.NEW_YORK)
    assert not place.is_real(next((written / standins.NEW_YORK).glob("LC08*")))
    assert not place.is_real(written / "labels" / "gdalcubes_nycd.gpkg")
    assert not place.is_real(written / "absent")
    (written / "labels" / "other.gpkg").touch()
    assert place.is_real(written / "labels" / "other.gpkg")


def test_what_is_there_is_not_written_over(written: Path, tmp_path: Path) -> None:
    real = tmp_path / standins.NEW_YORK
    real.mkdir(parents=True)
    standins.write(tmp_path, (standins.NEW_YORK,))
    assert list(real.iterdir()) == []


def test_without_a_way_to_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing half laid out, a reason, and no failure: tests are skipped."""
    monkeypatch.setenv("AUTOMAP_SHARED", str(tmp_path / "absent"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setattr(place, "CACHE", tmp_path / "cache" / "imagery")
    monkeypatch.setattr(place, "ROOT", tmp_path)
    assert command.main() == 0
    assert "Tests on imagery are skipped: pip could not fetch" in capsys.readouterr().err
    assert not (tmp_path / "cache" / "imagery").exists()
    assert place.imagery() is None
