"""The design of a reference sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.learning.accuracy import map_accuracy
from automap_tiles.analysis.learning.design import Allocation, allocate, sample_size

WEIGHTS = [0.02, 0.015, 0.32, 0.645]
PARTS = st.lists(st.just(0.0) | st.floats(1e-6, 1), min_size=1, max_size=12).filter(
    lambda parts: sum(parts) > 0
)


def test_the_published_size() -> None:
    # Olofsson et al. 2014, section 5.1.1
    assert sample_size(WEIGHTS, [0.7, 0.6, 0.9, 0.95], 0.01) == 641


def test_a_small_map_needs_fewer() -> None:
    large = sample_size([1.0], [0.5], 0.05)
    assert large == 100
    # Cochran's correction for a finite population
    assert sample_size([1.0], [0.5], 0.05, pixels=100) == 50


@pytest.mark.parametrize("target", [0.02, 0.01, 0.005])
def test_a_sample_of_that_size_reaches_the_target(target: float) -> None:
    users = np.array([0.7, 0.6, 0.9, 0.95])
    total = sample_size(WEIGHTS, users.tolist(), target)
    # Neyman's allocation, for which the size is reckoned
    deviation = np.array(WEIGHTS) * np.sqrt(users * (1 - users))
    sizes = np.maximum(2, total * deviation / deviation.sum())
    counts = np.diag(sizes * users)
    counts[np.arange(4), (np.arange(4) + 1) % 4] = sizes * (1 - users)
    assert map_accuracy(counts, WEIGHTS).overall.error == pytest.approx(target, rel=0.03)


@given(parts=PARTS, total=st.integers(1, 3000), how=st.sampled_from(Allocation))
def test_allocations_add_up(parts: list[float], total: int, how: Allocation) -> None:
    given_ = allocate(parts, total, how, minimum=0)
    assert sum(given_) == total
    assert all(number == 0 for number, part in zip(given_, parts, strict=True) if part == 0)


@given(
    parts=PARTS,
    total=st.integers(1, 3000),
    minimum=st.integers(0, 100),
    rooms=st.lists(st.integers(0, 500), min_size=12, max_size=12),
    how=st.sampled_from(Allocation),
)
def test_no_class_gets_too_few_or_too_many(
    parts: list[float], total: int, minimum: int, rooms: list[int], how: Allocation
) -> None:
    room = rooms[: len(parts)]
    given_ = allocate(parts, total, how, minimum, room)
    usable = [pixels if part > 0 else 0 for pixels, part in zip(room, parts, strict=True)]
    for number, pixels in zip(given_, usable, strict=True):
        assert min(minimum, pixels) <= number <= pixels
    least = sum(min(minimum, pixels) for pixels in usable)
    assert sum(given_) == min(sum(usable), max(total, least))


def test_by_area_and_equally() -> None:
    by_area = allocate(WEIGHTS, 641, Allocation.PROPORTIONAL, minimum=0)
    assert by_area == (13, 10, 205, 413)
    assert sorted(allocate(WEIGHTS, 641, Allocation.EQUAL, minimum=0)) == [160, 160, 160, 161]


def test_the_compromise_gives_rare_classes_the_minimum() -> None:
    given_ = allocate(WEIGHTS, 641, Allocation.COMPROMISE, minimum=75)
    assert given_[:2] == (75, 75)
    assert given_[3] / given_[2] == pytest.approx(0.645 / 0.32, rel=0.01)
    assert sum(given_) == 641


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"between 0 and 0\.5"):
        sample_size([1.0], [0.8], 0)
    with pytest.raises(ValueError, match="expected accuracy"):
        sample_size([1.0], [1.8], 0.01)
    with pytest.raises(ValueError, match="shares of area"):
        allocate([0.0, 0.0], 10)
    with pytest.raises(ValueError, match="at least one point"):
        allocate([1.0], 0)
