from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.missions import Scaling
from automap_tiles.scenes._values import clear, convert, convert_by_angle

EVERY = np.arange(65536, dtype="u2").reshape(256, 256)

SCALINGS = [
    Scaling(multiply=1e-4),
    Scaling(multiply=1e-4, add=-0.1, nodata=0),
    Scaling(multiply=1e-4, add=0.05),
    Scaling(multiply=1e-4, add=-0.00005),
    Scaling(multiply=2.75e-5, add=-0.2),
    Scaling(multiply=2e-5, add=-0.1, sun_elevation=62.17310472),
    Scaling(multiply=0.5, add=-3.5),
    None,
]


def formula(numbers: np.ndarray, scaling: Scaling | None) -> np.ndarray:
    if scaling is None:
        return numbers.astype("f8")
    found = numbers.astype("f8") * scaling.multiply + scaling.add
    if scaling.sun_elevation is not None:
        found /= np.sin(np.radians(scaling.sun_elevation))
    return np.asarray(found)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("dtype", ["u2", "i2", "u1", "i4", "f4"])
def test_every_number_becomes_reflectance(scaling: Scaling | None, dtype: str) -> None:
    numbers = EVERY.astype(dtype) if dtype != "i2" else EVERY.view("i2")
    out = np.empty(numbers.shape, dtype="f4")
    convert(numbers, scaling, out, 1.0)
    wanted = formula(numbers, scaling)
    np.testing.assert_allclose(out, wanted, rtol=2e-7, atol=1e-9)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("dtype", ["u2", "i2", "u1", "f4"])
def test_every_number_becomes_a_whole_one(scaling: Scaling | None, dtype: str) -> None:
    numbers = EVERY.astype(dtype) if dtype != "i2" else EVERY.view("i2")
    out = np.empty(numbers.shape, dtype="i2")
    convert(numbers, scaling, out, 10000.0)
    wanted = np.clip(formula(numbers, scaling) * 10000, -32768, 32767)
    assert np.abs(out - wanted).max() < 0.5 + 1e-6
    np.testing.assert_array_equal(out[wanted == 32767], 32767)


@given(
    shape=st.tuples(st.integers(1, 300), st.integers(1, 90)),
    turned=st.booleans(),
    whole=st.booleans(),
)
def test_views_are_filled_as_arrays_are(shape: tuple[int, int], turned: bool, whole: bool) -> None:
    """The out array may be a window of a larger one."""
    numbers = np.random.default_rng(0).integers(0, 65536, shape).astype("u2")
    large = np.zeros((shape[0] + 3, shape[1] + 5), dtype="i2" if whole else "f4")
    view = large[2:-1, 3:-2]
    scaling = Scaling(multiply=1e-4, add=-0.1) if turned else Scaling(multiply=2e-5, add=-0.1)
    convert(numbers, scaling, view, 10000.0 if whole else 1.0)
    alone = np.empty(shape, dtype=large.dtype)
    convert(numbers, scaling, alone, 10000.0 if whole else 1.0)
    np.testing.assert_array_equal(view, alone)
    large[2:-1, 3:-2] = 0
    assert not large.any()


def test_angles_below_the_horizon_have_no_reflectance() -> None:
    numbers = np.full((70, 3), 20000, dtype="u2")
    zenith = np.tile(np.array([[30.0, 95.0, np.nan]]), (70, 1))
    out = np.empty((70, 3), dtype="f4")
    scaling = Scaling(multiply=2e-5, add=-0.1, sun_elevation=40, nodata=0)
    lit = convert_by_angle(numbers, scaling, zenith, out, 1.0)
    np.testing.assert_array_equal(lit, np.tile([[True, False, False]], (70, 1)))
    np.testing.assert_allclose(out[:, 0], 0.3 / np.cos(np.radians(30)), rtol=1e-6)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize(("dtype", "target"), [("u2", "i2"), ("i2", "i2"), ("f4", "f4")])
def test_numbers_may_lie_where_reflectance_will(
    scaling: Scaling | None, dtype: str, target: str
) -> None:
    numbers = EVERY.astype(dtype) if dtype != "i2" else EVERY.view("i2").copy()
    scale = 10000.0 if target == "i2" else 1.0
    wanted = np.empty(EVERY.shape, dtype=target)
    convert(numbers.copy(), scaling, wanted, scale)
    convert(numbers, scaling, numbers.view(target), scale)
    np.testing.assert_array_equal(numbers.view(target), wanted)


@pytest.mark.parametrize("dtype", ["i2", "f4"])
def test_clear(dtype: str) -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(-100, 100, (3, 200, 700)).astype(dtype)
    if dtype == "f4":
        values[:, ::7] = np.nan
    valid = rng.random(values.shape[1:]) < 0.6
    whole = values.copy()
    clear(values[:, 50:], valid[50:])
    wanted = np.where(valid, whole, 0)
    np.testing.assert_array_equal(values[:, 50:], wanted[:, 50:])
    np.testing.assert_array_equal(values[:, :50], whole[:, :50])
