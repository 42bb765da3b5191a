"""Numbers between and beyond nodes, against SciPy and planes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from automap_tiles.analysis.brdf.field import between, continued

SLOPE = st.floats(-5, 5)


def _plane(down: float, across: float) -> Any:
    rows, cols = np.mgrid[:7, :6]
    return 3.0 + down * rows + across * cols


@given(SLOPE, SLOPE)
def test_a_strip_of_a_plane_becomes_the_plane(down: float, across: float) -> None:
    whole = _plane(down, across)
    strip = whole.copy()
    strip[:, :2] = np.nan
    strip[3, 2:] = np.nan
    strip[5, 3] = np.nan
    np.testing.assert_allclose(continued(strip), whole, atol=1e-9)


def test_nothing_known_stays_unknown_and_one_node_is_everywhere() -> None:
    assert np.isnan(continued(np.full((3, 3), np.nan))).all()
    one = np.full((3, 3), np.nan)
    one[1, 2] = 4.0
    assert (continued(one) == 4.0).all()


def test_between_nodes_as_scipy_has_it() -> None:
    rng = np.random.default_rng(3)
    nodes = rng.normal(size=(5, 4))
    rows, cols = rng.uniform(-1, 5, (2, 200))
    known = RegularGridInterpolator(
        (range(5), range(4)), nodes, bounds_error=False, fill_value=None
    )
    np.testing.assert_allclose(between(nodes, rows, cols), known(np.c_[rows, cols]), atol=1e-12)
