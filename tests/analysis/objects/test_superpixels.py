"""Superpixels against plain loops, and against themselves cut another way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from automap_tiles.analysis.objects.statistics import majority, mean_and_std
from automap_tiles.analysis.objects.superpixels import Superpixels

Array = np.ndarray[Any, Any]


def picture(shape: tuple[int, int], seed: int = 0, gaps: float = 0.05, bands: int = 3) -> Any:
    """Fields with noise, and gaps."""
    random = np.random.default_rng(seed)
    data = np.stack([
        np.kron(random.uniform(0, 0.5, (-(-shape[0] // 7), -(-shape[1] // 9))), np.ones((7, 9)))
        for _ in range(bands)
    ])[:, : shape[0], : shape[1]]  # fmt: skip
    data = (data + random.normal(0, 0.03, data.shape)).astype(np.float32)
    mask = np.broadcast_to(random.random(shape) < gaps, data.shape)
    return np.ma.MaskedArray(data, mask=mask)


def by_loops(pixels: Any, size: int, compactness: float, rounds: int) -> Array:
    """Cells of the nearest seeds, as the paper says it, pixel by pixel; -1 without data."""
    height, width = pixels.shape[1:]
    cells = -(-height // size), -(-width // size)
    label = np.full((height, width), -1)
    valid = ~np.ma.getmaskarray(pixels).any(axis=0)
    for y, x in np.argwhere(valid):
        label[y, x] = y // size * cells[1] + x // size
    for _ in range(rounds + 1):
        seeds = {}
        for one in np.unique(label[label >= 0]):
            own = np.argwhere(label == one)
            values = pixels.data[:, own[:, 0], own[:, 1]].astype("f8")
            seeds[one] = values.mean(axis=1), (own + 0.5).mean(axis=0) / size
        for y, x in np.argwhere(valid):
            best = np.inf
            for row in range(y // size - 1, y // size + 2):
                for col in range(x // size - 1, x // size + 2):
                    one = row * cells[1] + col
                    if not (0 <= row < cells[0] and 0 <= col < cells[1]) or one not in seeds:
                        continue
                    values, at = seeds[one]
                    away = ((pixels.data[:, y, x] - values) ** 2).mean() / compactness**2
                    away += (((np.array([y, x]) + 0.5) / size - at) ** 2).sum()
                    if away < best - 1e-12:
                        best, label[y, x] = away, one
    return label


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_they_are_those_of_plain_loops(rounds: int) -> None:
    pixels = picture((23, 31), 1)
    how = Superpixels(size=5, compactness=0.1, rounds=rounds)
    found = how.labels(pixels, (0, 0), 31)
    wanted = by_loops(pixels, 5, 0.1, rounds) + 1
    assert (found == 0).sum() == np.ma.getmaskarray(pixels)[0].sum()
    for one in np.unique(wanted[wanted > 0]):  # but for loose parts
        parts, number = ndimage.label(wanted == one)
        sizes = np.bincount(parts.ravel())[1:]
        kept = parts == 1 + int(sizes.argmax())
        assert (found[kept] == one).all()
        assert number == 1 or sizes.max() < kept.size
    assert (found != wanted).mean() < 0.2


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 99))
def test_a_pixel_depends_on_what_is_near_and_on_nothing_else(
    top: int, left: int, seed: int
) -> None:
    how = Superpixels(size=4, compactness=0.1, rounds=1)
    around = how.margin
    pixels = picture((2 * around + 50, 2 * around + 50), seed, 0.1, 2)
    corner = 1000, 2003
    whole = how.labels(pixels, corner, 5000)
    rows, cols = slice(top, top + 2 * around + 15), slice(left, left + 2 * around + 12)
    part = how.labels(pixels[:, rows, cols], (corner[0] + top, corner[1] + left), 5000)
    inner = slice(around, -around), slice(around, -around)
    np.testing.assert_array_equal(part[inner], whole[rows, cols][inner])


def test_they_are_in_one_piece_and_near_their_seed() -> None:
    how = Superpixels(size=6, compactness=0.02, rounds=4)
    pixels = picture((60, 72), 3, 0.0)
    found = how.labels(pixels, (600, 1200), 7200)
    loose = 0
    for one in np.unique(found):
        rows, cols = np.nonzero(found == one)
        assert max(np.ptp(rows), np.ptp(cols)) < how.extent
        loose += ndimage.label(found == one)[1] - 1
    assert loose == 0
    row, col = np.divmod(np.unique(found) - 1, 1200)
    assert row.min() >= 100
    assert row.max() < 110
    assert col.min() >= 200
    assert col.max() < 212


def test_they_follow_edges() -> None:
    """Two fields: hardly a superpixel lies on both."""
    data = np.full((1, 60, 60), 0.1, np.float32)
    slope = np.add.outer(np.arange(60), 2 * np.arange(60)) > 90
    data[0][slope] = 0.4
    how = Superpixels(size=10, compactness=0.05)
    found = how.labels(np.ma.MaskedArray(data), (0, 0), 60)
    mixed = sum(
        min((slope & (found == one)).sum(), (~slope & (found == one)).sum())
        for one in np.unique(found)
    )
    assert mixed / found.size < 0.01
    even = np.add.outer(np.arange(60) // 10 * 6, np.arange(60) // 10)
    squares = sum(min((slope & (even == n)).sum(), (~slope & (even == n)).sum()) for n in range(36))
    assert mixed < squares / 10


def test_nothing_and_one_pixel() -> None:
    empty = np.ma.MaskedArray(np.zeros((2, 20, 20), "f4"), mask=True)
    how = Superpixels(size=5)
    assert not how.labels(empty, (0, 0), 20).any()
    empty[:, 7, 12] = 0.3
    found = how.labels(empty, (0, 0), 20)
    assert found[7, 12] == 1 + 1 * 4 + 2
    assert (found != 0).sum() == 1


@given(st.integers(0, 9999))
@settings(max_examples=20, deadline=None)
def test_statistics_are_those_of_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 9, (12, 15)).astype(np.int64) * 10**9
    pixels = picture((12, 15), seed, 0.2)
    mean, std = mean_and_std(pixels, labels)
    for one in np.unique(labels):
        here = labels == one
        own = pixels[:, here]
        for band in range(3):
            if one == 0 or own[band].mask.all():
                assert np.ma.getmaskarray(mean)[band][here].all()
                continue
            values = own[band].compressed().astype("f8")
            np.testing.assert_allclose(mean.data[band][here], values.mean(), rtol=1e-5)
            np.testing.assert_allclose(std.data[band][here], values.std(), rtol=1e-4, atol=1e-6)


@given(st.integers(0, 9999))
@settings(max_examples=20, deadline=None)
def test_the_majority_is_that_of_counting(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 6, (9, 11)).astype(np.int64)
    classes = random.integers(0, 4, (9, 11)).astype(np.uint8)
    found = majority(classes, labels)
    for one in range(6):
        here = labels == one
        counts = np.bincount(classes[here & (classes > 0)], minlength=4)
        wanted = classes[here] if one == 0 else np.where(classes[here] > 0, counts.argmax(), 0)
        np.testing.assert_array_equal(found[here], wanted)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"size": 1}, "2 pixels wide"),
        ({"compactness": 0}, "above 0"),
        ({"rounds": -1}, "0 or more"),
    ],
)
def test_what_cannot_be_is_named(values: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Superpixels(**values)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_no_data(value: float) -> None:
    """One such pixel took the seed of its cell with it, and the mean of its object."""
    pixels = picture((45, 50), seed=8, gaps=0.0)
    gaps = np.zeros(pixels.shape, bool)
    gaps[1, [7, 22, 23], [4, 31, 30]] = True
    spoilt = np.ma.MaskedArray(np.where(gaps, value, pixels.data), mask=False)
    masked = np.ma.MaskedArray(pixels.data, mask=gaps)
    how = Superpixels(size=7, compactness=0.1)
    found = how.labels(spoilt, (3, 5), 70)
    np.testing.assert_array_equal(found, how.labels(masked, (3, 5), 70))
    for one, other in zip(mean_and_std(spoilt, found), mean_and_std(masked, found), strict=True):
        assert np.isfinite(one.data).all()
        np.testing.assert_array_equal(one.data, other.data)
        np.testing.assert_array_equal(one.mask, other.mask)
