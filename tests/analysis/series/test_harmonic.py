"""Yearly waves against least squares of NumPy, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.analysis.series.harmonic import YEAR, harmonic, least_dates, names_of

Array = np.ndarray[Any, Any]


def design(days: Array, modes: int, trend: bool) -> Array:
    turns = days / YEAR
    columns = [np.ones(len(days))] + ([turns - (turns[0] + turns[-1]) / 2] if trend else [])
    for k in range(1, modes + 1):
        columns += [np.cos(2 * np.pi * k * turns), np.sin(2 * np.pi * k * turns)]
    return np.stack(columns, axis=1)


@settings(max_examples=40)
@given(
    st.integers(1, 40),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.integers(0, 9999),
)
def test_it_is_the_least_squares_of_numpy(
    dates: int, modes: int, trend: bool, share: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    days = np.cumsum(random.integers(1, 30, dates)).astype("f8")
    stack = random.normal(0.4, 0.1, (dates, 2, 3)).astype("f4")
    valid = random.random(stack.shape) >= share
    ridge = 1e-3
    found = harmonic(stack, days.tolist(), valid, modes=modes, trend=trend, ridge=ridge)
    assert tuple(found) == names_of(modes, trend=trend)
    matrix = design(days, modes, trend)
    for y, x in np.ndindex(2, 3):
        own = valid[:, y, x]
        if own.sum() < least_dates(modes, trend=trend):
            assert all(np.ma.getmaskarray(plane)[y, x] for plane in found.values())
            continue
        held = np.sqrt(ridge * own.sum()) * np.eye(matrix.shape[1])[1:]
        samples = stack[own, y, x].astype("f8")
        wanted = np.linalg.lstsq(
            np.vstack([matrix[own], held]), np.append(samples, np.zeros(len(held))), rcond=None
        )[0]
        left = samples - matrix[own] @ wanted
        assert found["mean"][y, x] == pytest.approx(wanted[0], abs=1e-5)
        assert found["rmse"][y, x] == pytest.approx(np.sqrt((left**2).mean()), abs=1e-5)
        if trend:
            assert found["trend"][y, x] == pytest.approx(wanted[1], abs=1e-4)
        for k in range(1, modes + 1):
            cosine, sine = wanted[1 + trend + 2 * k - 2 :][:2]
            amplitude, peak = found[f"amplitude_{k}"][y, x], found[f"peak_{k}"][y, x]
            turn = 2 * np.pi * k * peak / YEAR
            assert 0 <= peak <= YEAR / k
            assert amplitude * np.cos(turn) == pytest.approx(cosine, abs=1e-4)
            assert amplitude * np.sin(turn) == pytest.approx(sine, abs=1e-4)


def test_a_wave_is_found_again() -> None:
    days = np.arange(3, 1000, 16.0)
    wave = 0.4 + 0.05 * (days - days.mean()) / YEAR
    wave += 0.2 * np.cos(2 * np.pi * (days - 190) / YEAR)
    wave += 0.1 * np.cos(4 * np.pi * (days - 40) / YEAR)
    found = harmonic(wave[:, None, None], days.tolist(), modes=2, trend=True, ridge=0)
    wanted = {"mean": 0.4, "trend": 0.05, "amplitude_1": 0.2, "peak_1": 190, "amplitude_2": 0.1}
    for name, value in {**wanted, "peak_2": 40, "rmse": 0}.items():
        assert found[name][0, 0] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_dates_that_cannot_tell_the_waves_apart_give_nothing() -> None:
    """The same day of every year: the wave is not seen, whatever number of years."""
    days = (100 + YEAR * np.arange(20)).tolist()
    stack = np.full((20, 1, 1), 0.3)
    assert all(np.ma.getmaskarray(plane).all() for plane in harmonic(stack, days, ridge=0).values())
    assert harmonic(stack, days)["mean"][0, 0] == pytest.approx(0.3, rel=0.01)


def test_constant_series_have_no_wave_and_masked_ones_nothing() -> None:
    days = list(range(0, 360, 20))
    stack = np.full((18, 1, 2), 0.25, dtype="f4")
    valid = np.ones(stack.shape, bool)
    valid[:, :, 1] = False
    found = harmonic(stack, days, valid, modes=3)
    assert found["amplitude_1"][0, 0] == pytest.approx(0, abs=1e-3)
    assert found["mean"][0, 0] == pytest.approx(0.25, abs=1e-3)
    assert all(
        np.ma.getmaskarray(plane)[0, 1] and plane.data[0, 1] == 0 for plane in found.values()
    )


def test_bands_and_cuts() -> None:
    random = np.random.default_rng(3)
    stack = random.normal(0.3, 0.1, (20, 2, 5, 31)).astype("f4")
    valid = random.random(stack.shape) > 0.2
    days = list(range(0, 400, 20))
    whole = harmonic(stack, days, valid, modes=2)
    parts = [harmonic(stack[..., part], days, valid[..., part], modes=2)
             for part in (slice(0, 11), slice(11, 31))]  # fmt: skip
    for name, plane in whole.items():
        assert plane.shape == (2, 5, 31)
        joined = np.concatenate([part[name].filled(-1) for part in parts], axis=-1)
        np.testing.assert_array_equal(joined, plane.filled(-1))


def test_what_cannot_be_is_named() -> None:
    stack = np.zeros((3, 1, 1))
    wrong: Any
    for wrong, said in (
        ({"modes": 4}, "1 to 3, not 4"),
        ({"period": 0}, "above 0, not 0"),
        ({"ridge": -1}, "0 or more, not -1"),
    ):
        with pytest.raises(ValueError, match=said):
            harmonic(stack, [1, 2, 3], **wrong)
