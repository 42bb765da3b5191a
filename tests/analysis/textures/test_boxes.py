from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from automap_tiles.analysis.textures import _windows
from automap_tiles.analysis.textures.boxes import (
    Statistic,
    box_mean,
    box_mean_std,
    box_range,
    boxes,
)

Array = np.ndarray[Any, Any]
Picture = np.ma.MaskedArray[Any, Any]
NAMES: tuple[Statistic, ...] = ("mean", "std", "range")


@pytest.fixture(params=[False, True], ids=["numpy", "numba"])
def fast(request: pytest.FixtureRequest) -> bool:
    if request.param:
        pytest.importorskip("numba")
    return bool(request.param)


def _plane(shape: tuple[int, int], share: float, seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    data = (rng.random(shape) * rng.choice([1, 1e4]) + rng.choice([0, 100])).astype("f4")
    return np.ma.MaskedArray(data, mask=rng.random(shape) < share)


def _valid(plane: Picture) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return ~np.ma.getmaskarray(plane)


def _of_window(plane: Picture, radius: int, function: Callable[[Array], Any]) -> Array:
    """SciPy, with NaN for what does not count and what is beyond."""

    def of_numbers(window: Array) -> float:
        numbers = window[~np.isnan(window)]
        return float(function(numbers)) if len(numbers) else 0.0

    numbers_ = np.where(_valid(plane), plane.data.astype("f8"), np.nan)
    values = np.pad(numbers_, radius, constant_values=np.nan)
    found = ndimage.generic_filter(values, of_numbers, size=2 * radius + 1)
    inner = slice(radius, -radius or None)
    return np.where(_valid(plane), found[inner, inner], 0)


@settings(max_examples=20)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    radius=st.integers(0, 4),
    share=st.sampled_from([0.0, 0.3, 0.9]),
    seed=st.integers(0, 2**32),
)
def test_equal_to_scipy_over_the_pixels_that_count(
    height: int, width: int, radius: int, share: float, seed: int
) -> None:
    plane = _plane((height, width), share, seed)
    mean, std = box_mean_std(plane, radius, fast=False)
    wide = box_range(plane, radius)
    size = np.abs(plane.data).max()
    wanted = {
        "mean": _of_window(plane, radius, np.mean),
        "std": _of_window(plane, radius, np.std),
        "range": _of_window(plane, radius, np.ptp),
    }
    for got, name in ((mean, "mean"), (std, "std"), (wide, "range")):
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got.mask, plane.mask)
        np.testing.assert_allclose(got.data, wanted[name], rtol=1e-6, atol=1e-6 * size)
    assert box_mean(plane, radius, fast=False).data.tobytes() == mean.data.tobytes()


@settings(max_examples=25)
@given(
    radius=st.integers(1, 9),
    share=st.sampled_from([0.0, 0.2, 0.95]),
    seed=st.integers(0, 2**32),
    cut=st.tuples(*[st.integers(0, 30)] * 4),
)
def test_a_part_with_its_margin_has_the_bits_of_the_whole(
    radius: int, share: float, seed: int, cut: tuple[int, int, int, int]
) -> None:
    plane = _plane((60, 700), share, seed)
    values, valid = plane.filled(0), _valid(plane)
    whole = boxes(values, valid, radius, NAMES, fast=False)
    top, high, left, wide = cut
    rows, columns = slice(top, top + high + 1), slice(left * 20, left * 20 + wide + 1)
    above, before = max(0, rows.start - radius), max(0, columns.start - radius)
    around = slice(above, rows.stop + radius), slice(before, columns.stop + radius)
    part = boxes(values[around], valid[around], radius, NAMES, fast=False)
    inner = (
        slice(rows.start - above, rows.stop - above),
        slice(columns.start - before, columns.stop - before),
    )
    for name in NAMES:
        assert part[name][inner].tobytes() == whole[name][rows, columns].tobytes()


def test_the_size_of_the_parts_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    plane = _plane((100, 120), 0.2, 1)
    whole = boxes(plane.filled(0), _valid(plane), 3, NAMES, fast=False)
    monkeypatch.setattr(_windows, "_WIDTH", 17)
    monkeypatch.setattr(_windows, "_CACHE_PART", 0.001)
    parts = boxes(plane.filled(0), _valid(plane), 3, NAMES, fast=False)
    for name in NAMES:
        assert parts[name].tobytes() == whole[name].tobytes()


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5, 10, 40])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_numba_gives_the_bits_of_numpy(radius: int, share: float) -> None:
    pytest.importorskip("numba")
    for shape in ((50, 60), (33, 1100), (1, 1), (5, 3)):
        plane = _plane(shape, share, radius)
        arguments = plane.filled(0), _valid(plane), radius
        slow = boxes(*arguments, NAMES, fast=False)
        quick = boxes(*arguments, NAMES, fast=True)
        for name in NAMES:
            assert quick[name].tobytes() == slow[name].tobytes()


def test_a_flat_window_has_no_spread(fast: bool) -> None:
    for value in (0.1, 1234.56, 3e-5):
        plane = np.full((30, 30), value, dtype="f4")
        _, std = box_mean_std(plane, 4, fast=fast)
        assert (std.data == 0).all()


def test_small_spreads_of_large_values_are_kept(fast: bool) -> None:
    rng = np.random.default_rng(1)
    plane = (3000 + rng.normal(0, 0.01, (40, 40))).astype("f4")
    _, std = box_mean_std(plane, 2, fast=fast)
    wanted = _of_window(np.ma.MaskedArray(plane, mask=np.zeros(plane.shape, bool)), 2, np.std)
    np.testing.assert_allclose(std.data, wanted, rtol=1e-3)


def test_whole_numbers_planes_and_what_is_not_a_number() -> None:
    rng = np.random.default_rng(2)
    planes = rng.integers(0, 10000, (3, 20, 30), dtype=np.uint16)
    together = box_mean(planes, 2, fast=False)
    assert together.shape == planes.shape
    for plane, got in zip(planes, together, strict=True):
        np.testing.assert_array_equal(got, box_mean(plane.astype("f4"), 2, fast=False))
    holes = planes[0].astype("f4")
    holes[3, 4], holes[5, 6] = np.nan, np.inf
    got = box_mean(holes, 2, fast=False)
    assert got.mask.sum() == 2
    assert np.isfinite(got.data).all()


def test_bad_arguments_are_said() -> None:
    with pytest.raises(ValueError, match="radius"):
        box_mean(np.zeros((3, 3), dtype="f4"), -1)
    with pytest.raises(ValueError, match="planes are"):
        box_mean(np.zeros(3, dtype="f4"), 1)
