"""Each way beside an oracle: sums pixel by pixel, scikit-image, SciPy, OpenCV."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from automap_tiles.analysis.registration.least_squares import matched_shift
from automap_tiles.analysis.registration.ncc import correlations, good_length
from automap_tiles.analysis.registration.phase import phase_shift
from automap_tiles.analysis.registration.translate import translate
from tests.analysis.registration.dates import clouds, covered, displaced, made_dates, middle, pink


def _one_by_one(first: Any, second: Any, max_shift: int, overlap: float) -> Any:
    """Padfield's formula as Pearson's, over the pixels that both have at each shift."""
    size = 2 * max_shift + 1
    out, counts = np.full((size, size), np.nan), np.zeros((size, size))
    height, width = first.shape
    for row in range(-max_shift, max_shift + 1):
        for column in range(-max_shift, max_shift + 1):
            one = first[max(0, row) : height + row, max(0, column) : width + column]
            other = second[max(0, -row) : height - row, max(0, -column) : width - column]
            one = one[: height - abs(row), : width - abs(column)]
            other = other[: height - abs(row), : width - abs(column)]
            both = ~np.ma.getmaskarray(one) & ~np.ma.getmaskarray(other)
            x, y = np.ma.getdata(one)[both], np.ma.getdata(other)[both]
            place = row + max_shift, column + max_shift
            counts[place] = both.sum()
            if both.sum() > 1 and x.std() > 1e-9 and y.std() > 1e-9:
                out[place] = np.corrcoef(x, y)[0, 1]
    out[counts < overlap * counts.max()] = np.nan
    return out


@settings(max_examples=25)
@given(
    shape=st.tuples(st.integers(6, 24), st.integers(6, 24)),
    max_shift=st.integers(0, 5),
    share=st.sampled_from([0.0, 0.2, 0.5]),
    seed=st.integers(0, 10**6),
)
def test_correlations_are_those_of_the_sums(
    shape: tuple[int, int], max_shift: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    first, second = (
        np.ma.MaskedArray(rng.normal(5, 1, shape), mask=rng.random(shape) < share) for _ in range(2)
    )
    found = correlations(first, second, max_shift)
    wanted = _one_by_one(first, second, max_shift, 0.3)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_best_whole_shift_is_that_of_scikit_image() -> None:
    first, second = made_dates(1)
    for shift in [(3.0, -2.0), (-5.0, 1.0), (0.0, 0.0)]:
        reference, moving = (
            covered(middle(first), 0.4, 1),
            covered(displaced(second, shift), 0.4, 2),
        )
        found = correlations(reference, moving, 8)
        best = np.array(np.unravel_index(np.nanargmax(found), found.shape)) - 8
        theirs, _, _ = phase_cross_correlation(  # type: ignore[no-untyped-call]
            np.ma.filled(reference, 0.0),
            np.ma.filled(moving, 0.0),
            reference_mask=~np.ma.getmaskarray(reference),
            moving_mask=~np.ma.getmaskarray(moving),
        )
        np.testing.assert_array_equal(best, theirs)
        np.testing.assert_array_equal(best, shift)


@pytest.mark.parametrize("shift", [(0.35, -0.6), (-0.8, 0.1), (0.0, 0.0)])
def test_phase_correlation_is_that_of_scikit_image(shift: tuple[float, float]) -> None:
    first, second = made_dates(4)
    one, other = middle(first), displaced(second, shift)
    found = phase_shift(np.ma.MaskedArray(one), np.ma.MaskedArray(other))
    fade = np.hanning(len(one))[:, None] * np.hanning(len(one))
    theirs, _, _ = phase_cross_correlation(  # type: ignore[no-untyped-call]
        (one - one.mean()) * fade,
        (other - other.mean()) * fade,
        upsample_factor=100,
        normalization="phase",
    )
    assert found is not None
    np.testing.assert_allclose(found, theirs, atol=0.05)


def test_ecc_of_opencv_without_clouds() -> None:
    """Only there: under clouds it is off by half a pixel or raises."""
    cv2 = pytest.importorskip("cv2")
    first, second = made_dates(6)
    one, other = middle(first), displaced(second, (0.6, -0.35))
    warp = np.eye(2, 3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-6)
    cv2.findTransformECC(
        one.astype("f4"), other.astype("f4"), warp, cv2.MOTION_TRANSLATION, criteria, None, 5
    )
    found = matched_shift(np.ma.MaskedArray(one), np.ma.MaskedArray(other))
    assert found is not None
    # it gives where in the date the reference's pixels are: the way back, and x first
    np.testing.assert_allclose(found, (-warp[1, 2], -warp[0, 2]), atol=0.06)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_least_squares_finds_shifts_of_less_than_a_pixel(share: float) -> None:
    first, second = made_dates(8)
    for shift in [(0.5, -0.5), (-0.35, 0.2), (0.0, 0.0)]:
        reference = covered(middle(first), share, 1)
        found = matched_shift(reference, covered(displaced(second, shift), share, 2))
        assert found is not None
        np.testing.assert_allclose(found, shift, atol=0.08)


def test_ways_that_come_to_no_end() -> None:
    flat = np.ma.MaskedArray(np.full((40, 40), 0.3))
    rough = np.ma.MaskedArray(pink(1, 40))
    hidden = np.ma.MaskedArray(pink(1, 40), mask=True)
    lined = np.ma.MaskedArray(np.tile(np.sin(np.arange(40)), (40, 1)))
    for one, other in [(flat, rough), (rough, flat), (hidden, rough), (rough, hidden)]:
        assert phase_shift(one, other) is None
        assert matched_shift(one, other) is None
    assert matched_shift(lined, lined) is None  # along the lines any shift will do


_HUNDREDTHS = st.integers(-300, 300).map(lambda number: number / 100)


@given(
    shift=st.tuples(_HUNDREDTHS, _HUNDREDTHS),
    share=st.sampled_from([0.0, 0.1]),
    seed=st.integers(0, 1000),
)
def test_a_moved_picture_is_that_of_keys_kernel(
    shift: tuple[float, float], share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values, mask = rng.normal(size=(12, 15)), rng.random((12, 15)) < share
    found = translate(np.ma.MaskedArray(values, mask=mask), shift)
    # pixels beyond the edges are gaps
    wide = np.pad(values, 8)
    gaps = np.pad(mask, 8, constant_values=True)
    rows, columns = (
        np.array([[_keys(x - way - y) for y in range(-8, size + 8)] for x in range(size)])
        for size, way in zip(values.shape, shift, strict=True)
    )
    touched = (np.abs(rows) > 1e-12).astype(int) @ gaps @ (np.abs(columns) > 1e-12).T.astype(int)
    np.testing.assert_array_equal(np.ma.getmaskarray(found), touched > 0)
    wanted = np.where(touched > 0, 0, rows @ np.where(gaps, 0, wide) @ columns.T)
    np.testing.assert_allclose(np.ma.filled(found, 0.0), wanted, atol=1e-9)


def _keys(x: float) -> float:
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def test_whole_shifts_change_no_value() -> None:
    picture = np.ma.MaskedArray(pink(3, 30).astype("f4"), mask=clouds(0.2, 1, (30, 30)))
    found = translate(picture, (3.0, -2.0))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[3:, :-2], picture[:-3, 2:])
    assert np.ma.getmaskarray(found)[:3].all()
    assert np.ma.getmaskarray(found)[:, -2:].all()
    np.testing.assert_array_equal(
        np.ma.getmaskarray(found)[3:, :-2], np.ma.getmaskarray(picture)[:-3, 2:]
    )


def test_a_shift_beyond_the_picture_leaves_nothing() -> None:
    for shift in [(50.0, 0.0), (0.0, -33.3)]:
        assert np.ma.getmaskarray(translate(np.ma.MaskedArray(pink(3, 30)), shift)).all()


def test_moving_a_smooth_picture_is_nearly_what_splines_give() -> None:
    smooth = ndimage.gaussian_filter(pink(5, 60), 2)
    found = translate(np.ma.MaskedArray(smooth), (0.4, -1.3))
    wanted = ndimage.shift(smooth, (0.4, -1.3), order=3)
    np.testing.assert_allclose(found[5:-5, 5:-5], wanted[5:-5, 5:-5], atol=5e-4)


@given(st.integers(0, 20000))
def test_lengths_of_fast_transforms(least: int) -> None:
    length = good_length(least)
    assert length >= max(1, least)
    for factor in (2, 3, 5):
        while length % factor == 0:
            length //= factor
    assert length == 1
