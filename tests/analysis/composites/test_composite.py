from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis import _dates
from automap_tiles.analysis.composites import composite

DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
Array = np.ndarray


def _stack(dtype: str, shape: tuple[int, ...], seed: int, *, extremes: bool = False) -> Array:
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return (rng.normal(size=shape) * 100).astype(kind)
    info = np.iinfo(kind)
    if extremes:
        values = np.array([info.min, info.min + 1, 0, info.max - 1, info.max], dtype=kind)
        return rng.choice(values, size=shape)
    return rng.integers(max(info.min, -9999), min(info.max, 9999), size=shape).astype(kind)


def _by_sorting(stack: Array, valid: Array) -> tuple[Array, Array]:
    """Median of the valid samples of each pixel with Python's exact numbers."""
    data = np.zeros(stack.shape[1:], dtype=object)
    mask = np.ones(stack.shape[1:], dtype=bool)
    for place in np.ndindex(*stack.shape[1:]):
        column = stack[(slice(None), *place)][valid[(slice(None), *place)]]
        values = sorted(value.item() for value in column)
        if values:
            middle = len(values) // 2
            pair = values[middle], values[-middle - 1]
            mask[place] = False
            data[place] = sum(pair)  # twice the median
    return data, mask


@given(
    dtype=st.sampled_from(DTYPES),
    dates=st.integers(1, 18),
    share=st.sampled_from([0.0, 0.1, 0.4, 0.6, 0.95, 1.0]),
    extremes=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_median_is_exact(dtype: str, dates: int, share: float, extremes: bool, seed: int) -> None:
    stack = _stack(dtype, (dates, 2, 5, 7), seed, extremes=extremes)
    valid = np.random.default_rng(seed).random(stack.shape) >= share
    doubled, mask = _by_sorting(stack, valid)
    got = composite.median(np.ma.MaskedArray(stack, mask=~valid))
    np.testing.assert_array_equal(got.mask, mask)
    # one rounding, that of the result's type
    wanted = np.array([value / 2 for value in doubled.ravel()], dtype=got.dtype)
    if got.dtype == np.float32 and stack.dtype.kind == "f":
        np.testing.assert_allclose(got.data.ravel(), wanted, rtol=1e-6 if dtype != "f2" else 1e-3)
    elif stack.dtype.itemsize == 8:
        # the two samples themselves are rounded to float64 before they are added
        np.testing.assert_allclose(got.data.ravel(), wanted, rtol=1e-15, atol=1)
    else:
        np.testing.assert_array_equal(got.data.ravel(), wanted)
    if stack.dtype.kind in "iu":
        rounded = composite.median(stack, valid, rounded=True)
        assert rounded.dtype == stack.dtype
        exact = np.array([(value + 1) // 2 for value in doubled.ravel()], dtype=stack.dtype)
        np.testing.assert_array_equal(rounded.data.ravel(), exact)


@pytest.mark.parametrize("dates", [*range(1, 30), 64, 65, 146])
def test_median_equals_numpy(dates: int) -> None:
    stack = _stack("u2", (dates, 3, 17, 41), dates)
    valid = np.random.default_rng(dates + 1).random((dates, 17, 41)) >= 0.4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of pixels without any sample
        wanted = np.nanmedian(np.where(valid[:, None], stack.astype("f8"), np.nan), axis=0)
    got = composite.median(stack, valid)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got.filled(np.nan), wanted.astype("f4"))


def test_nan_does_not_count_even_where_valid_says_so() -> None:
    stack = _stack("f4", (5, 2, 8, 9), 3)
    stack[np.random.default_rng(1).random(stack.shape) < 0.3] = np.nan
    stack[:, 1, 0, 0] = np.nan
    statistics: list[tuple[Any, Any]] = [
        (composite.median, np.nanmedian),
        (composite.minimum, np.nanmin),
        (composite.maximum, np.nanmax),
        (composite.mean, np.nanmean),
    ]
    for function, oracle in statistics:
        got = function(stack, np.ones((5, 8, 9), dtype=bool))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            wanted = oracle(stack, axis=0)
        np.testing.assert_allclose(got.filled(np.nan), wanted, rtol=2e-6, atol=2e-5)
    assert composite.count(stack)[1, 0, 0] == 0


def test_infinity_is_a_value_like_others() -> None:
    stack = np.array([np.inf, 1, -np.inf, np.inf], dtype="f8").reshape(4, 1, 1)
    valid = np.array([1, 1, 0, 1], dtype=bool).reshape(4, 1, 1)
    assert composite.median(stack, valid)[0, 0] == np.inf
    assert composite.median(stack[:3], valid[:3])[0, 0] == np.inf
    assert composite.minimum(stack, valid)[0, 0] == 1


def test_sum_of_large_floats_does_not_overflow() -> None:
    large = np.finfo("f4").max
    stack = np.full((2, 1, 1), large, dtype="f4")
    assert composite.median(stack)[0, 0] == large
    assert composite.mean(stack)[0, 0] == large


@given(
    dtype=st.sampled_from(DTYPES),
    dates=st.integers(1, 9),
    share=st.sampled_from([0.0, 0.5, 0.9]),
    seed=st.integers(0, 2**32),
)
def test_other_statistics_equal_numpy(dtype: str, dates: int, share: float, seed: int) -> None:
    stack = _stack(dtype, (dates, 2, 4, 6), seed)
    valid = np.random.default_rng(seed).random((dates, 4, 6)) >= share
    masked = np.ma.MaskedArray(stack, mask=np.broadcast_to(~valid[:, None], stack.shape))
    number = composite.count(stack, valid)
    np.testing.assert_array_equal(number, np.broadcast_to(valid.sum(axis=0), stack.shape[1:]))
    assert not np.ma.getmaskarray(number).any()
    for function, oracle, last in [
        (composite.minimum, np.min, composite.maximum(stack).max()),
        (composite.maximum, np.max, composite.minimum(stack).min()),
    ]:
        got = function(masked)
        assert got.dtype == stack.dtype
        np.testing.assert_array_equal(got.mask, number.data == 0)
        # where nothing is valid every sample is `last`, which the mask then hides
        wanted = oracle(np.where(valid[:, None], stack, last), axis=0)
        np.testing.assert_array_equal(got.filled(0), np.where(number.data, wanted, 0))
    wide = masked.astype("f8").mean(axis=0)
    np.testing.assert_allclose(
        composite.mean(masked).filled(0), wide.filled(0), rtol=1e-6, atol=1e-3
    )
    if stack.dtype.kind in "iu":
        rounded = composite.mean(masked, rounded=True)
        assert rounded.dtype == stack.dtype
        np.testing.assert_array_equal(rounded.filled(0), np.floor(wide + 0.5).filled(0))


@pytest.mark.parametrize(
    "function", [composite.median, composite.mean, composite.minimum, composite.maximum]
)
def test_blocks_change_nothing(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = _stack("i2", (7, 2, 33, 20), 5)
    valid = np.random.default_rng(6).random((7, 33, 20)) >= 0.5
    whole = function(stack, valid)
    monkeypatch.setattr(_dates, "l2_bytes", lambda: 1000)
    parts = function(stack, valid)
    np.testing.assert_array_equal(parts.data, whole.data)
    np.testing.assert_array_equal(parts.mask, whole.mask)


def test_a_view_with_steps_and_another_byte_order_is_fine() -> None:
    stack = _stack("i2", (5, 4, 20, 30), 7)
    valid = np.random.default_rng(8).random((5, 20, 30)) >= 0.4
    wanted = composite.median(np.ascontiguousarray(stack[:, 1:3, ::2, 5:]), valid[:, ::2, 5:])
    for view in (stack[:, 1:3, ::2, 5:], stack.astype(">i2")[:, 1:3, ::2, 5:]):
        got = composite.median(view, valid[:, ::2, 5:])
        np.testing.assert_array_equal(got.filled(-1), wanted.filled(-1))


def test_input_stays_as_it_was() -> None:
    stack = _stack("u2", (6, 2, 9, 9), 9)
    valid = np.random.default_rng(9).random((6, 9, 9)) >= 0.4
    before, flags = stack.copy(), valid.copy()
    for function in (composite.median, composite.mean, composite.minimum, composite.maximum):
        function(stack, valid)
    np.testing.assert_array_equal(stack, before)
    np.testing.assert_array_equal(valid, flags)


def test_a_stack_without_bands_gives_a_picture_without() -> None:
    stack = _stack("u2", (6, 9, 8), 10)
    valid = np.random.default_rng(9).random((6, 9, 8)) >= 0.4
    got = composite.median(np.ma.MaskedArray(stack, mask=~valid))
    assert got.shape == (9, 8)
    np.testing.assert_array_equal(
        got.filled(0), composite.median(stack[:, None], valid)[0].filled(0)
    )


def test_misfits_are_refused() -> None:
    stack = np.zeros((3, 2, 4, 5), dtype="u2")
    with pytest.raises(ValueError, match="does not fit"):
        composite.median(stack, np.ones((3, 5, 4), dtype=bool))
    with pytest.raises(ValueError, match="a stack is"):
        composite.median(stack[0, 0])
    with pytest.raises(ValueError, match="a stack is"):
        composite.median(stack[:0])
    with pytest.raises(TypeError, match="complex"):
        composite.median(stack.astype("c8"))


@given(
    dtype=st.sampled_from(DTYPES),
    dates=st.integers(1, 14),
    share=st.sampled_from([0.0, 0.1, 0.4, 0.9, 1.0]),
    percents=st.lists(st.sampled_from([0, 2.5, 25, 50, 75, 90, 97.5, 100]), min_size=1, max_size=4),
    per_band=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_several_statistics_in_one_pass_equal_numpy(
    dtype: str, dates: int, share: float, percents: list[float], per_band: bool, seed: int
) -> None:
    stack = _stack(dtype, (dates, 3, 4, 6), seed)
    rng = np.random.default_rng(seed)
    valid = rng.random(stack.shape if per_band else (dates, 4, 6)) >= share
    names = ["std", *(f"p{percent}" for percent in percents), "count", "median", "max"]
    got = composite.reduce(stack, valid, names)
    assert list(got) == list(dict.fromkeys(names))
    every = valid if per_band else np.broadcast_to(valid[:, None], stack.shape)
    numbers = np.where(every, stack.astype("f8"), np.nan)
    # float16 keeps its type for the extremes and is float32 otherwise
    rough = 1e-4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        wanted = {f"p{percent}": np.nanpercentile(numbers, percent, axis=0) for percent in percents}
        wanted |= {"std": np.nanstd(numbers, axis=0), "median": np.nanmedian(numbers, axis=0)}
        wanted |= {"max": np.nanmax(numbers, axis=0)}
    for name, oracle in wanted.items():
        np.testing.assert_array_equal(got[name].mask, ~every.any(axis=0))
        plain = np.where(got[name].mask, np.nan, got[name].data.astype("f8"))
        np.testing.assert_allclose(plain, oracle, rtol=rough, atol=rough)
    np.testing.assert_array_equal(got["count"], every.sum(axis=0))
    assert not got["count"].mask.any()


def test_masking_one_result_leaves_the_others_alone() -> None:
    got = composite.reduce(_stack("u2", (3, 1, 2, 2), 1), None, ("median", "std"))
    got["median"][0, 0, 0] = np.ma.masked
    assert not got["std"].mask.any()


def test_what_lies_under_the_mask_does_not_matter() -> None:
    stack = _stack("f4", (5, 2, 6, 7), 2)
    valid = np.random.default_rng(3).random((5, 6, 7)) >= 0.4
    spoilt = stack.copy()
    spoilt[np.broadcast_to(~valid[:, None], stack.shape)] = np.nan
    spoilt[0][:, ~valid[0]] = np.inf
    names = ("median", "mean", "std", "min", "max", "p10", "count")
    clean, dirty = (composite.reduce(data, valid, names) for data in (stack, spoilt))
    for name in names:
        np.testing.assert_array_equal(clean[name].data, dirty[name].data)


def test_a_constant_has_no_deviation() -> None:
    stack = np.full((7, 1, 2, 3), 0.1, dtype="f4")
    assert (composite.std(stack) == 0).all()
    assert (composite.percentile(stack, 33.3) == np.float32(0.1)).all()


def test_more_dates_than_eight_bits_count() -> None:
    stack = _stack("i2", (300, 1, 2, 3), 11)
    valid = np.random.default_rng(3).random((300, 2, 3)) >= 0.1
    wide = np.where(valid[:, None], stack, np.nan)
    got = composite.reduce(stack, valid, ("median", "count", "p90", "mean"))
    np.testing.assert_array_equal(got["median"].data, np.nanmedian(wide, axis=0))
    np.testing.assert_allclose(got["p90"].data, np.nanpercentile(wide, 90, axis=0), rtol=1e-6)
    np.testing.assert_allclose(got["mean"].data, np.nanmean(wide, axis=0), rtol=1e-6)
    np.testing.assert_array_equal(got["count"].data, valid.sum(axis=0)[None])


def test_unknown_statistics_are_named() -> None:
    stack = _stack("u2", (2, 1, 2, 2), 1)
    for name in ("medan", "p101", "p", "p-1", "pnan"):
        with pytest.raises(ValueError, match=rf"unknown statistic '{name}'; known: median, mean"):
            composite.reduce(stack, None, (name,))
    with pytest.raises(ValueError, match="no statistic"):
        composite.reduce(stack, None, ())
    with pytest.raises(ValueError, match="0 to 100"):
        composite.percentile(stack, 101)


@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_mask_and_valid_together(dtype: str) -> None:
    rng = np.random.default_rng(20)
    stack = _stack(dtype, (6, 3, 8, 9), 21)
    valid = rng.random((6, 8, 9)) >= 0.3
    mask = rng.random(stack.shape) < 0.3
    mask[:, 1] = mask[:, 0]  # two bands agree, the third does not
    if dtype == "f4":
        stack[1, 2, 3, 4] = np.nan
    counts = valid[:, None] & ~mask & ~np.isnan(stack.astype("f8"))
    got = composite.reduce(np.ma.MaskedArray(stack, mask=mask), valid, ("median", "count"))
    np.testing.assert_array_equal(got["count"], counts.sum(axis=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        wanted = np.nanmedian(np.where(counts, stack, np.nan), axis=0)
    plain = np.where(got["median"].mask, np.nan, got["median"].data)
    np.testing.assert_allclose(plain, wanted, rtol=1e-6)
    dates = _dates.whole_dates(np.ma.MaskedArray(stack, mask=mask), valid)
    np.testing.assert_array_equal(dates.valid, counts.all(axis=1))


def test_sixty_dates_of_a_large_tile_need_little_beside_themselves() -> None:
    mask = np.zeros((60, 2, 128, 1024), dtype=bool)
    mask[3] = True
    stack = np.ma.MaskedArray(np.ones(mask.shape, dtype="u2"), mask=mask)
    tracemalloc.start()
    composite.reduce(stack, None, ("median", "std"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # two results with masks are 2.6 MB; the stack is 31 MB and its mask 16 MB
    assert peak < 16e6
