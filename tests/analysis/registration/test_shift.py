"""Shifts that were made, under clouds, on real and on made dates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.analysis.registration.shift import Doubt, Shift, find_shift
from tests.analysis.registration.dates import (
    FOLDER,
    SHIFTS,
    SIZE,
    clouds,
    covered,
    displaced,
    made_dates,
    middle,
    pink,
    real_dates,
)
from tests.imagery.place import need_real


def _off(found: Shift | Doubt, shift: tuple[float, float]) -> float:
    assert isinstance(found, Shift), found
    return max(abs(found.rows - shift[0]), abs(found.columns - shift[1]))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("place", [(300, 300), (100, 500)])
def test_real_dates_under_clouds(shared: Path, place: tuple[int, int], share: float) -> None:
    need_real(FOLDER)
    first, second = real_dates(shared, *place)
    for number, shift in enumerate(SHIFTS):
        reference = covered(middle(first), share, 10 * number)
        moving = covered(displaced(second, shift), share, 10 * number + 5)
        assert _off(find_shift(reference, moving), shift) < 0.1


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_made_dates_under_clouds(share: float) -> None:
    first, second = made_dates(7)
    for number, shift in enumerate(SHIFTS):
        reference = covered(middle(first), share, 10 * number)
        moving = covered(displaced(second, shift), share, 10 * number + 5)
        assert _off(find_shift(reference, moving), shift) < 0.1


def test_aligned_dates_are_aligned() -> None:
    first, second = made_dates(3)
    found = find_shift(covered(middle(first), 0.3, 1), covered(middle(second), 0.3, 2))
    assert isinstance(found, Shift)
    assert found.is_aligned


@settings(max_examples=20)
@given(
    rows=st.floats(-4, 4),
    columns=st.floats(-2.5, 2.5),
    gain=st.floats(0.3, 3),
    offset=st.floats(-0.2, 0.2),
    share=st.sampled_from([0.0, 0.3, 0.5]),
    seed=st.integers(0, 1000),
)
def test_brightness_and_contrast_do_not_matter(
    rows: float, columns: float, gain: float, offset: float, share: float, seed: int
) -> None:
    ground = pink(seed)
    reference = covered(middle(ground), share, seed + 1)
    moving = covered(gain * displaced(ground, (rows, columns)) + offset, share, seed + 2)
    assert _off(find_shift(reference, moving), (rows, columns)) < 0.1


def test_what_lies_under_the_mask_does_not_matter() -> None:
    first, second = made_dates(5)
    mask = clouds(0.4, 1)
    found = set()
    for hidden in (0.0, 1e6, np.nan):
        values = np.where(mask, hidden, displaced(second, (0.6, -0.35)))
        moving = np.ma.MaskedArray(values, mask=mask)
        found.add(find_shift(np.ma.MaskedArray(middle(first)), moving))
    assert len(found) == 1


def test_the_other_way_round_is_the_opposite() -> None:
    first, second = made_dates(11)
    one = np.ma.MaskedArray(middle(first))
    other = np.ma.MaskedArray(displaced(second, (1.7, 0.35)))
    there, back = find_shift(one, other), find_shift(other, one)
    assert isinstance(there, Shift)
    assert isinstance(back, Shift)
    assert abs(there.rows + back.rows) < 0.05
    assert abs(there.columns + back.columns) < 0.05


def _masked(values: Any, mask: Any = False) -> Any:
    return np.ma.MaskedArray(values, mask=np.broadcast_to(mask, values.shape))


def test_dates_that_tell_nothing() -> None:
    first, second = made_dates(1)
    reference, moving = _masked(middle(first)), _masked(middle(second))
    other = _masked(middle(pink(99)))
    assert find_shift(reference, _masked(middle(second), True)) == Doubt.CLOUDED
    assert find_shift(_masked(middle(first), True), moving) == Doubt.UNSEEN
    assert find_shift(reference, covered(middle(second), 0.95, 1)) == Doubt.CLOUDED
    assert find_shift(reference, _masked(np.full((SIZE, SIZE), 0.2))) == Doubt.UNLIKE
    assert find_shift(_masked(np.zeros((SIZE, SIZE))), moving) == Doubt.UNLIKE
    assert find_shift(reference, other) in (Doubt.UNLIKE, Doubt.FAR, Doubt.DISAGREEMENT)
    assert find_shift(reference, _masked(1 - middle(second))) in (Doubt.UNLIKE, Doubt.FAR)
    assert find_shift(_masked(np.full((SIZE, SIZE), np.nan)), moving) == Doubt.UNSEEN


def test_a_date_farther_off_than_is_allowed() -> None:
    first, second = made_dates(2)
    moving = _masked(displaced(second, (7.3, 2.0)))
    assert find_shift(_masked(middle(first)), moving) == Doubt.FAR
    assert _off(find_shift(_masked(middle(first)), moving, max_shift=8), (7.3, 2.0)) < 0.1


def test_pictures_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="two pictures"):
        find_shift(_masked(np.zeros((8, 8))), _masked(np.zeros((8, 9))))
    with pytest.raises(ValueError, match="two pictures"):
        find_shift(_masked(np.zeros((2, 8, 8))), _masked(np.zeros((2, 8, 8))))


def test_none_of_a_hundred_clouded_dates_is_moved_wrongly() -> None:
    """Clouds over 10 to 95 %, of every second date more than the mask knows; some lie right."""
    ground = pink(21, 224)
    rng = np.random.default_rng(4)
    reference = covered(middle(ground), 0.1, 1)
    told = 0
    for number in range(100):
        shift = (0.0, 0.0) if number % 3 == 0 else tuple(rng.uniform(-3, 3, 2))
        share = rng.uniform(0.1, 0.95)
        moving = covered(displaced(ground, (shift[0], shift[1])), share, number)
        missed = share / 3 * (number % 2)
        hidden = clouds(missed, 1000 + number, moving.shape) & ~np.ma.getmaskarray(moving)
        values = np.where(hidden, 0.7, np.ma.getdata(moving))
        found = find_shift(reference, np.ma.MaskedArray(values, mask=np.ma.getmaskarray(moving)))
        if isinstance(found, Shift):
            told += 1
            assert _off(found, (shift[0], shift[1])) < 0.15, (number, share, shift, found)
    assert told > 30
