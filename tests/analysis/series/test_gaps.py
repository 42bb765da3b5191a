from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.interpolate import Akima1DInterpolator, CubicSpline
from scipy.sparse.linalg import spsolve

from automap_tiles.analysis.series.gaps import Method, fill

Array = np.ndarray[Any, Any]
METHODS: tuple[Method, ...] = ("linear", "cubic", "akima", "whittaker")


def _series(dates: int, pixels: int, share: float, seed: int) -> tuple[Array, Array, Array]:
    """Stack (time, 1, pixel), days and what is valid."""
    rng = np.random.default_rng(seed)
    days = np.cumsum(rng.integers(1, 20, dates)) + rng.choice([0, 0.25])
    season = np.sin(days / 40)[:, None, None]
    stack = (0.3 + 0.2 * season + rng.normal(0, 0.05, (dates, 1, pixels))).astype("f4")
    return stack, days, rng.random(stack.shape) >= share


def _whittaker(days: Array, values: Array, at: Array, smoothing: float) -> Array:
    """With sparse matrices."""
    nodes = np.union1d(days, at)
    here = np.isin(nodes, days)
    weight, target = here.astype("f8"), np.zeros(len(nodes))
    target[here] = values
    rows = []
    for first in range(len(nodes) - 2):
        a, b, c = nodes[first : first + 3]
        row = np.zeros(len(nodes))
        row[first : first + 3] = 1 / (b - a), -1 / (b - a) - 1 / (c - b), 1 / (c - b)
        rows.append(row / ((c - a) / 2) * np.sqrt((c - a) / 2))
    if not rows:
        return target[np.searchsorted(nodes, at)]
    bend = sparse.csc_array(np.array(rows))
    matrix = sparse.csc_array(sparse.diags_array(weight) + smoothing * bend.T @ bend)
    found: Array = np.atleast_1d(spsolve(matrix, weight * target))
    return found[np.searchsorted(nodes, at)]


def _oracle(method: str, days: Array, values: Array, at: Array, nodes: Array) -> Array:
    """One pixel through its valid dates; NaN outside; `nodes` are all days of the series."""
    if len(days) == 0:
        return np.full(len(at), np.nan)
    inside = (at >= days[0]) & (at <= days[-1])
    if len(days) == 1:
        found = np.full(len(at), values[0])
    elif method == "linear" or (len(days) == 2 and method != "whittaker"):
        found = np.interp(at, days, values)
    elif method == "cubic":
        found = CubicSpline(days, values)(at)
    elif method == "akima":
        found = Akima1DInterpolator(days, values, method="akima")(at)
    else:
        every = np.union1d(at, nodes)
        found = _whittaker(days, values, every, 10.0)[np.searchsorted(every, at)]
    return np.where(inside, found, np.nan)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=30)
@given(
    dates=st.integers(1, 14),
    share=st.sampled_from([0.0, 0.3, 0.6, 0.9]),
    seed=st.integers(0, 2**32),
)
def test_equal_to_scipy_pixel_by_pixel(method: Method, dates: int, share: float, seed: int) -> None:
    stack, days, valid = _series(dates, 12, share, seed)
    at = np.unique(np.concatenate((np.arange(days[0] - 3, days[-1] + 4, 7), days[::2])))
    got = fill(stack, days.tolist(), at.tolist(), valid, method=method)
    assert got.dtype == np.float32
    assert got.shape == (len(at), 1, 12)
    for pixel in range(12):
        here = valid[:, 0, pixel]
        values = stack[here, 0, pixel].astype("f8")
        wanted = _oracle(method, days[here], values, at, days)
        np.testing.assert_array_equal(np.ma.getmaskarray(got)[:, 0, pixel], np.isnan(wanted))
        np.testing.assert_allclose(
            got.data[:, 0, pixel], np.nan_to_num(wanted), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("method", METHODS)
def test_a_pixel_never_influences_another(method: Method) -> None:
    stack, days, valid = _series(9, 40, 0.4, 1)
    at = np.arange(days[0], days[-1], 5.0)
    together = fill(stack, days.tolist(), at.tolist(), valid, method=method)
    for pixel in range(40):
        alone = fill(
            stack[:, :, pixel : pixel + 1],
            days.tolist(),
            at.tolist(),
            valid[:, :, pixel : pixel + 1],
            method=method,
        )
        assert alone.data.tobytes() == together.data[:, :, pixel : pixel + 1].tobytes()
        assert (
            np.ma.getmaskarray(alone).tobytes()
            == np.ma.getmaskarray(together)[:, :, pixel : pixel + 1].tobytes()
        )


def test_eilers_smoother_where_days_are_one_apart() -> None:
    values = np.random.default_rng(3).normal(size=30)
    second = np.diff(np.eye(30), n=2, axis=0)
    wanted = np.linalg.solve(np.eye(30) + 25 * second.T @ second, values)
    days = list(range(30))
    got = fill(values[:, None, None], days, days, method="whittaker", smoothing=25)
    np.testing.assert_allclose(got.data[:, 0, 0], wanted, atol=1e-6)


def test_dates_are_met_and_masks_honoured_in_many_bands() -> None:
    rng = np.random.default_rng(4)
    data = rng.integers(0, 10000, (6, 3, 5, 7), dtype=np.uint16)
    stack = np.ma.MaskedArray(data, mask=rng.random(data.shape) < 0.3)
    days = [1.0, 4.0, 6.0, 11.0, 12.0, 30.0]
    for method in ("linear", "cubic", "akima"):
        got = fill(stack, days, days, method=method)
        assert got.shape == data.shape
        # where a date is valid it keeps its value
        np.testing.assert_allclose(got.data[~stack.mask], data[~stack.mask], rtol=1e-6)
        assert not np.ma.getmaskarray(got)[~stack.mask].any()
        assert (got.data[np.ma.getmaskarray(got)] == 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"days": [1, 2]}, "do not fit"),
        ({"days": [1, 1, 2]}, "increase"),
        ({"at": [3, 2]}, "increase"),
        ({"method": "bezier"}, "unknown method"),
        ({"method": "whittaker", "smoothing": 0}, "above 0"),
    ],
)
def test_what_cannot_be_filled_is_said(arguments: dict[str, Any], message: str) -> None:
    given_ = {"days": [1, 2, 3], "at": [1, 2], **arguments}
    with pytest.raises(ValueError, match=message):
        fill(np.zeros((3, 2, 2)), **given_)
