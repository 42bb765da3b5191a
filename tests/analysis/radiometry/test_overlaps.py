"""Known gains and offsets of made mosaics found again, against SciPy's least squares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from automap_tiles.analysis.radiometry.overlaps import Overlap, overlap_of, solve_tones

ROWS, COLUMNS = 3, 4
SIZE, STEP = 160, 120


def ground(seed: int) -> Any:
    """Fields, woods and bare ground of 0.02 to 0.35."""
    rng = np.random.default_rng(seed)
    shape = (STEP * ROWS + SIZE, STEP * COLUMNS + SIZE)
    rough = gaussian_filter(rng.normal(size=shape), 3)
    ranks = rough.ravel().argsort().argsort().reshape(shape) / rough.size
    return 0.02 + 0.33 * ranks**2


def mosaic(seed: int, gains: Any, offsets: Any, noise: float = 0.003) -> list[Overlap]:
    """Overlaps of twelve scenes; a fifth of each is cloudy, none in the same place."""
    rng = np.random.default_rng(seed + 1)
    whole = ground(seed)
    corners = [(row * STEP, col * STEP) for row in range(ROWS) for col in range(COLUMNS)]
    seen, clear = [], []
    for number, (row, col) in enumerate(corners):
        picture = np.full(whole.shape, np.nan)
        window = slice(row, row + SIZE), slice(col, col + SIZE)
        real = (whole[window] - offsets[number]) / gains[number]
        picture[window] = real + rng.normal(0, noise, real.shape)
        clouds = gaussian_filter(rng.normal(size=whole.shape), 12)
        seen.append(picture)
        clear.append(np.isfinite(picture) & (clouds < np.quantile(clouds, 0.8)))
    found = [
        overlap_of((one, two), (seen[one], seen[two]), clear[one] & clear[two])
        for one in range(len(corners))
        for two in range(one + 1, len(corners))
    ]
    return [each for each in found if each is not None]


@pytest.mark.parametrize("seed", range(4))
def test_twelve_scenes_are_found_within_half_a_per_cent(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gains, offsets = rng.uniform(0.9, 1.1, 12), rng.uniform(-0.008, 0.008, 12)
    overlaps = mosaic(seed, gains, offsets)
    assert 17 <= len(overlaps) <= 29
    tones = solve_tones(12, overlaps)
    assert tones.lone == ()
    anchor = int(np.flatnonzero((tones.gains == 1) & (tones.offsets == 0))[0])
    # known up to the anchor: it stays as it is
    wanted = gains / gains[anchor]
    added = (offsets - offsets[anchor]) / gains[anchor]
    np.testing.assert_allclose(tones.gains, wanted, rtol=0.005)
    np.testing.assert_allclose(tones.offsets, added, atol=0.001)  # half a per cent of 0.2
    # what matters: the same ground is equally bright in all
    for bright in (0.1, 0.2, 0.3):
        apart = tones.gains * (bright - offsets) / gains + tones.offsets
        assert np.abs(apart / apart[anchor] - 1).max() < 0.005


def test_as_dense_least_squares_have_it() -> None:
    rng = np.random.default_rng(5)
    overlaps = mosaic(5, rng.uniform(0.9, 1.1, 12), rng.uniform(-0.008, 0.008, 12))
    tones = solve_tones(12, overlaps)
    anchor = int(np.flatnonzero((tones.gains == 1) & (tones.offsets == 0))[0])
    rows, sides = [], []
    for each in overlaps:
        for one, two, share in zip(*each.values, each.shares, strict=True):
            weight = np.sqrt(each.weight * share) / 0.01
            row = np.zeros(24)
            row[[each.one, 12 + each.one]] = one * weight, weight
            row[[each.two, 12 + each.two]] = -two * weight, -weight
            rows.append(row)
            sides.append((two - one) * weight)
    for unknown in range(24):
        row = np.zeros(24)
        row[unknown] = 1 / (0.05 if unknown < 12 else 0.005)
        rows.append(row)
        sides.append(0.0)
    free = [each for each in range(24) if each % 12 != anchor]
    found, *_ = np.linalg.lstsq(np.array(rows)[:, free], np.array(sides), rcond=None)
    own = np.concatenate([tones.gains - 1, tones.offsets])[free]
    np.testing.assert_allclose(own, found, atol=1e-8)


def test_gains_alone_and_scenes_that_are_alone() -> None:
    rng = np.random.default_rng(2)
    gains = rng.uniform(0.9, 1.1, 12)
    overlaps = mosaic(2, gains, np.zeros(12))
    tones = solve_tones(14, overlaps, with_offsets=False)
    assert tones.lone == (12, 13)
    assert (tones.offsets == 0).all()
    assert (tones.gains[12:] == 1).all()
    ratio = tones.gains[:12] / gains
    assert np.ptp(ratio) < 0.005 * ratio.mean()


def test_nothing_overlaps() -> None:
    tones = solve_tones(3, [])
    assert (tones.gains == 1).all()
    assert tones.lone == (0, 1, 2)
    few = np.zeros((20, 20))
    assert overlap_of((0, 1), (few, few), np.ones((20, 20), dtype=bool)) is None


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_equal_scenes_stay_as_they_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.uniform(0, 0.4, (30, 30))
    valid = np.ones(picture.shape, dtype=bool)
    overlaps = [overlap_of((one, one + 1), (picture, picture), valid) for one in range(5)]
    tones = solve_tones(6, [each for each in overlaps if each is not None])
    np.testing.assert_allclose(tones.gains, 1, atol=1e-12)
    np.testing.assert_allclose(tones.offsets, 0, atol=1e-12)


def test_days_apart_weigh_less() -> None:
    picture = np.linspace(0, 1, 900).reshape(30, 30)
    valid = np.ones(picture.shape, dtype=bool)
    near, far = (overlap_of((0, 1), (picture, picture), valid, days) for days in (0, 30))
    assert near is not None
    assert far is not None
    assert far.weight == pytest.approx(near.weight / math.e)
