"""Percentiles between two samples, in the numbers of the output."""

from __future__ import annotations

import numpy as np
import pytest

from automap_tiles.analysis._ordered import _between


@pytest.mark.parametrize("dtype", ["int16", "uint16", "int32"])
def test_whole_numbers_are_rounded_halves_up(dtype: str) -> None:
    low = np.array([1, 2, 7, 10, 0], dtype=dtype)
    high = np.array([2, 4, 7, 13, 1], dtype=dtype)
    out = np.zeros(5, dtype=dtype)
    _between(low, high, np.full(5, 0.5, "f8"), out)
    assert out.tolist() == [2, 3, 7, 12, 1]
    _between(low, high, np.full(5, 0.25, "f8"), out)
    assert out.tolist() == [1, 3, 7, 11, 0]


def test_below_zero_too() -> None:
    low, high = np.array([-3, -2], "int16"), np.array([-2, -2], "int16")
    out = np.zeros(2, "int16")
    _between(low, high, np.array([0.5, 0.3]), out)
    assert out.tolist() == [-2, -2]


def test_of_infinite_and_large_samples() -> None:
    """1 - fraction and fraction: the difference of the samples may be infinite."""
    low = np.array([-3e38, np.inf, -np.inf], "f4")
    high = np.array([3e38, np.inf, 5], "f4")
    out = np.zeros(3, "f4")
    _between(low, high, np.array([0.5, 0.0, 0.5], "f4"), out)
    assert out.tolist() == [0.0, np.inf, -np.inf]
