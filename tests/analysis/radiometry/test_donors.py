"""Gaps filled by local gain, against the formula pixel by pixel in plain float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from automap_tiles.analysis.radiometry.donors import LEAST_SHARE, fill_gaps


def ground(seed: int, shape: tuple[int, int] = (60, 70)) -> Any:
    rng = np.random.default_rng(seed)
    fields = gaussian_filter(rng.normal(size=(2, *shape)), (0, 2, 2))
    return 0.2 + 0.05 * fields / fields.std()


def striped(shape: tuple[int, int], period: int = 20, width: int = 6, start: int = 0) -> Any:
    rows, cols = np.indices(shape)
    return (rows + cols // 8 + start) % period < width


def masked(values: Any, gap: Any) -> Any:
    return np.ma.MaskedArray(values, mask=np.broadcast_to(gap, values.shape))


def plainly(picture: Any, donor: Any, radius: int) -> tuple[Any, Any]:
    """(values, source) of one donor, window by window."""
    own: Any = ~np.ma.getmaskarray(picture).any(axis=0)
    other: Any = ~np.ma.getmaskarray(donor).any(axis=0)
    both = own & other
    values, source = picture.data.astype(float), np.zeros(own.shape, int)
    height, width = own.shape
    for y, x in np.argwhere(~own & other):
        window = np.s_[
            max(0, y - radius) : min(height, y + radius + 1),
            max(0, x - radius) : min(width, x + radius + 1),
        ]
        if both[window].mean() < LEAST_SHARE:
            continue
        parts = (each.data[(slice(None), *window)] for each in (picture, donor))
        sums = [part[:, both[window]].sum(axis=1) for part in parts]
        if (sums[1] <= 0).any():
            continue
        gains = sums[0] / sums[1]
        if ((gains < 1 / 3) | (gains > 3)).any():
            continue
        values[:, y, x] = donor.data[:, y, x] * gains
        source[y, x] = 1
    return values, source


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(0, 0.7), st.integers(0, 8))
def test_against_the_formula(seed: int, lost: float, cloudy: float, radius: int) -> None:
    rng = np.random.default_rng(seed)
    truth = ground(1, (24, 30))
    picture = masked(truth, rng.random((24, 30)) < lost)
    donor = masked(truth * 0.8 + 0.01, rng.random((24, 30)) < cloudy)
    found = fill_gaps(picture, [donor], radius)
    values, source = plainly(picture, donor, radius)
    np.testing.assert_array_equal(found.source, source)
    kept = ~np.ma.getmaskarray(picture)[0] | (source > 0)
    np.testing.assert_array_equal(~np.ma.getmaskarray(found.values)[0], kept)
    np.testing.assert_allclose(found.values.data[:, kept], values[:, kept], rtol=1e-6)


def test_another_light_is_taken_out() -> None:
    """A donor half as bright again, brighter to one side: the ground is met within a hundredth."""
    truth = ground(0)
    light = 1.5 + np.linspace(0, 0.2, 70)
    gap = striped((60, 70))
    found = fill_gaps(masked(truth, gap), [masked(truth * light, np.zeros_like(gap))], 10)
    filled = found.source == 1
    np.testing.assert_array_equal(np.ma.getmaskarray(found.values)[0], gap & ~filled)
    assert filled[gap].mean() > 0.98  # at a corner there is too little around
    np.testing.assert_array_equal(found.values[:, ~gap], truth[:, ~gap])
    assert np.abs(found.values - truth)[:, filled].max() < 0.01
    assert np.abs(truth * light - truth)[:, gap].max() > 0.1


def test_the_first_donor_that_can() -> None:
    truth, gap = ground(0), striped((60, 70))
    donors = [masked(truth, striped((60, 70), start=3)), masked(truth, np.zeros((60, 70), bool))]
    found = fill_gaps(masked(truth, gap), donors, 10)
    inner = np.s_[10:-10, 10:-10]
    np.testing.assert_array_equal((found.source == 2)[inner], (gap & donors[0].mask[0])[inner])
    np.testing.assert_array_equal((found.source == 1)[inner], (gap & ~donors[0].mask[0])[inner])


def test_what_cannot_be_filled_stays_a_gap() -> None:
    truth = ground(0)
    nothing, everything = np.zeros((60, 70), bool), np.ones((60, 70), bool)
    gap = striped((60, 70))
    whole = masked(truth, nothing)
    for picture, donor in (
        (masked(truth, everything), whole),
        (masked(truth, gap), masked(truth, everything)),
        (masked(truth, gap), masked(truth * 0, nothing)),
        (masked(truth, gap), masked(truth * 4, nothing)),
    ):
        found = fill_gaps(picture, [donor], 10)
        np.testing.assert_array_equal(np.ma.getmaskarray(found.values), picture.mask)
        assert not found.source.any()
    assert not fill_gaps(whole, [], 10).source.any()


@pytest.mark.parametrize("dtype", ["u2", "i2", "f4"])
def test_tiles_fit_together(dtype: str) -> None:
    """With the window's radius around a part the same bytes come out, of the picture's type."""
    values = (ground(3) * 10_000).astype(dtype)
    picture = masked(values, striped((60, 70)))
    donor = masked((ground(3) * 9000).astype(dtype), striped((60, 70), start=9))
    whole = fill_gaps(picture, [donor], 6)
    part = fill_gaps(picture[:, 14:46, 4:56], [donor[:, 14:46, 4:56]], 6)
    assert whole.values.dtype == np.dtype(dtype)
    inner, outer = np.s_[:, 6:-6, 6:-6], np.s_[:, 20:40, 10:50]
    np.testing.assert_array_equal(part.values.data[inner], whole.values.data[outer])
    np.testing.assert_array_equal(part.source[inner[1:]], whole.source[outer[1:]])


def test_other_shapes() -> None:
    picture = masked(ground(0), striped((60, 70)))
    with pytest.raises(ValueError, match="bands and pixels"):
        fill_gaps(picture, [picture[:1]])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_gaps(value: float) -> None:
    picture, donor = masked(ground(1), striped((60, 70))), masked(ground(2), False)
    gap = np.zeros(donor.shape, bool)
    gap[0, 10:14, 20:30] = gap[1, 44, 3:60] = True
    spoilt = np.ma.MaskedArray(np.where(gap, value, donor.data), mask=False)
    other = np.ma.MaskedArray(ground(4), mask=False)
    found = fill_gaps(picture, [spoilt, other])
    wanted = fill_gaps(picture, [np.ma.MaskedArray(donor.data, mask=gap), other])
    np.testing.assert_array_equal(found.source, wanted.source)
    np.testing.assert_array_equal(found.values.filled(0), wanted.values.filled(0))
    assert (found.source == 2).any()
