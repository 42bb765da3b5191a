"""Seasons against SciPy's least squares, and against curves whose season is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from automap_tiles.analysis.series import _logistic
from automap_tiles.analysis.series.phenology import SEASON, phenology
from automap_tiles.notes import collecting

Array = np.ndarray[Any, Any]


def beck(
    t: Array, low: float, size: float, rise: float, fall: float, up: float, down: float
) -> Any:
    """As it is printed."""
    return low + size * (
        1 / (1 + np.exp(-up * (t - rise))) + 1 / (1 + np.exp(down * (t - fall))) - 1
    )


seasons = st.tuples(
    st.floats(0.05, 0.3), st.floats(0.25, 0.6), st.floats(90, 150), st.floats(220, 300),
    st.floats(0.05, 0.15), st.floats(0.05, 0.15),
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.lists(seasons, min_size=4, max_size=4), st.sampled_from([8, 11, 16]), st.floats(0.2, 0.8))
def test_a_known_season_is_found_again(
    drawn: list[tuple[float, ...]], step: int, threshold: float
) -> None:
    """Four at once, as pixels that know nothing of each other."""
    days = np.arange(0, 365, step).astype("f8")
    stack = np.stack([beck(days, *season) for season in drawn], axis=1)[:, None]
    every = phenology(stack, days.tolist(), threshold=threshold)
    fine = np.arange(0, days[-1], 0.01)
    for place, season in enumerate(drawn):
        found = {name: plane[0, place] for name, plane in every.items()}
        curve = beck(fine, *season)
        crest = int(curve.argmax())
        level = season[0] + threshold * (curve[crest] - season[0])
        above = np.flatnonzero(curve >= level)
        assert found["r2"] > 0.9999
        assert found["start"] == pytest.approx(fine[above[0]], abs=0.5)
        assert found["end"] == pytest.approx(fine[above[-1]], abs=0.5)
        assert found["amplitude"] == pytest.approx(curve[crest] - season[0], abs=0.005)
        assert found["length"] == pytest.approx(found["end"] - found["start"])
        top = beck(np.array([float(found["peak"])]), *season)[0]
        assert top == pytest.approx(curve[crest], abs=0.002)


def test_it_leaves_no_more_than_scipy_does() -> None:
    """Noise, gaps; from the same start, SciPy's trust region finds no better curves."""
    random = np.random.default_rng(0)
    days = np.arange(0, 365, 12).astype("f8")
    pixels = 60
    values = np.stack([
        beck(days, 0.15, random.uniform(0.2, 0.6), random.uniform(90, 150),
             random.uniform(220, 300), *random.uniform(0.05, 0.15, 2))
        for _ in range(pixels)
    ], axis=1) + random.normal(0, 0.03, (len(days), pixels))  # fmt: skip
    counts = random.random(values.shape) > 0.3
    _, squares = _logistic.fit(np.where(counts, values, 0), counts, days)
    start = _logistic._start(np.where(counts, values, 0), counts, days)
    worse = []
    for pixel in range(pixels):
        own = counts[:, pixel]

        def left(x: Array, own: Array = own, pixel: int = pixel) -> Array:
            given_ = x[0], *np.exp(x[1:2]), x[2], x[2] + np.exp(x[3]), *np.exp(x[4:])
            found: Array = beck(days[own], *given_) - values[own, pixel]
            return found

        bounds = (
            np.array([-9, -9, -91, np.log(5), *[np.log(0.005)] * 2]),
            np.array([9, 9, 360, np.log(540), 0, 0]),
        )
        theirs = 2 * least_squares(left, start[:, pixel], bounds=bounds).cost
        worse.append(squares[pixel] / theirs - 1)
    assert np.median(worse) < 1e-4
    assert np.mean(np.array(worse) > 0.02) <= 0.1


def test_slopes_are_those_of_the_curve() -> None:
    """Steps follow the gradient: a small one gains what it promises."""
    random = np.random.default_rng(1)
    days = np.arange(0, 365, 15).astype("f8")
    values = beck(days, 0.1, 0.5, 120, 260, 0.08, 0.07)[:, None] + random.normal(0, 0.02, (25, 9))
    counts = np.ones(values.shape, bool)
    unknowns, squares = _logistic.fit(values, counts, days)
    for one in range(6):
        for sign in (-1, 1):
            moved = unknowns.copy()
            moved[one] += sign * 1e-3
            assert (_logistic._squares(moved, values, counts, days) > squares * (1 - 1e-6)).all()


def test_what_has_no_season_is_told() -> None:
    days = np.arange(0, 365, 10).astype("f8")
    random = np.random.default_rng(2)
    season = beck(days, 0.1, 0.5, 120, 260, 0.08, 0.07)
    columns = [season, np.full(37, 0.3), 0.3 + random.normal(0, 0.2, 37), season, season,
               beck(days, 0.1, 0.5, 120, 700, 0.08, 0.07)]  # fmt: skip
    stack = np.stack(columns, axis=1)[:, None]
    valid = np.ones(stack.shape, bool)
    valid[6:, 0, 3], valid[:, 0, 4] = False, False
    with collecting() as notes:
        found = phenology(stack, days.tolist(), valid)
    for name in SEASON:
        assert np.ma.getmaskarray(found[name])[0].tolist() == [False] + [True] * 5, name
        assert (found[name].data[0, 1:] == 0).all()
    assert sorted((note.reason[:11], note.count) for note in notes) == [
        ("fewer than ", 1), ("no season: ", 3)]  # fmt: skip


def test_a_season_across_new_year() -> None:
    days = np.arange(200, 200 + 365, 10).astype("f8")
    stack = beck(days, 0.1, 0.5, 310, 460, 0.08, 0.07)[:, None, None]
    found = phenology(stack, days.tolist())
    assert found["start"][0, 0] == pytest.approx(310, abs=1)
    assert found["end"][0, 0] == pytest.approx(460, abs=1)


def test_a_pixel_depends_on_no_other() -> None:
    random = np.random.default_rng(5)
    days = np.arange(0, 365, 14).astype("f8")
    stack = np.stack(
        [
            beck(days, 0.15, s, r, 250, 0.1, 0.08)
            for s, r in random.uniform((0.1, 90), (0.6, 150), (45, 2))
        ],
        axis=1,
    )
    stack = (stack + random.normal(0, 0.05, stack.shape))[:, None].astype("f4")
    valid = random.random(stack.shape) > 0.3
    with collecting():
        whole = phenology(stack, days.tolist(), valid)
        parts = [phenology(stack[..., part], days.tolist(), valid[..., part])
                 for part in (slice(0, 13), slice(13, 45))]  # fmt: skip
    for name in SEASON:
        joined = np.concatenate([part[name].filled(-1) for part in parts], axis=-1)
        np.testing.assert_array_equal(joined, whole[name].filled(-1))
    assert not whole["start"].mask.all()


def test_a_threshold_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1, not 1"):
        phenology(np.zeros((8, 1, 1)), range(8), threshold=1)
