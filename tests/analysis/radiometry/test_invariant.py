"""IR-MAD against plain float64 by eigenvalues, and on pictures whose change is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh
from scipy.stats import chi2

from automap_tiles.analysis.radiometry.invariant import FEWEST, _beyond, no_change, normalisation

GAINS = np.array([1.12, 0.93, 1.05, 1.2])
OFFSETS = np.array([0.01, -0.02, 0.005, 0.03])


def pictures(seed: int = 0, changed: float = 0.2) -> tuple[Any, Any, Any]:
    """Two dates of (4, 180, 200), the second otherwise lit; and where it changed."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(4, 4)) * 0.04
    ground = 0.25 + np.tensordot(mixing, rng.normal(size=(4, 180, 200)), 1)
    one = ground + rng.normal(size=ground.shape) * 0.002
    two = (ground - OFFSETS[:, None, None]) / GAINS[:, None, None]
    two = two + rng.normal(size=ground.shape) * 0.002
    change = np.zeros((180, 200), bool)
    change[: round(180 * changed)] = True
    two[:, change] = 0.3 + np.tensordot(rng.normal(size=(4, 4)) * 0.1,
                                        rng.normal(size=(4, change.sum())), 1)  # fmt: skip
    return one, two, change


def by_eigenvalues(one: Any, two: Any, valid: Any, rounds: int) -> tuple[Any, Any]:
    """(probabilities of the valid pixels, canonical correlations) straight from the paper."""
    x, y = (each[:, valid].astype(np.float64) for each in (one, two))
    weights = np.ones(x.shape[1])
    for _ in range(rounds):
        xm, ym = (np.average(each, axis=1, weights=weights)[:, None] for each in (x, y))
        sxx, syy, sxy = (
            (a * weights) @ b.T / weights.sum()
            for a, b in ((x - xm, x - xm), (y - ym, y - ym), (x - xm, y - ym))
        )
        squares, a = eigh(sxy @ np.linalg.inv(syy) @ sxy.T, sxx)
        a, squares = a[:, ::-1], squares[::-1]
        b = np.linalg.inv(syy) @ sxy.T @ a
        b /= np.sqrt(np.einsum("ij,ik,kj->j", b, syy, b))
        rho = np.sqrt(squares)
        mad = a.T @ (x - xm) - b.T @ (y - ym)
        weights = chi2.sf((mad**2 / (2 * (1 - rho))[:, None]).sum(axis=0), len(x))
    return weights, rho


def test_against_eigenvalues() -> None:
    one, two, _ = pictures()
    valid = np.random.default_rng(3).random(one.shape[1:]) > 0.1
    found = no_change(one, two, valid)
    assert found is not None
    weights, rho = by_eigenvalues(one, two, valid, found.rounds)
    np.testing.assert_allclose(found.correlations, rho, atol=1e-9)
    np.testing.assert_allclose(found.probability[valid], weights, atol=1e-6)
    assert not found.probability[~valid].any()


@pytest.mark.parametrize("seed", range(4))
def test_what_changed_is_found_and_the_light_recovered(seed: int) -> None:
    one, two, change = pictures(seed)
    found = no_change(one, two, np.ones(change.shape, bool))
    assert found is not None
    assert (found.probability[change] > 0.95).mean() < 0.02
    assert (found.probability[~change] > 0.01).mean() > 0.6
    told = normalisation(one, two, found, 0.5)
    assert told is not None
    np.testing.assert_allclose(told.gains, GAINS, atol=0.01)
    np.testing.assert_allclose(told.offsets, OFFSETS, atol=0.003)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 1))
def test_any_mask(seed: int, share: float) -> None:
    """What is under the mask has no say, whatever it is."""
    one, two, _ = pictures()
    valid = np.random.default_rng(seed).random(one.shape[1:]) < share
    found = no_change(one, two, valid)
    spoilt = [np.where(valid, each, 1e6) for each in (one, two)]
    again = no_change(spoilt[0], spoilt[1], valid)
    assert found is not None
    assert again is not None
    np.testing.assert_array_equal(found.probability, again.probability)


@pytest.mark.parametrize("freedom", range(1, 14))
def test_chi_square(freedom: int) -> None:
    values = np.concatenate([[0.0], np.geomspace(1e-6, 400, 200)])
    np.testing.assert_allclose(_beyond(values, freedom), chi2.sf(values, freedom), atol=1e-12)


def test_linear_changes_do_not_matter() -> None:
    """Canonical correlations are the same whatever unit each band has."""
    one, two, _ = pictures()
    valid = np.ones(one.shape[1:], bool)
    plain, other = no_change(one, two, valid), no_change(one, 10_000 * two - 300, valid)
    assert plain is not None
    assert other is not None
    np.testing.assert_allclose(plain.probability, other.probability, atol=1e-6)


def test_nothing_is_told_of_too_little() -> None:
    one, two, _ = pictures()
    assert no_change(one, two, np.zeros(one.shape[1:], bool)) is None
    few = np.zeros(one.shape[1:], bool)
    few.flat[: FEWEST - 1] = True
    assert no_change(one, two, few) is None
    flat = one.copy()
    flat[2] = 0.5
    everywhere = np.ones(one.shape[1:], bool)
    assert no_change(flat, two, everywhere) is None
    flat[2] = flat[0] + flat[1]
    assert no_change(flat, two, everywhere) is None


def test_bands_that_are_not_alike_are_refused() -> None:
    one, two, _ = pictures()
    found = no_change(one, two, np.ones(one.shape[1:], bool))
    assert found is not None
    noise = np.random.default_rng(0).normal(size=two.shape)
    assert normalisation(one, noise, found, 0.5) is None
    assert normalisation(one, two, found, 1.0) is None


def test_bands_may_be_of_any_unit() -> None:
    """Reflectance beside kelvin, and beside columns of a gas in mol/m²."""
    one, two, _ = pictures()
    units = np.array([1.0, 3e4, 2e-5, 1.0])[:, None, None]
    valid = np.ones(one.shape[1:], bool)
    plain, scaled = no_change(one, two, valid), no_change(one * units, two * units, valid)
    assert plain is not None
    assert scaled is not None
    np.testing.assert_allclose(scaled.probability, plain.probability, atol=1e-6)
    found = normalisation(one * units, two * units, scaled, 0.5)
    wanted = normalisation(one, two, plain, 0.5)
    assert found is not None
    assert wanted is not None
    np.testing.assert_allclose(found.gains, wanted.gains, rtol=1e-6)


def test_a_band_that_is_the_negative_of_the_other_is_not_alike() -> None:
    """It did not change, but a gain below 0 would turn its colours over."""
    one, two, _ = pictures()
    two[2] = 0.6 - two[2]
    found = no_change(one, two, np.ones(one.shape[1:], bool))
    assert found is not None
    assert (found.probability > 0.5).sum() > FEWEST
    assert normalisation(one, two, found, 0.5) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, None])
def test_masked_and_infinite_pixels_are_not_valid(value: float | None) -> None:
    one, two, _ = pictures(2)
    gap = np.zeros(one.shape, bool)
    gap[1, 150, 20:60] = True
    wanted = no_change(one, two, np.asarray(~gap.any(axis=0)))
    spoilt = np.ma.MaskedArray(np.where(gap, -5.0 if value is None else value, one), mask=False)
    if value is None:
        spoilt.mask = gap
    found = no_change(spoilt, two, np.ones(one.shape[1:], bool))
    assert found is not None
    assert wanted is not None
    np.testing.assert_array_equal(found.probability, wanted.probability)
