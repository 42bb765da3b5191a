"""Published values, and the formulas once more, number by number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.brdf.kernels import li_sparse, ross_thick
from automap_tiles.analysis.brdf.nadir import COEFFICIENTS, nadir_factor, to_nadir

ZENITH = st.floats(0, 80)
AZIMUTH = st.floats(-720, 720)


@pytest.mark.parametrize(
    ("angles", "volume", "geometry"),
    [
        ((45, 0, 0), -0.045862, -1.106819),
        ((30, 10, 0), 0.019683, -0.446630),
        ((30, 10, 180), -0.076913, -0.925294),
        ((30, 10, 90), -0.032606, -0.734687),
        ((60, 7.5, 120), -0.049133, -1.557007),
    ],
)
def test_kernels(angles: tuple[float, float, float], volume: float, geometry: float) -> None:
    assert float(ross_thick(*angles)) == pytest.approx(volume, abs=1e-6)
    assert float(li_sparse(*angles)) == pytest.approx(geometry, abs=1e-6)


@pytest.mark.parametrize(
    ("band", "azimuth", "factor"),
    [
        ("blue", 0, 0.94020),
        ("red", 0, 0.93975),
        ("nir", 0, 0.93767),
        ("blue", 180, 1.05112),
        ("red", 180, 1.05188),
        ("nir", 180, 1.05356),
    ],
)
def test_factors(band: str, azimuth: float, factor: float) -> None:
    assert float(nadir_factor(band, 45, 10, azimuth)) == pytest.approx(factor, abs=1e-5)


def _by_hand(sun: float, view: float, azimuth: float) -> tuple[float, float]:
    s, v, f = (math.radians(each) for each in (sun, view, azimuth))
    cos_x = math.cos(s) * math.cos(v) + math.sin(s) * math.sin(v) * math.cos(f)
    x = math.acos(max(-1.0, min(1.0, cos_x)))
    volume = ((math.pi / 2 - x) * math.cos(x) + math.sin(x)) / (math.cos(s) + math.cos(v))
    d2 = math.tan(s) ** 2 + math.tan(v) ** 2 - 2 * math.tan(s) * math.tan(v) * math.cos(f)
    m = 1 / math.cos(s) + 1 / math.cos(v)
    across = max(0.0, d2) + (math.tan(s) * math.tan(v) * math.sin(f)) ** 2
    t = math.acos(max(-1.0, min(1.0, 2 * math.sqrt(across) / m)))
    overlap = (t - math.sin(t) * math.cos(t)) * m / math.pi
    return volume - math.pi / 4, overlap - m + (1 + math.cos(x)) / 2 / math.cos(s) / math.cos(v)


@given(ZENITH, ZENITH, AZIMUTH)
def test_kernels_are_the_formulas(sun: float, view: float, azimuth: float) -> None:
    volume, geometry = _by_hand(sun, view, azimuth)
    assert float(ross_thick(sun, view, azimuth)) == pytest.approx(volume, abs=1e-6)
    assert float(li_sparse(sun, view, azimuth)) == pytest.approx(geometry, abs=1e-6)


@given(ZENITH, ZENITH, AZIMUTH)
def test_kernels_are_reciprocal_and_even(sun: float, view: float, azimuth: float) -> None:
    for kernel in (ross_thick, li_sparse):
        value = float(kernel(sun, view, azimuth))
        assert float(kernel(view, sun, azimuth)) == pytest.approx(value, abs=1e-6)
        assert float(kernel(sun, view, -azimuth)) == pytest.approx(value, abs=1e-6)
        assert float(kernel(sun, view, azimuth + 360)) == pytest.approx(value, abs=1e-6)


def test_kernels_are_nothing_with_sun_and_view_above() -> None:
    assert float(ross_thick(0, 0, 0)) == pytest.approx(0, abs=1e-12)
    assert float(li_sparse(0, 0, 0)) == pytest.approx(0, abs=1e-12)


@given(st.sampled_from(sorted(COEFFICIENTS)), st.floats(0, 75), AZIMUTH)
def test_from_above_nothing_changes(band: str, sun: float, azimuth: float) -> None:
    assert float(nadir_factor(band, sun, 0, azimuth)) == pytest.approx(1, abs=1e-9)


@given(st.sampled_from(sorted(COEFFICIENTS)), st.floats(15, 70), st.floats(0, 12), AZIMUTH)
def test_the_factor_is_small_for_views_of_these_satellites(
    band: str, sun: float, view: float, azimuth: float
) -> None:
    assert 0.85 < float(nadir_factor(band, sun, view, azimuth)) < 1.15


def test_a_grid_at_once_is_what_its_angles_are_one_by_one() -> None:
    rng = np.random.default_rng(1)
    spans = (20, 60), (0, 12), (0, 360)
    sun, view, azimuth = (rng.uniform(*span, (5, 7)) for span in spans)
    found = nadir_factor("red", sun, view, azimuth)
    for place in np.ndindex(5, 7):
        one = float(nadir_factor("red", sun[place], view[place], azimuth[place]))
        assert found[place] == pytest.approx(one, abs=1e-12)


def test_angles_that_are_not_known() -> None:
    angles = np.array([45.0, np.nan, 45.0, 95.0, -1.0])
    factor = nadir_factor("nir", angles, [10, 10, np.nan, 10, 10], 0)
    np.testing.assert_array_equal(np.isnan(factor), [False, True, True, True, True])
    values = np.full(5, 0.3, dtype=np.float32)
    found = to_nadir(values, "nir", angles, [10, 10, np.nan, 10, 10], 0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[1:], 0.3)
    assert found[0] == pytest.approx(0.3 * 0.93767, abs=1e-5)


def test_masks_stay() -> None:
    values = np.ma.MaskedArray(np.full((3, 4), 0.2, dtype="f4"), mask=np.eye(3, 4, dtype=bool))
    found = to_nadir(values, "red", 40, 8, 30)
    assert isinstance(found, np.ma.MaskedArray)
    np.testing.assert_array_equal(found.mask, values.mask)


def test_bands_without_coefficients_stay() -> None:
    for band in ("cirrus", "nir09", "lwir11"):
        found = nadir_factor(band, np.full((2, 3), 40), 8, 30)
        np.testing.assert_array_equal(found, np.ones((2, 3)))
