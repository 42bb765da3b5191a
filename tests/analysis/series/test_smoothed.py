"""Splines, Savitzky and Golay, the V-curve: against SciPy and dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import make_smoothing_spline
from scipy.signal import savgol_filter

from automap_tiles.analysis.series.gaps import fill
from automap_tiles.analysis.series.savitzky_golay import savitzky_golay
from automap_tiles.notes import collecting

Array = np.ndarray[Any, Any]


def series(dates: int, pixels: int, share: float, seed: int) -> tuple[Array, Array, Array]:
    """Stack (time, 1, pixel), days and what is valid."""
    random = np.random.default_rng(seed)
    days = np.cumsum(random.integers(1, 20, dates)).astype(float)
    season = 0.3 + 0.2 * np.sin(days / 40)[:, None, None]
    stack = (season + random.normal(0, 0.05, (dates, 1, pixels))).astype("f4")
    return stack, days, random.random(stack.shape) >= share


@settings(max_examples=25)
@given(
    st.integers(1, 14),
    st.sampled_from([0.0, 0.4, 0.8]),
    st.sampled_from([1.0, 300.0]),
    st.integers(0, 9999),
)
def test_splines_are_those_of_scipy(dates: int, share: float, smoothing: float, seed: int) -> None:
    stack, days, valid = series(dates, 8, share, seed)
    at = np.arange(days[0] - 3, days[-1] + 4)
    found = fill(stack, days.tolist(), at.tolist(), valid, method="spline", smoothing=smoothing)
    for pixel in range(8):
        own = valid[:, 0, pixel]
        x, y = days[own], stack[own, 0, pixel].astype("f8")
        inside = (at >= x[0]) & (at <= x[-1]) if len(x) else np.zeros(len(at), bool)
        np.testing.assert_array_equal(~np.ma.getmaskarray(found)[:, 0, pixel], inside)
        if len(x) >= 5:  # SciPy wants so many
            wanted = make_smoothing_spline(x, y, lam=smoothing)(at[inside])
        elif len(x) > 2:
            wanted = dense_spline(x, y, at[inside], smoothing)
        else:
            wanted = np.interp(at[inside], x, y) if len(x) else np.empty(0)
        np.testing.assert_allclose(found.data[inside, 0, pixel], wanted, atol=2e-6)


def dense_spline(x: Array, y: Array, at: Array, smoothing: float) -> Array:
    """Green & Silverman 1994, solved by dense matrices: a natural spline through g."""
    from scipy.interpolate import CubicSpline

    h, n = np.diff(x), len(x)
    q, r = np.zeros((n, n - 2)), np.zeros((n - 2, n - 2))
    for j in range(n - 2):
        q[j : j + 3, j] = 1 / h[j], -1 / h[j] - 1 / h[j + 1], 1 / h[j + 1]
        r[j, j] = (h[j] + h[j + 1]) / 3
        if j:
            r[j, j - 1] = r[j - 1, j] = h[j] / 6
    bends = np.linalg.solve(r + smoothing * q.T @ q, q.T @ y)
    found: Array = CubicSpline(x, y - smoothing * q @ bends, bc_type="natural")(at)
    return found


@settings(max_examples=25)
@given(st.integers(3, 30), st.integers(1, 4), st.integers(0, 6), st.integers(0, 9999))
def test_windows_without_gaps_are_those_of_scipy(
    dates: int, half: int, degree: int, seed: int
) -> None:
    width = 2 * half + 1
    if width > dates or degree >= width:
        return
    stack, _, _ = series(dates, 6, 0, seed)
    found = savitzky_golay(stack, range(0, 5 * dates, 5), half_width=half, degree=degree)
    wanted = savgol_filter(stack.astype("f8"), width, degree, axis=0, mode="interp")
    np.testing.assert_allclose(found.data, wanted, atol=1e-5)
    assert not np.ma.getmaskarray(found).any()


@settings(max_examples=25)
@given(st.integers(5, 20), st.sampled_from([0.2, 0.5, 1.0]), st.integers(0, 9999))
def test_windows_with_gaps_are_least_squares_of_what_is_there(
    dates: int, share: float, seed: int
) -> None:
    stack, days, valid = series(dates, 6, share, seed)
    found = savitzky_golay(stack, days.tolist(), valid, half_width=2, degree=2)
    for pixel in range(6):
        own = valid[:, 0, pixel]
        for date in range(dates):
            first = min(max(date - 2, 0), dates - 5)
            used = own & (np.arange(dates) >= first) & (np.arange(dates) < first + 5)
            between = own[: date + 1].any() and own[date:].any()
            assert np.ma.getmaskarray(found)[date, 0, pixel] == (not between or used.sum() < 3)
            if between and used.sum() >= 3:
                away = days[used] - days[date]
                wanted = np.polyfit(away, stack[used, 0, pixel].astype("f8"), 2)[-1]
                assert found[date, 0, pixel] == pytest.approx(wanted, abs=2e-5)


def dense_v(days: Array, y: Array, own: Array) -> float:
    """Smoothing at the bottom of the V, with dense matrices in float64."""
    n = len(days)
    bend = np.zeros((n - 2, n))
    for j in range(n - 2):
        a, b, c = days[j : j + 3]
        row = np.array([1 / (b - a), -1 / (b - a) - 1 / (c - b), 1 / (c - b)])
        bend[j, j : j + 3] = row / np.sqrt((c - a) / 2)
    weight, points = np.diag(own.astype("f8")), []
    for exponent in np.arange(0, 4.1, 0.2):
        z = np.linalg.solve(weight + 10**exponent * bend.T @ bend, weight @ np.where(own, y, 0))
        points.append((np.log(((y - z)[own] ** 2).sum()), np.log(((bend @ z) ** 2).sum())))
    best = int(np.hypot(*np.diff(points, axis=0).T).argmin())
    return float(10 ** (0.2 * best + 0.1))


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_the_v_curve_finds_what_dense_matrices_find(share: float) -> None:
    stack, days, valid = series(30, 20, share, 4)
    with collecting():
        found = fill(
            stack, days.tolist(), days.tolist(), valid, method="whittaker", smoothing="v-curve"
        )
    for pixel in range(20):
        own = valid[:, 0, pixel]
        smoothing = dense_v(days, stack[:, 0, pixel].astype("f8"), own)
        wanted = fill(
            stack[..., pixel : pixel + 1], days.tolist(), days.tolist(),
            valid[..., pixel : pixel + 1], method="whittaker", smoothing=smoothing,
        )  # fmt: skip
        np.testing.assert_allclose(
            found[:, 0, pixel].filled(9), wanted[:, 0, 0].filled(9), atol=1e-6
        )


def test_a_line_is_as_smooth_as_can_be_and_a_lost_valley_is_told() -> None:
    days = np.arange(0, 100, 5.0)
    line, constant = 0.1 + days / 200, np.full(20, 0.4)
    noisy = np.sin(days / 20) + np.random.default_rng(0).normal(0, 0.3, 20) ** 3
    lost = np.sin(days / 20) + 0.003 * np.cos(days * 7)
    stack = np.stack([line, constant, lost, noisy], axis=1)[:, None].astype("f8")
    with collecting() as notes:
        found = fill(stack, days.tolist(), days.tolist(), method="whittaker", smoothing="v-curve")
    np.testing.assert_allclose(found[:, 0, 0], line, atol=1e-5)
    np.testing.assert_allclose(found[:, 0, 1], constant, atol=1e-6)
    assert [(note.count, note.reason[:12]) for note in notes] == [(1, "no smoothing")]


@pytest.mark.parametrize("method", ["spline", "whittaker", "golay"])
def test_a_pixel_depends_on_no_other(method: Any) -> None:
    stack, days, valid = series(12, 60, 0.3, 5)

    def made(part: slice) -> Array:
        own = stack[..., part], days.tolist(), valid[..., part]
        if method == "golay":
            return savitzky_golay(*own, half_width=2).filled(-1)
        smoothing: Any = "v-curve" if method == "whittaker" else 50.0
        at = np.arange(days[0], days[-1], 4).tolist()
        return fill(own[0], own[1], at, own[2], method=method, smoothing=smoothing).filled(-1)

    with collecting():
        parts = [made(slice(0, 7)), made(slice(7, 60))]
        np.testing.assert_array_equal(np.concatenate(parts, axis=-1), made(slice(0, 60)))


def test_what_cannot_be_is_named() -> None:
    stack, days, _ = series(9, 2, 0, 1)
    wrong: Any
    for wrong, said in (
        ({"method": "splines"}, "unknown method 'splines'; known: linear, .*spline"),
        ({"method": "spline", "smoothing": 0}, "above 0, not 0"),
        ({"method": "whittaker", "smoothing": "l-curve"}, "a number or v-curve"),
        ({"method": "spline", "smoothing": "v-curve"}, "of whittaker, not of spline"),
    ):
        with pytest.raises(ValueError, match=said):
            fill(stack, days.tolist(), days.tolist(), **wrong)
    for wrong, said in (
        ({"degree": 7}, "0 to 6, not 7"),
        ({"half_width": 1, "degree": 3}, "3 dates is too narrow for the degree 3"),
        ({"half_width": 5}, "11 dates is wider than a series of 9"),
    ):
        with pytest.raises(ValueError, match=said):
            savitzky_golay(stack, days.tolist(), **wrong)
