from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis import _dates
from automap_tiles.analysis._dates import whole_dates
from automap_tiles.analysis.composites.bestpixel import max_ndvi
from automap_tiles.analysis.composites.medoid import medoid, medoid_approx
from automap_tiles.analysis.composites.one_date import choose

Array = np.ndarray


@pytest.fixture(params=[False, True], ids=["numpy", "numba"])
def fast(request: pytest.FixtureRequest) -> bool:
    if request.param:
        pytest.importorskip("numba")
    return bool(request.param)


def _case(dtype: str, dates: int, bands: int, share: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    shape = (dates, bands, 4, 7)
    stack = rng.uniform(-0.01, 0.6, shape) if dtype[0] == "f" else rng.integers(0, 4000, shape)
    return stack.astype(dtype), rng.random((dates, 4, 7)) >= share


def _taken(stack: Array, index: Array) -> Array:
    taken: Array = np.take_along_axis(stack, index[None, None].astype(int), axis=0)[0]
    return taken


@given(
    dtype=st.sampled_from(["u1", "u2", "i2", "f4", "f8"]),
    dates=st.integers(1, 9),
    bands=st.integers(1, 5),
    share=st.sampled_from([0.0, 0.5, 0.95]),
    seed=st.integers(0, 2**32),
)
def test_choose_takes_the_first_of_the_highest(
    dtype: str, dates: int, bands: int, share: float, seed: int
) -> None:
    stack, valid = _case(dtype, dates, bands, share, seed)
    # few values, so that there are ties, and some without a score
    scores = np.random.default_rng(seed).choice(
        np.array([-2, 0, 1, 3, np.nan], dtype="f4"), size=valid.shape
    )
    got = choose(
        whole_dates(stack, valid), lambda date, rows: scores[date, rows].astype(np.float32)
    )
    ranked = np.where(valid & ~np.isnan(scores), scores, -np.inf)
    found = (ranked > -np.inf).any(axis=0)
    index = ranked.argmax(axis=0)
    np.testing.assert_array_equal(got.scene_index.filled(999), np.where(found, index, 999))
    np.testing.assert_array_equal(got.score.filled(999), np.where(found, ranked.max(axis=0), 999))
    np.testing.assert_array_equal(got.picture.mask, np.broadcast_to(~found, got.picture.shape))
    np.testing.assert_array_equal(got.picture.data, np.where(found, _taken(stack, index), 0))
    np.testing.assert_array_equal(got.valid_count, valid.sum(axis=0))
    assert got.picture.dtype == stack.dtype


@given(
    dtype=st.sampled_from(["u2", "i2", "f4"]),
    dates=st.integers(1, 9),
    share=st.sampled_from([0.0, 0.5, 0.95]),
    seed=st.integers(0, 2**32),
)
def test_max_ndvi_by_hand(dtype: str, dates: int, share: float, seed: int) -> None:
    stack, valid = _case(dtype, dates, 4, share, seed)
    stack[0, 2:4, 0, 0] = 0  # 0 / 0
    red, nir = stack[:, 2].astype("f4"), stack[:, 3].astype("f4")
    with np.errstate(all="ignore"):
        ndvi = (nir - red) / (nir + red)
        means = (nir + red > 0) & (np.abs(ndvi) <= 1)
    ndvi[~valid | ~means] = -np.inf
    found = (ndvi > -np.inf).any(axis=0)
    got = max_ndvi(stack, valid, red=2, nir=3, fast=False)
    index = ndvi.argmax(axis=0)
    np.testing.assert_array_equal(got.scene_index.filled(99), np.where(found, index, 99))
    np.testing.assert_array_equal(got.score.filled(9), np.where(found, ndvi.max(axis=0), 9))
    np.testing.assert_array_equal(got.picture.data, np.where(found, _taken(stack, index), 0))


def test_a_dark_day_is_not_the_greenest(fast: bool) -> None:
    """Red, nir of each date: an NDVI of 3, one of both below 0, one of 0.5, one of 0.4."""
    pairs = np.array([[-0.012, 0.024], [-0.05, -0.5], [0.1, 0.3], [0.15, 0.35]], dtype="f4")
    stack = np.repeat(pairs, 40).reshape(4, 2, 5, 8)
    got = max_ndvi(stack, red=0, nir=1, fast=fast)
    assert (got.scene_index == 2).all()
    np.testing.assert_allclose(got.score, 0.5, rtol=1e-6)
    dark = max_ndvi(stack[:2], red=0, nir=1, fast=fast)
    assert dark.picture.mask.all()
    assert (dark.valid_count == 2).all()


def _sums(stack: Array, valid: Array) -> Array:
    wide = stack.astype("f8")
    pairs = np.sqrt(((wide[:, None] - wide[None]) ** 2).sum(axis=2))
    sums = np.where(valid[None], pairs, 0).sum(axis=1)
    result: Array = np.where(valid, sums, np.inf)
    return result


@given(
    dtype=st.sampled_from(["u2", "i2", "f4"]),
    dates=st.integers(1, 9),
    bands=st.integers(1, 7),
    share=st.sampled_from([0.0, 0.5, 0.95]),
    seed=st.integers(0, 2**32),
)
def test_medoid_by_hand(dtype: str, dates: int, bands: int, share: float, seed: int) -> None:
    stack, valid = _case(dtype, dates, bands, share, seed)
    got = medoid(stack, valid, fast=False)
    sums = _sums(stack, valid)
    found = valid.any(axis=0)
    np.testing.assert_array_equal(got.scene_index.mask, ~found)
    chosen = np.take_along_axis(sums, got.scene_index.data[None].astype(int), axis=0)[0]
    # float32: nearly equal sums may change places
    np.testing.assert_allclose(chosen[found], sums.min(axis=0)[found], rtol=1e-5)
    np.testing.assert_allclose(got.score.data[found], chosen[found], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        got.picture.data, np.where(found, _taken(stack, got.scene_index.data), 0)
    )


@given(
    dates=st.integers(1, 9),
    share=st.sampled_from([0.0, 0.5, 0.95]),
    seed=st.integers(0, 2**32),
)
def test_medoid_approx_by_hand(dates: int, share: float, seed: int) -> None:
    stack, valid = _case("u2", dates, 5, share, seed)
    got = medoid_approx(stack, valid)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        centre = np.nanmedian(np.where(valid[:, None], stack, np.nan), axis=0)
    centre = np.nan_to_num(centre)
    distance = np.where(valid, np.sqrt(((stack - centre) ** 2).sum(axis=1)), np.inf)
    found = valid.any(axis=0)
    np.testing.assert_array_equal(got.scene_index.mask, ~found)
    chosen = np.take_along_axis(distance, got.scene_index.data[None].astype(int), axis=0)[0]
    np.testing.assert_allclose(chosen[found], distance.min(axis=0)[found], rtol=1e-5)
    np.testing.assert_allclose(got.score.data[found], chosen[found], rtol=1e-5)


def test_two_names_for_two_things() -> None:
    # the bands' medians are (2, 2): near the third date; the medoid is the first
    series = [[0, 5], [0, 6], [2, 2], [9, 0], [5, 1.9]]
    stack = np.array(series, dtype="f4")[:, :, None, None]
    exact, near = medoid(stack, fast=False), medoid_approx(stack)
    assert near.scene_index[0, 0] == 2
    assert exact.scene_index[0, 0] == _sums(stack, np.ones((5, 1, 1), bool))[:, 0, 0].argmin()


def test_of_equal_dates_the_first(fast: bool) -> None:
    stack = np.full((4, 3, 2, 2), 7, dtype="u2")
    valid = np.ones((4, 2, 2), dtype=bool)
    valid[0] = False
    assert (medoid(stack, valid, fast=fast).scene_index == 1).all()
    assert (max_ndvi(stack, valid, red=0, nir=1, fast=fast).scene_index == 1).all()


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8"])
@pytest.mark.parametrize("dates", [1, 12, 300])
def test_numba_gives_the_same_bits(dtype: str, dates: int) -> None:
    pytest.importorskip("numba")
    stack, valid = _case(dtype, dates, 4, 0.6 if dates < 300 else 0.99, dates)
    methods: list[Any] = [lambda fast: max_ndvi(stack, valid, red=2, nir=3, fast=fast)]
    if dates < 300:
        methods.append(lambda fast: medoid(stack, valid, fast=fast))
    for method in methods:
        slow, quick = method(False), method(True)
        for name in ("picture", "scene_index", "score", "valid_count"):
            one, other = getattr(slow, name), getattr(quick, name)
            np.testing.assert_array_equal(one.data, other.data)
            np.testing.assert_array_equal(one.mask, other.mask)
            assert one.dtype == other.dtype


@pytest.mark.parametrize(
    "method",
    [
        lambda stack, valid: max_ndvi(stack, valid, red=2, nir=3, fast=False),
        lambda stack, valid: medoid(stack, valid, fast=False),
        medoid_approx,
    ],
)
def test_the_same_however_it_is_cut(method: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    stack = rng.integers(0, 4000, (8, 5, 30, 20)).astype("u2")
    valid = rng.random((8, 30, 20)) >= 0.5
    whole = method(stack, valid)
    monkeypatch.setattr(_dates, "l2_bytes", lambda: 1000)
    blocks = method(stack, valid)
    corner = method(stack[:, :, 7:8, 3:4], valid[:, 7:8, 3:4])
    for name in ("picture", "scene_index", "score"):
        np.testing.assert_array_equal(getattr(blocks, name).data, getattr(whole, name).data)
        np.testing.assert_array_equal(
            getattr(corner, name).data, getattr(whole, name).data[..., 7:8, 3:4]
        )


def test_provenance_speaks_of_days_and_shares() -> None:
    stack = np.zeros((3, 2, 1, 4), dtype="u2")
    stack[:, 1] = np.array([[1, 0, 0, 5], [0, 9, 0, 5], [0, 0, 3, 5]])[:, None]
    stack[:, 0] = 1
    valid = np.ones((3, 1, 4), dtype=bool)
    valid[:, 0, 3] = False
    got = max_ndvi(stack, valid, red=0, nir=1, fast=False)
    times = [datetime(2020, month, 1, tzinfo=UTC) for month in (1, 2, 12)]
    days = got.day_of_year(times)
    assert days.filled(0).tolist() == [[1, 32, 336, 0]]
    assert got.shares(3) == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    nothing = max_ndvi(stack, np.zeros_like(valid), red=0, nir=1, fast=False)
    assert nothing.shares(3) == [0, 0, 0]
    assert nothing.picture.mask.all()


def test_a_date_counts_only_with_all_its_bands(fast: bool) -> None:
    stack = np.ones((2, 3, 1, 2), dtype="f4")
    stack[1, 1] = 9
    stack[1, 2, 0, 0] = np.nan
    got = max_ndvi(stack, red=0, nir=1, fast=fast)
    assert got.scene_index.tolist() == [[0, 1]]
    assert got.valid_count.tolist() == [[1, 2]]
