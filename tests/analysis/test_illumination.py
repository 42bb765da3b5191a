"""Terrain's light taken out: planes whose angles are known, and ground that was made dark by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from automap_tiles.analysis.illumination import (
    AS_LEVEL,
    LEAST_LIGHT,
    Terrain,
    TerrainFit,
    fit_terrain,
    level_light,
    terrain_of,
)

METHODS = ("cosine", "c", "scs+c", "minnaert")


def hills(seed: int = 0, size: int = 120) -> Terrain:
    rng = np.random.default_rng(seed)
    heights = gaussian_filter(rng.normal(size=(size, size)), 8) * 4000
    return terrain_of(heights, (30, 30), sun_zenith=50, sun_azimuth=160)


@settings(max_examples=50, deadline=None)
@given(st.floats(-0.8, 0.8), st.floats(-0.8, 0.8), st.floats(0, 80), st.floats(0, 360))
def test_planes(east: float, north: float, zenith: float, azimuth: float) -> None:
    """cos i = cos θ cos s + sin θ sin s cos(φ − a), slope and aspect by their definitions."""
    rows, cols = np.mgrid[:6, :7]
    heights = 1000 + east * 20 * cols - north * 10 * rows
    found = terrain_of(heights, (20, 10), sun_zenith=zenith, sun_azimuth=azimuth)
    slope = np.arctan(np.hypot(east, north))
    aspect = np.arctan2(-east, -north)  # where it falls to, clockwise from north
    sun, turn = np.radians(zenith), np.radians(azimuth)
    want = np.cos(sun) * np.cos(slope) + np.sin(sun) * np.sin(slope) * np.cos(turn - aspect)
    np.testing.assert_allclose(found.slope, slope, atol=1e-9)
    np.testing.assert_allclose(found.light, want, atol=1e-9)


def shaded(terrain: Terrain, method: str, c: float, k: float) -> Any:
    """Ground of .3 as each model says that the terrain makes it look."""
    level, upright, light = terrain.zenith, np.cos(terrain.slope), terrain.light
    with np.errstate(invalid="ignore"):
        return (
            0.3
            * {
                "cosine": light / level,
                "c": (light + c) / (level + c),
                "scs+c": (light + c) / (upright * level + c),
                "minnaert": (light * upright / level) ** k / upright,
            }[method]
        )


@pytest.mark.parametrize("method", METHODS)
def test_what_a_model_darkened_it_brightens(method: Any) -> None:
    terrain = hills()
    band = shaded(terrain, method, 0.4, 0.6)
    found = level_light(band, terrain, TerrainFit(c=0.4, minnaert=0.6, pixels=0), method)
    changed = (terrain.light > LEAST_LIGHT) & (np.abs(terrain.light - terrain.zenith) >= AS_LEVEL)
    assert changed.mean() > 0.3
    np.testing.assert_allclose(found[changed], 0.3, atol=1e-6)
    np.testing.assert_array_equal(found[~changed], band[~changed].astype(np.float32))


def test_the_constants_of_a_scene() -> None:
    """Those that the light was made with; what is under the mask has no say."""
    terrain = hills()
    rng = np.random.default_rng(1)
    lit = shaded(terrain, "c", 0.35, 0) * rng.normal(1, 0.01, terrain.light.shape)
    valid = rng.random(terrain.light.shape) < 0.7
    found = fit_terrain(lit, valid, terrain)
    assert found is not None
    assert found.c == pytest.approx(0.35, abs=0.02)
    spoilt = fit_terrain(np.where(valid, lit, 9), valid, terrain)
    assert spoilt == found
    turned = fit_terrain(shaded(terrain, "minnaert", 0, 0.6), valid, terrain)
    assert turned is not None
    assert turned.minnaert == pytest.approx(0.6, abs=0.01)


def test_nothing_is_told_of_too_little() -> None:
    terrain = hills()
    lit = shaded(terrain, "c", 0.4, 0)
    everywhere = np.ones(lit.shape, bool)
    assert fit_terrain(lit, np.zeros(lit.shape, bool), terrain) is None
    assert fit_terrain(1 - lit, everywhere, terrain) is None  # the brighter, the less light
    flat = terrain_of(np.zeros((90, 90)), (30, 30), sun_zenith=50, sun_azimuth=160)
    assert fit_terrain(np.full((90, 90), 0.2), np.ones((90, 90), bool), flat) is None
    grey = np.full((90, 90), 0.2, "f4")
    np.testing.assert_array_equal(level_light(grey, flat, None, "cosine"), grey)


@pytest.mark.parametrize("method", METHODS)
def test_tiles_fit_together(method: Any) -> None:
    """With one pixel around a part of the heights the same bytes come out."""
    rng = np.random.default_rng(4)
    heights = gaussian_filter(rng.normal(size=(60, 70)), 4) * 3000
    band, fit = rng.random((60, 70)), TerrainFit(c=0.3, minnaert=0.5, pixels=0)
    whole = level_light(
        band, terrain_of(heights, (30, 30), sun_zenith=40, sun_azimuth=150), fit, method
    )
    part = terrain_of(heights[19:41, 9:51], (30, 30), sun_zenith=40, sun_azimuth=150)
    found = level_light(band[19:41, 9:51], part, fit, method)
    np.testing.assert_array_equal(found[1:-1, 1:-1], whole[20:40, 10:50])


def test_without_height_it_stays() -> None:
    heights = np.ma.masked_less(np.add.outer(np.arange(20.0), np.arange(20.0)) * 20, 100)
    terrain = terrain_of(heights, (30, 30), sun_zenith=50, sun_azimuth=300)
    band = np.ma.MaskedArray(np.full((20, 20), 0.2), mask=np.eye(20, dtype=bool))
    found = level_light(band, terrain, None, "cosine")
    lost = np.ma.getmaskarray(heights)
    np.testing.assert_array_equal(found.data[lost], np.float32(0.2))
    np.testing.assert_array_equal(np.ma.getmaskarray(found), band.mask)
    assert (found.data[~lost] != np.float32(0.2)).any()


@pytest.mark.parametrize(("method", "words"), [("c", "needs the constants"), ("x", "not 'x'")])
def test_methods(method: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        level_light(np.zeros((4, 4)), hills(size=4), None, method)


@pytest.mark.parametrize("method", ["c", "scs+c", "minnaert"])
def test_a_fit_beyond_what_light_can_be_brightens_no_more_than_the_cosine(method: Any) -> None:
    """The line of such a scene comes to 0 in ground that still has light."""
    terrain = hills(3)
    band = np.clip(0.25 * (terrain.light - 0.31), 0.004, None)
    fit = fit_terrain(band, np.ones(band.shape, bool), terrain)
    assert fit is not None
    assert fit.c < -0.15
    assert fit.minnaert > 1.2
    found = level_light(band, terrain, fit, method)
    factor = found.data / band
    most = terrain.zenith / LEAST_LIGHT
    assert 0 < factor.min() <= factor.max() <= most
    assert found.std() < band.std()
