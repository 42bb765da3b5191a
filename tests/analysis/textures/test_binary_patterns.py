"""Local binary patterns and oriented gradients against scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import feature

from automap_tiles.analysis.textures.binary_patterns import binary_patterns, margin
from automap_tiles.analysis.textures.gradients import gradients, oriented
from automap_tiles.analysis.textures.gradients import margin as margin_of_cells
from automap_tiles.analysis.textures.haralick import Quantisation

LEVELS = Quantisation(low=0, high=1, levels=64)


def plane(shape: tuple[int, int], seed: int = 0) -> Any:
    return np.random.default_rng(seed).random(shape)


@pytest.mark.parametrize("method", ["default", "ror", "uniform", "var"])
@pytest.mark.parametrize(("points", "radius"), [(8, 1.0), (8, 2.0), (12, 1.5)])
def test_patterns_are_those_of_scikit_image(method: Any, points: int, radius: float) -> None:
    data = plane((40, 50))
    valid = np.ones(data.shape, bool)
    found = binary_patterns(data, valid, LEVELS, points=points, radius=radius, method=method)
    levels = np.floor(data * 64)
    theirs: Any = feature.local_binary_pattern
    wanted = theirs(levels.astype(int), points, radius, method)
    inner = ~np.ma.getmaskarray(found)
    around = margin(radius)
    assert inner.sum() == (40 - 2 * around) * (50 - 2 * around)
    if method == "var":
        np.testing.assert_allclose(found.data[inner], wanted[inner], rtol=1e-4, atol=1e-6)
    else:
        assert (found.data[inner] == wanted[inner]).mean() > 0.999


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.integers(4, 20), st.sampled_from([1.0, 2.5]))
def test_a_pattern_depends_on_its_circle_alone(seed: int, cut: int, radius: float) -> None:
    data = plane((30, 34), seed).astype(np.float32)
    valid = np.random.default_rng(seed).random(data.shape) > 0.02
    whole = binary_patterns(data, valid, LEVELS, radius=radius)
    around = margin(radius)
    part = binary_patterns(data[:, cut - around + 3 :], valid[:, cut - around + 3 :], LEVELS,
                           radius=radius)  # fmt: skip
    np.testing.assert_array_equal(part.filled(-1)[:, around:], whole.filled(-1)[:, cut + 3 :])


def test_gaps_and_even_planes() -> None:
    data = np.full((9, 9), 0.4)
    valid = np.ones(data.shape, bool)
    assert (binary_patterns(data, valid, LEVELS).compressed() == 8).all()
    assert (binary_patterns(data, valid, LEVELS, method="var").compressed() < 1e-20).all()
    valid[4, 4] = False
    found = binary_patterns(data, valid, LEVELS)
    assert np.ma.getmaskarray(found)[3:6, 3:6].all()
    assert found.count() == 49 - 9
    assert binary_patterns(data, np.zeros_like(valid), LEVELS).count() == 0


def test_what_cannot_be_is_named() -> None:
    data, valid = np.zeros((5, 5)), np.ones((5, 5), bool)
    wrong: Any
    for wrong, said in (
        ({"method": "nri"}, "unknown method 'nri'"),
        ({"points": 25}, "2 to 24, not 25"),
        ({"points": 13, "method": "ror"}, "2 to 12, not 13"),
        ({"radius": 0}, "above 0, not 0"),
    ):
        with pytest.raises(ValueError, match=said):
            binary_patterns(data, valid, LEVELS, **wrong)
    with pytest.raises(ValueError, match="2 pixels wide"):
        oriented(data, valid, cell=1)


def test_cells_are_those_of_scikit_image() -> None:
    data = plane((48, 64))
    found = oriented(data, np.ones(data.shape, bool))
    wanted = feature.hog(data, 9, (8, 8), (3, 3), block_norm="L2-Hys", feature_vector=False)
    # its blocks begin at their first cell: the one in their middle is ours
    middle = wanted[:, :, 1, 1]
    np.testing.assert_allclose(
        found[:, 8:-8:8, 8:-8:8].transpose(1, 2, 0), middle, rtol=1e-4, atol=1e-6
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 99))
def test_cells_are_the_same_however_it_is_cut(top: int, left: int, seed: int) -> None:
    data = plane((160, 170), seed)
    valid = np.random.default_rng(seed).random(data.shape) > 0.05
    around, corner = margin_of_cells(), (1003, 77)
    whole = oriented(data, valid, corner)
    rows, cols = slice(top, top + 2 * around + 33), slice(left, left + 2 * around + 21)
    part = oriented(data[rows, cols], valid[rows, cols], (corner[0] + top, corner[1] + left))
    inner = (slice(None), slice(around, -around), slice(around, -around))
    np.testing.assert_array_equal(part[inner], whole[:, rows, cols][inner])


def test_gradients_are_zero_where_a_neighbour_is_missing() -> None:
    data = np.add.outer(np.arange(6.0) * 3, np.arange(7.0))
    valid = np.ones(data.shape, bool)
    valid[2, 3] = False
    down, across = gradients(data, valid)
    assert (down[1:-1][valid[1:-1]] >= 0).all()
    assert down[3, 3] == down[1, 3] == across[2, 2] == across[2, 4] == 0
    assert down[4, 1] == 6
    assert across[4, 1] == 2
    assert not down[0].any()
    assert not across[:, -1].any()
