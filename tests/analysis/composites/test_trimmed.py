from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis import _dates
from automap_tiles.analysis.composites.trimmed import trimmed_mean


@given(
    dtype=st.sampled_from(["u1", "u2", "i2", "f4"]),
    dates=st.integers(1, 12),
    dark=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.49]),
    bright=st.sampled_from([0.0, 0.2, 0.25, 0.5]),
    share=st.sampled_from([0.0, 0.4, 0.95]),
    seed=st.integers(0, 2**32),
)
def test_by_sorting_each_pixel(
    dtype: str, dates: int, dark: float, bright: float, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    # few values, so that some dates are equally bright
    stack = rng.integers(0, 12, (dates, 3, 3, 4)).astype(dtype)
    valid = rng.random((dates, 3, 4)) >= share
    picture, used = trimmed_mean(stack, valid, dark=dark, bright=bright)
    for y, x in np.ndindex(3, 4):
        series = stack[:, :, y, x][valid[:, y, x]].astype("f8")
        number = len(series)
        order = np.argsort(series.sum(axis=1), kind="stable")
        low = int(number * round(dark * 100)) // 100
        high = number - int(number * round(bright * 100)) // 100
        kept = series[order[low:high]]
        assert used[y, x] == len(kept)
        assert np.ma.getmaskarray(picture)[:, y, x].all() == (number == 0)
        if number:
            np.testing.assert_allclose(picture.data[:, y, x], kept.mean(axis=0), rtol=1e-6)


def test_clouds_and_shadows_are_left_out() -> None:
    stack = np.full((8, 2, 1, 1), 0.1, dtype="f4")
    stack[0], stack[5] = 0.9, 0.01
    picture, used = trimmed_mean(stack)
    np.testing.assert_allclose(picture.data, 0.1, rtol=1e-6)
    assert used[0, 0] == 4


def test_nan_does_not_count() -> None:
    stack = np.full((3, 2, 1, 1), 0.1, dtype="f4")
    stack[1, 0] = np.nan
    stack[2] = np.inf
    picture, used = trimmed_mean(
        stack, np.array([1, 1, 0], bool).reshape(3, 1, 1), dark=0, bright=0
    )
    assert used[0, 0] == 1
    np.testing.assert_allclose(picture.data, 0.1, rtol=1e-6)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    stack = rng.uniform(0, 1, (9, 4, 30, 20)).astype("f4")
    valid = rng.random((9, 30, 20)) >= 0.4
    whole, _ = trimmed_mean(stack, valid)
    monkeypatch.setattr(_dates, "l2_bytes", lambda: 1000)
    parts, _ = trimmed_mean(stack, valid)
    corner, _ = trimmed_mean(stack[:, :, 4:5, 6:7], valid[:, 4:5, 6:7])
    np.testing.assert_array_equal(parts.data, whole.data)
    np.testing.assert_array_equal(corner.data, whole.data[:, 4:5, 6:7])


def test_shares_that_leave_nothing_are_refused() -> None:
    for dark, bright in ((0.5, 0.5), (-0.1, 0), (0, 1), (float("nan"), 0)):
        with pytest.raises(ValueError, match="below 1 together"):
            trimmed_mean(np.zeros((2, 1, 1, 1)), dark=dark, bright=bright)
