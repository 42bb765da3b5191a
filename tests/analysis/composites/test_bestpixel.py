from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.composites.bestpixel import (
    Conditions,
    DayWindow,
    Weights,
    best_pixel,
    cloud_score,
    date_scores,
    haze_score,
)

SUMMER = DayWindow(low=120, target=195, high=300)


def _times(*days: int, year: int = 2021) -> list[datetime]:
    return [datetime(year, 1, 1, 10, tzinfo=UTC) + timedelta(days=day - 1) for day in days]


def test_the_window_goes_through_its_three_points() -> None:
    assert SUMMER.score(120) == pytest.approx(0.01)
    assert SUMMER.score(195) == pytest.approx(0.99)
    assert SUMMER.score(300) == pytest.approx(0.01)
    # ... with a Gaussian between, narrower before the target than after it
    sigma = 75 / math.sqrt(2 * math.log(99))
    assert SUMMER.score(150) == pytest.approx(0.99 * math.exp(-0.5 * (45 / sigma) ** 2))
    assert SUMMER.score(195 + 45) > SUMMER.score(195 - 45)


@given(
    target=st.integers(1, 365),
    before=st.integers(10, 150),
    after=st.integers(10, 150),
    day=st.integers(1, 366),
)
def test_the_year_is_a_ring(target: int, before: int, after: int, day: int) -> None:
    window = DayWindow(
        low=(target - before - 1) % 365 + 1, target=target, high=(target + after - 1) % 365 + 1
    )
    assert window.score(window.low) == pytest.approx(0.01)
    assert window.score(window.high) == pytest.approx(0.01)
    assert 0 <= window.score(day) <= 0.99
    shifted = DayWindow(low=200 - before, target=200, high=200 + after)
    offset = (day - target + 182) % 365 - 182
    assert window.score(day) == pytest.approx(shifted.score(200 + offset))


def test_a_year_off_is_like_some_days_off() -> None:
    # FORCE: the window before the target, 75 days, over (reach + 1) · factor
    assert SUMMER.year_score(1, after=False, reach=1, factor=1) == pytest.approx(
        SUMMER.score(195) * (SUMMER.score(195 - 37) * SUMMER.score(195 - 38)) ** 0.5 / 0.99,
        rel=0.01,
    )
    assert SUMMER.year_score(0, after=True, reach=1, factor=1) == pytest.approx(0.99)
    near = SUMMER.year_score(-1, after=True, reach=3, factor=1)
    assert near > SUMMER.year_score(2, after=True, reach=3, factor=1)
    assert near < SUMMER.year_score(1, after=True, reach=3, factor=5)


def test_distance_and_haze() -> None:
    distance = np.array([0, 1500, 3000, 1e9], dtype="f4")
    wanted = [1 / (1 + math.exp(-10 / 3000 * (d - 1500))) for d in distance[:3]] + [1]
    np.testing.assert_allclose(cloud_score(distance), wanted, rtol=1e-6)
    blue, red = np.array([0.05, 0.09, 0.3]), np.array([0.04, 0.05, 0.28])
    hot = blue - 0.5 * red - 0.08
    np.testing.assert_allclose(
        haze_score(blue, red), 1 / (1 + np.exp(500 * (hot + 0.015))), rtol=1e-4, atol=1e-30
    )
    numbers = haze_score((blue * 10000).astype("u2"), (red * 10000).astype("u2"), 10000)
    np.testing.assert_allclose(numbers, haze_score(blue, red), rtol=1e-2, atol=1e-20)


@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.0, 0.5, 0.95]))
def test_best_pixel_by_hand(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    stack = rng.uniform(0, 0.5, (5, 3, 4, 6)).astype("f4")
    valid = rng.random((5, 4, 6)) >= share
    distance = rng.uniform(0, 5000, (5, 4, 6)).astype("f4")
    conditions = Conditions(
        times=_times(130, 180, 210, 260) + _times(195, year=2020),
        window=SUMMER,
        weights=Weights(sensor=0.5),
        year=2021,
        cloud_distance=distance,
        blue=0,
        red=2,
        sensors=[1, 1, 0.5, 1, 1],
    )
    got = best_pixel(stack, valid, conditions=conditions)
    day = [SUMMER.score(day) for day in (130, 180, 210, 260, 195)]
    year = [0.99] * 4 + [SUMMER.year_score(-1, after=False, reach=1, factor=1)]
    fixed = np.array(
        [d + y + 0.5 * s for d, y, s in zip(day, year, [1, 1, 0.5, 1, 1], strict=True)]
    )
    total = fixed[:, None, None] + 0.4 / (1 + np.exp(-10 / 3000 * (distance - 1500)))
    hot = stack[:, 0].astype("f8") - 0.5 * stack[:, 2] - 0.08
    total = (total + 0.3 / (1 + np.exp(500 * (hot + 0.015)))) / 3.2
    total[~valid] = -np.inf
    found = valid.any(axis=0)
    chosen = np.take_along_axis(total, got.scene_index.data[None].astype(int), axis=0)[0]
    np.testing.assert_allclose(chosen[found], total.max(axis=0)[found], rtol=1e-5)
    np.testing.assert_allclose(got.score.data[found], chosen[found], rtol=1e-5)
    np.testing.assert_array_equal(got.score.mask, ~found)


def test_each_score_can_decide() -> None:
    stack = np.full((2, 2, 1, 1), 0.05, dtype="f4")
    base = Conditions(times=_times(195, 195), window=SUMMER, weights=Weights(cloud=0, haze=0))
    assert best_pixel(stack, conditions=base).scene_index[0, 0] == 0  # a tie
    day = replace(base, times=_times(150, 195))
    year = replace(base, times=_times(195, year=2020) + _times(195), year=2021)
    sensor = replace(base, sensors=[0.5, 1], weights=Weights(cloud=0, haze=0, sensor=1))
    cloud = replace(
        base,
        weights=Weights(haze=0),
        cloud_distance=np.array([100, 2500], dtype="f4").reshape(2, 1, 1),
    )
    hazy = stack.copy()
    hazy[0, 0] = 0.2
    haze = replace(base, weights=Weights(cloud=0), blue=0, red=1)
    for conditions in (day, year, sensor, cloud):
        assert best_pixel(stack, conditions=conditions).scene_index[0, 0] == 1
    assert best_pixel(hazy, conditions=haze).scene_index[0, 0] == 1
    assert (
        best_pixel(hazy, conditions=replace(haze, weights=Weights(cloud=0, haze=0))).scene_index[
            0, 0
        ]
        == 0
    )


def test_all_years_are_as_good_without_a_target() -> None:
    base = Conditions(times=_times(195, year=1999) + _times(195), window=SUMMER)
    assert len(set(date_scores(base))) == 1


def test_what_is_missing_is_named() -> None:
    stack = np.zeros((2, 2, 1, 1), dtype="f4")
    base = Conditions(times=_times(1, 2), window=SUMMER)
    with pytest.raises(ValueError, match="the cloud score needs cloud_distance"):
        best_pixel(stack, conditions=base)
    flat = np.zeros((1, 1), dtype="f4")
    with pytest.raises(ValueError, match="cloud_distance of shape"):
        best_pixel(stack, conditions=replace(base, cloud_distance=flat, blue=0, red=1))
    with pytest.raises(ValueError, match="the haze score needs blue"):
        best_pixel(stack, conditions=replace(base, weights=Weights(cloud=0)))
    with pytest.raises(ValueError, match="the sensor score needs sensors"):
        best_pixel(stack, conditions=replace(base, weights=Weights(cloud=0, haze=0, sensor=1)))
    with pytest.raises(ValueError, match="1 times for 2 dates"):
        best_pixel(stack, conditions=replace(base, times=_times(1)))
    with pytest.raises(ValueError, match="all weights are 0"):
        best_pixel(stack, conditions=replace(base, weights=Weights(day=0, year=0, cloud=0, haze=0)))
    with pytest.raises(ValueError, match="not below 0"):
        best_pixel(stack, conditions=replace(base, weights=Weights(day=-1)))
    with pytest.raises(ValueError, match="different days"):
        DayWindow(low=10, target=10, high=20)
    with pytest.raises(ValueError, match="below the target"):
        DayWindow(low=10, target=15, high=20, low_score=1)


@pytest.mark.parametrize("dtype", ["u2", "i2", "f4", "f8"])
def test_haze_is_float32_of_any_type(dtype: str) -> None:
    blue, red = np.array([900, 1500], dtype), np.array([600, 700], dtype)
    found = haze_score(blue, red, 10_000)
    assert found.dtype == np.float32
    hot = np.array([900, 1500]) / 1e4 - 0.5 * np.array([600, 700]) / 1e4 - 0.08
    np.testing.assert_allclose(found, 1 / (1 + np.exp(500 * (hot + 0.015))), rtol=1e-3, atol=1e-9)
