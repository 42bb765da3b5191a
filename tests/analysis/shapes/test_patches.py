"""Small patches join what is around them: against a flood fill by hand, and without seams."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from automap_tiles.analysis.shapes import patches

Array = np.ndarray
SIDES = ((0, 1), (1, 0), (0, -1), (-1, 0))


def _map(shape: tuple[int, int], classes: int, grain: float, seed: int) -> Array:
    """Blobs of several classes and of no data, from single pixels to large ones."""
    rng = np.random.default_rng(seed)
    fields = rng.normal(size=(classes + 1, *shape))
    if grain:
        fields = ndimage.gaussian_filter(fields, (0, grain, grain))
    picked: Array = fields.argmax(axis=0).astype(np.uint8)
    return picked


def _patch(classes: Array, start: tuple[int, int]) -> set[tuple[int, int]]:
    found, ahead = {start}, [start]
    while ahead:
        y, x = ahead.pop()
        for dy, dx in SIDES:
            at = (y + dy, x + dx)
            if at in found or not (0 <= at[0] < classes.shape[0] and 0 <= at[1] < classes.shape[1]):
                continue
            if classes[at] == classes[start]:
                found.add(at)
                ahead.append(at)
    return found


def _by_hand(classes: Array, minimum: int) -> Array:
    result = classes.copy()
    for start in np.ndindex(*classes.shape):
        patch = _patch(classes, start)
        if classes[start] == 0 or len(patch) >= minimum:
            continue
        votes: Counter[int] = Counter()
        for y, x in patch:
            for dy, dx in SIDES:
                at = (y + dy, x + dx)
                inside = 0 <= at[0] < classes.shape[0] and 0 <= at[1] < classes.shape[1]
                if not inside or at in patch or classes[at] == 0:
                    continue
                if len(_patch(classes, at)) >= minimum:
                    votes[int(classes[at])] += 1
        if votes:
            result[start] = min(votes, key=lambda value: (-votes[value], value))
    return result


MAPS = {
    "shape": st.tuples(st.integers(1, 16), st.integers(1, 16)),
    "classes": st.integers(1, 5),
    "grain": st.sampled_from([0, 0.6, 1.0, 2.0]),
    "seed": st.integers(0, 2**32),
    "minimum": st.integers(0, 9),
}


@given(**MAPS)
def test_as_by_hand(
    shape: tuple[int, int], classes: int, grain: float, seed: int, minimum: int
) -> None:
    image = _map(shape, classes, grain, seed)
    before = image.copy()
    got = patches.without_small_patches(image, minimum)
    np.testing.assert_array_equal(got, _by_hand(image, minimum))
    np.testing.assert_array_equal(image, before)
    assert got.dtype == np.uint8


@given(
    grain=st.sampled_from([0, 0.6, 1.0, 2.0]),
    seed=st.integers(0, 2**32),
    minimum=st.integers(2, 7),
    corner=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_a_part_with_its_margin_has_no_seams(
    grain: float, seed: int, minimum: int, corner: tuple[int, int], size: tuple[int, int]
) -> None:
    image = _map((50, 50), 4, grain, seed)
    whole = patches.without_small_patches(image, minimum)
    around = patches.margin(minimum)
    top, left = (max(0, start - around) for start in corner)
    cut = image[top : corner[0] + size[0] + around, left : corner[1] + size[1] + around]
    part = patches.without_small_patches(np.ascontiguousarray(cut), minimum)
    rows = slice(corner[0] - top, corner[0] - top + size[0])
    cols = slice(corner[1] - left, corner[1] - left + size[1])
    wanted = whole[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
    np.testing.assert_array_equal(part[rows, cols], wanted)


def test_a_narrower_margin_would_show() -> None:
    """The margin is not more than it has to be: one pixel fewer, and a large patch looks small."""
    minimum = 3
    # two pixels of 2 beside the end of three pixels of 1, a large patch
    image = np.array([[2, 2, 1, 1, 1, 0]], dtype=np.uint8)
    assert patches.without_small_patches(image, minimum)[0, 0] == 1
    narrow = image[:, : 1 + patches.margin(minimum) - 1]
    assert patches.without_small_patches(narrow, minimum)[0, 0] == 2


def test_what_is_large_stays_and_grows() -> None:
    image = np.ones((9, 9), dtype=np.uint8)
    image[4, 4:6] = 7
    image[0, 0] = 0
    got = patches.without_small_patches(image, 3)
    assert got[0, 0] == 0
    assert (np.delete(got.ravel(), 0) == 1).all()
    assert (patches.without_small_patches(image, 2) == image).all()


@pytest.mark.parametrize("minimum", [0, 1])
def test_nothing_is_too_small(minimum: int) -> None:
    image = _map((8, 8), 3, 0, 1)
    got = patches.without_small_patches(image, minimum)
    assert (got == image).all()
    assert got is not image
    assert patches.margin(minimum) == 0
