from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from automap_tiles.analysis import _dates, _weiszfeld
from automap_tiles.analysis.composites.geomedian import Deviation, GeometricMedian, geomedian

Array = np.ndarray


@pytest.fixture(params=[False, True], ids=["numpy", "numba"])
def fast(request: pytest.FixtureRequest) -> bool:
    if request.param:
        pytest.importorskip("numba")
    return bool(request.param)


def _stack(dates: int, bands: int, shape: tuple[int, int], seed: int) -> Array:
    """Reflectance with noise and some dates of undetected cloud."""
    rng = np.random.default_rng(seed)
    base = rng.uniform(0.02, 0.4, (1, bands, *shape))
    cloud = (rng.random((dates, 1, *shape)) < 0.1) * rng.uniform(0.1, 0.5, (dates, 1, *shape))
    noise = rng.normal(0, 0.03, (dates, bands, *shape))
    stack: Array = (base + noise + cloud).astype("f4")
    return stack


def _cost(stack: Array, valid: Array, centre: Array) -> Array:
    """Sum of distances, exactly."""
    distance = np.sqrt(((stack.astype("f8") - centre) ** 2).sum(axis=1))
    total: Array = np.where(valid, distance, 0).sum(axis=0)
    return total


def _by_weiszfeld(stack: Array, valid: Array) -> Array:
    """Slow and in float64, smoothed so that it never stands on a sample."""
    weight = valid.astype("f8")[:, None]
    here = (stack * weight).sum(axis=0) / np.maximum(weight.sum(axis=0), 1)
    for _ in range(3000):
        distance = np.sqrt(((stack - here) ** 2).sum(axis=1, keepdims=True) + 1e-14)
        pull = weight / distance
        here = (stack * pull).sum(axis=0) / np.maximum(pull.sum(axis=0), 1e-30)
    result: Array = here
    return result


@settings(max_examples=25)
@given(
    dates=st.integers(1, 13),
    bands=st.integers(1, 7),
    share=st.sampled_from([0.0, 0.4, 0.8, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_no_point_has_a_smaller_sum_of_distances(
    dates: int, bands: int, share: float, seed: int
) -> None:
    stack = _stack(dates, bands, (5, 6), seed)
    valid = np.random.default_rng(seed).random((dates, 5, 6)) >= share
    got = geomedian(stack, valid, fast=False)
    np.testing.assert_array_equal(got.count, valid.sum(axis=0))
    missing = ~valid.any(axis=0)
    np.testing.assert_array_equal(got.picture.mask, np.broadcast_to(missing, (bands, 5, 6)))
    assert (got.picture.data[:, missing] == 0).all()
    # ties are common with two dates or in one band, so costs are compared and not places
    wanted = _cost(stack, valid, _by_weiszfeld(stack, valid))
    excess = _cost(stack, valid, got.picture.data) - wanted
    assert excess.max() < 1e-4


def test_equal_to_the_package_geomad(fast: bool) -> None:
    geomad = pytest.importorskip("geomad")
    stack = _stack(12, 6, (30, 40), 1)
    valid = np.random.default_rng(2).random((12, 30, 40)) >= 0.4
    valid[:, :2, :3] = False
    got = geomedian(stack, valid, deviations=("emad", "smad", "bcmad"), fast=fast)
    series = np.where(valid[:, None], stack, np.nan).transpose(2, 3, 1, 0)
    series = np.ascontiguousarray(series, dtype="f4")
    theirs = geomad.nangeomedian_pcm(series, num_threads=1, eps=1e-7, maxiters=3000)
    many = (valid.sum(axis=0) > 2) & ~np.ma.getmaskarray(got.picture)[0]
    away = np.abs(got.picture.data - theirs.transpose(2, 0, 1)).max(axis=0)
    assert np.quantile(away[many], 0.99) < 1e-4
    # ... its own accuracy, measured by the sum of distances, where the floor of it is flat
    excess = _cost(stack, valid, got.picture.data) - _cost(stack, valid, theirs.transpose(2, 0, 1))
    assert excess[many].max() < 2e-5
    centre = np.ascontiguousarray(got.picture.data.transpose(1, 2, 0))
    for name, oracle in [
        ("emad", geomad.emad_pcm),
        ("smad", geomad.smad_pcm),
        ("bcmad", geomad.bcmad_pcm),
    ]:
        with np.errstate(all="ignore"):
            wanted = oracle(series[3:], centre[3:], num_threads=1)
        deviation = got.deviations[name]  # type: ignore[index]
        np.testing.assert_array_equal(deviation.mask, np.ma.getmaskarray(got.picture)[0])
        np.testing.assert_allclose(deviation.data[3:], wanted, rtol=2e-4, atol=2e-7)


def test_deviations_by_hand() -> None:
    stack = _stack(7, 4, (6, 5), 3).astype("f8")
    valid = np.random.default_rng(4).random((7, 6, 5)) >= 0.3
    valid[0] = True
    got = geomedian(stack, valid, deviations=("emad", "smad", "bcmad"), fast=False)
    centre = got.picture.data.astype("f8")
    cosine = (stack * centre).sum(axis=1)
    cosine /= np.sqrt((stack**2).sum(axis=1) * (centre**2).sum(axis=0))
    distances: dict[Deviation, Array] = {
        "emad": np.sqrt(((stack - centre) ** 2).sum(axis=1)),
        "smad": 1 - cosine,
        "bcmad": np.abs(stack - centre).sum(axis=1) / np.abs(stack + centre).sum(axis=1),
    }
    for name, distance in distances.items():
        wanted = np.nanmedian(np.where(valid, distance, np.nan), axis=0)
        np.testing.assert_allclose(got.deviations[name], wanted, rtol=1e-3, atol=1e-7)


def test_equal_to_a_general_minimiser() -> None:
    stack = _stack(9, 3, (2, 3), 5)
    got = geomedian(stack, fast=False).picture
    for y, x in np.ndindex(2, 3):
        series = stack[:, :, y, x].astype("f8")

        def cost(centre: Array, series: Array = series) -> float:
            return float(np.sqrt(((series - centre) ** 2).sum(axis=1)).sum())

        found = minimize(cost, series.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-9})
        assert cost(got.data[:, y, x]) <= found.fun + 1e-5


@pytest.mark.parametrize(
    ("series", "wanted"),
    [
        ([[0.3, 0.1]], [0.3, 0.1]),  # one date
        ([[0.1, 0.1], [0.3, 0.5]], [0.2, 0.3]),  # two: their mean is one of the medians
        ([[0.2, 0.2]] * 5, [0.2, 0.2]),  # all the same
        ([[0.2, 0.2]] * 3 + [[0.9, 0.8], [0.1, 0.7]], [0.2, 0.2]),  # most the same
        # the mean is a sample, but not the median: the other two pull on one side
        ([[0, 0], [0, 0], [0, 0], [4, 0], [1, 0]], [0, 0]),
        ([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0]),  # the mean is sample and median
    ],
)
def test_starts_at_samples(series: list[list[float]], wanted: list[float], fast: bool) -> None:
    stack = np.array(series, dtype="f4")[:, :, None, None]
    got = geomedian(stack, fast=fast).picture.data[:, 0, 0]
    np.testing.assert_allclose(got, wanted, atol=1e-4)


def test_a_start_at_a_sample_that_is_not_the_median_is_left(fast: bool) -> None:
    # the mean is the sample (0, 0); the median is at (-1, 0), where two samples lie
    stack = np.array([[0, 0], [-1, 0], [-1, 0], [2, 0]], dtype="f4")[:, :, None, None]
    got = geomedian(stack, fast=fast).picture.data[:, 0, 0]
    assert -1.001 <= got[0] <= 0.001
    stack = np.array([[0, 0], [-1, 0], [-1, 0.01], [-1, -0.01], [3, 0]], "f4")[:, :, None, None]
    got = geomedian(stack, fast=fast).picture.data[:, 0, 0]
    np.testing.assert_allclose(got, [-1, 0], atol=1e-2)


def test_numba_gives_the_same_bits() -> None:
    pytest.importorskip("numba")
    for dates, bands, dtype in [(12, 6, "f4"), (5, 3, "u2"), (30, 10, "f4"), (3, 1, "f4")]:
        stack = _stack(dates, bands, (20, 30), dates)
        if dtype == "u2":
            stack = (stack * 10000).clip(0).astype(dtype)
        valid = np.random.default_rng(dates).random((dates, 20, 30)) >= 0.4
        slow, quick = (
            geomedian(stack, valid, scale=10000 if dtype == "u2" else 1, fast=fast)
            for fast in (False, True)
        )
        np.testing.assert_array_equal(slow.picture.data, quick.picture.data)


@settings(max_examples=10)
@given(
    dates=st.integers(1, 9),
    bands=st.sampled_from([1, 2, 6, 9, 17]),
    seed=st.integers(0, 2**32),
    left=st.integers(0, 8),
    width=st.integers(1, 3),
)
def test_the_same_however_it_is_cut(
    dates: int, bands: int, seed: int, left: int, width: int
) -> None:
    stack = _stack(dates, bands, (12, 12), seed)
    valid = np.random.default_rng(seed).random((dates, 12, 12)) >= 0.4
    whole = geomedian(stack, valid, fast=False)
    part = geomedian(
        stack[..., 3:4, left : left + width], valid[..., 3:4, left : left + width], fast=False
    )
    np.testing.assert_array_equal(
        part.picture.data, whole.picture.data[..., 3:4, left : left + width]
    )


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = _stack(8, 4, (40, 25), 6)
    valid = np.random.default_rng(7).random((8, 40, 25)) >= 0.5
    options: dict[str, Any] = {"deviations": ("emad", "smad", "bcmad"), "fast": False}
    whole = geomedian(stack, valid, **options)
    monkeypatch.setattr(_dates, "l2_bytes", lambda: 4000)
    monkeypatch.setattr(_weiszfeld, "_FEW", 8)
    parts = geomedian(stack, valid, **options)
    np.testing.assert_array_equal(parts.picture.data, whole.picture.data)
    for name, deviation in whole.deviations.items():
        np.testing.assert_array_equal(parts.deviations[name].data, deviation.data)


def test_digital_numbers_and_reflectance_agree(fast: bool) -> None:
    numbers = (_stack(8, 3, (6, 7), 8) * 10000).clip(0).astype("u2")
    valid = np.random.default_rng(9).random((8, 6, 7)) >= 0.4
    got = geomedian(numbers, valid, scale=10000, fast=fast).picture
    reflectance = geomedian(numbers / np.float32(10000), valid, fast=fast).picture
    many = valid.sum(axis=0) > 2
    np.testing.assert_allclose(got.data[:, many] / 10000, reflectance.data[:, many], atol=2e-4)
    # even where the caller forgot the scale it ends
    unscaled = geomedian(numbers, valid, fast=fast).picture
    np.testing.assert_allclose(unscaled.data[:, many], got.data[:, many], atol=2)


def test_a_date_counts_only_with_all_its_bands() -> None:
    stack = _stack(3, 2, (1, 2), 10)
    stack[0, 0, 0, 0] = np.nan
    got = geomedian(stack, fast=False)
    assert got.count[0, 0] == 2
    np.testing.assert_allclose(
        got.picture.data[:, 0, 0], stack[1:, :, 0, 0].mean(axis=0), rtol=1e-5
    )
    masked = np.ma.MaskedArray(stack, mask=np.isnan(stack))
    again = geomedian(masked, fast=False)
    np.testing.assert_array_equal(again.picture.data, got.picture.data)


def test_more_steps_are_not_taken_than_allowed() -> None:
    stack = _stack(6, 3, (4, 4), 11)
    few = geomedian(stack, max_steps=1, fast=False).picture.data
    mean = stack.mean(axis=0)
    many: GeometricMedian = geomedian(stack, fast=False)
    assert (few != mean).any()
    every = np.ones((6, 4, 4), dtype=bool)
    assert (_cost(stack, every, few) >= _cost(stack, every, many.picture.data) - 1e-6).all()


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="unknown deviation 'mad'; known: emad, smad, bcmad"):
        geomedian(_stack(2, 2, (2, 2), 1), deviations=("mad",))  # type: ignore[arg-type]


def test_all_dates_clouded() -> None:
    got = geomedian(_stack(2, 2, (2, 2), 1), np.zeros((2, 2, 2), dtype=bool), deviations=("emad",))
    assert got.picture.mask.all()
    assert got.deviations["emad"].mask.all()
    assert (got.count == 0).all()
