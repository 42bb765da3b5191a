from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.analysis.series.temporal import FEATURES, temporal

Array = np.ndarray[Any, Any]


def _by_hand(values: list[float], days: list[float]) -> dict[str, float]:
    """Features of the valid dates of one pixel; absent where there is none."""
    found: dict[str, float] = {}
    if values:
        found["minimum"], found["maximum"] = min(values), max(values)
        found["mean"], found["std"] = float(np.mean(values)), float(np.std(values))
        found["amplitude"] = max(values) - min(values)
        found["day_of_minimum"] = days[values.index(min(values))]
        found["day_of_maximum"] = days[values.index(max(values))]
    slopes = [
        (b - a) / (t - s) for (a, b), (s, t) in zip(pairwise(values), pairwise(days), strict=True)
    ]
    middles = [(s + t) / 2 for s, t in pairwise(days)]
    if slopes:
        found["steepest_rise"], found["steepest_fall"] = max(slopes), min(slopes)
        found["day_of_rise"] = middles[slopes.index(max(slopes))]
        found["day_of_fall"] = middles[slopes.index(min(slopes))]
    return found


@settings(max_examples=40)
@given(
    dates=st.integers(1, 10),
    share=st.sampled_from([0.0, 0.5, 0.9]),
    whole=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_equal_to_loops_over_the_valid_dates(
    dates: int, share: float, whole: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    days = np.cumsum(rng.integers(1, 30, dates)).astype(float)
    stack = rng.integers(0, 5 if whole else 10000, (dates, 2, 3, 4))
    data = stack.astype(np.uint16) if whole else (stack / 10000 - 0.2).astype("f4")
    valid = rng.random((dates, 3, 4)) >= share
    got = temporal(data, days.tolist(), valid)
    assert tuple(got) == FEATURES
    for band, y, x in np.ndindex(2, 3, 4):
        here = valid[:, y, x]
        wanted = _by_hand(data[here, band, y, x].astype("f8").tolist(), days[here].tolist())
        for name, picture in got.items():
            assert picture.dtype == np.float32
            assert picture.shape == (2, 3, 4)
            if name in wanted:
                assert not np.ma.getmaskarray(picture)[band, y, x]
                assert picture.data[band, y, x] == pytest.approx(wanted[name], rel=1e-4, abs=1e-5)
            else:
                assert np.ma.getmaskarray(picture)[band, y, x]


def test_masks_percentiles_and_stacks_without_bands() -> None:
    data = np.arange(24, dtype="f4").reshape(4, 2, 3)
    stack = np.ma.MaskedArray(data, mask=data % 5 == 0)
    stack[1, 1, 2] = np.nan
    got = temporal(stack, [0, 1, 2, 3], features=["p50", "maximum", "day_of_minimum"])
    assert list(got) == ["p50", "maximum", "day_of_minimum"]
    usable = np.ma.masked_invalid(stack)
    np.testing.assert_allclose(got["p50"], np.nanmedian(usable.filled(np.nan), axis=0))
    np.testing.assert_allclose(got["maximum"], usable.max(axis=0))
    np.testing.assert_array_equal(
        got["day_of_minimum"], (~np.ma.getmaskarray(usable)).argmax(axis=0)
    )


def test_a_part_has_the_bits_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    stack = rng.random((7, 300, 200)).astype("f4")
    valid = rng.random(stack.shape) > 0.4
    days = [1, 5, 9, 22, 40, 41, 90]
    whole = temporal(stack, days, valid)
    part = temporal(stack[:, 37:90, 11:60], days, valid[:, 37:90, 11:60])
    for name in FEATURES:
        inner = np.ascontiguousarray(whole[name].data[37:90, 11:60])
        assert part[name].data.tobytes() == inner.tobytes(), name


@pytest.mark.parametrize(
    ("days", "features", "message"),
    [
        ([1, 2], FEATURES, "do not fit"),
        ([1, 3, 2], FEATURES, "increase"),
        ([1, 2, 3], ["peak"], "unknown feature 'peak'"),
    ],
)
def test_bad_arguments_are_said(days: list[float], features: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        temporal(np.zeros((3, 2, 2)), days, features=features)
