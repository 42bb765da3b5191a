from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis import _dates
from automap_tiles.analysis.composites import composite
from automap_tiles.analysis.composites.index_statistics import index_per_date, reduce_index
from automap_tiles.analysis.indices import spectral_index

PLACES = {"blue": 0, "red": 2, "nir": 1}


def _case(seed: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(1, 5000, (7, 3, 9, 8)).astype("u2"), rng.random((7, 9, 8)) >= share


@given(
    name=st.sampled_from(["ndvi", "evi"]),
    share=st.sampled_from([0.0, 0.5, 0.95]),
    seed=st.integers(0, 2**32),
)
def test_per_date_then_aggregated(name: str, share: float, seed: int) -> None:
    stack, valid = _case(seed, share)
    dates = index_per_date(name, stack, valid, places=PLACES, scale=10000)
    for date in range(7):
        bands = {band: stack[date, place] for band, place in PLACES.items()}
        wanted = spectral_index(name, bands, scale=10000)
        counts = valid[date] & ~np.ma.getmaskarray(wanted)
        np.testing.assert_array_equal(np.ma.getmaskarray(dates)[date], ~counts)
        np.testing.assert_array_equal(dates.data[date][counts], wanted.data[counts])
    names = ("median", "p75", "count", "std")
    got = reduce_index(name, stack, valid, names, places=PLACES, scale=10000)
    assert tuple(got) == names
    for statistic, oracle in composite.reduce(dates, None, names).items():
        np.testing.assert_array_equal(got[statistic].data, oracle.data)
        np.testing.assert_array_equal(got[statistic].mask, oracle.mask)


def test_the_median_of_the_ndvi_is_not_the_ndvi_of_the_medians() -> None:
    stack = np.array([[0, 1, 9], [0, 8, 8], [0, 2, 1]], dtype="f4")[:, :, None, None]
    got = reduce_index("ndvi", stack, places=PLACES)["median"][0, 0]
    assert got == np.median([-8 / 10, 0, 1 / 3])
    assert got != (2 - 8) / (2 + 8)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, valid = _case(1, 0.4)
    whole = reduce_index("ndvi", stack, valid, places=PLACES)["median"]
    monkeypatch.setattr(_dates, "l2_bytes", lambda: 100)
    parts = reduce_index("ndvi", stack, valid, places=PLACES)["median"]
    np.testing.assert_array_equal(parts.data, whole.data)
    np.testing.assert_array_equal(parts.mask, whole.mask)


def test_only_the_bands_of_the_index_count() -> None:
    stack, _ = _case(2, 0)
    every = np.ones(stack.shape, dtype=bool)
    every[:, 0] = False  # no blue anywhere
    assert not reduce_index("ndvi", stack, every, places=PLACES)["median"].mask.any()
    assert reduce_index("evi", stack, every, places=PLACES)["median"].mask.all()


def test_what_is_wrong_is_named() -> None:
    stack, valid = _case(3, 0)
    with pytest.raises(ValueError, match="unknown index 'ndvy'"):
        reduce_index("ndvy", stack, valid, places=PLACES)
    with pytest.raises(ValueError, match="missing: green"):
        reduce_index("ndwi", stack, valid, places=PLACES)
    with pytest.raises(ValueError, match="red is at place 5, and the stack has 3 bands"):
        index_per_date("ndvi", stack, valid, places={"red": 5, "nir": 1})
    with pytest.raises(ValueError, match="unknown statistic"):
        reduce_index("ndvi", stack, valid, ("mode",), places=PLACES)
