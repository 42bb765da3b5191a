"""Where the next samples help most: what is doubtful or unlike, each kind once, apart in space."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.analysis.learning.suggestion import SampleCandidates, doubt_of, suggest

NOWHERE = np.zeros((0, 2))


def made(seed: int, count: int = 800, unlike: float = 0.0) -> SampleCandidates:
    random = np.random.default_rng(seed)
    return SampleCandidates(
        places=random.uniform(0, 1000, (count, 2)),
        features=random.normal(0, 1, (count, 3)),
        doubt=random.random(count),
        unlike=np.where(random.random(count) < unlike, 1.5, 0.4) * random.uniform(0.9, 1, count),
    )


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 9999),
    number=st.integers(1, 40),
    apart=st.sampled_from([0.5, 40.0, 300.0, 5000.0]),
    unlike=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_all_lie_apart_and_are_the_same_twice(
    seed: int, number: int, apart: float, unlike: float
) -> None:
    candidates = made(seed, unlike=unlike)
    known = np.random.default_rng(seed + 1).uniform(0, 1000, (5, 2))
    found = suggest(candidates, known, number, apart)
    again = suggest(candidates, known, number, apart)
    np.testing.assert_array_equal(found.which, again.which)
    assert len(set(found.which.tolist())) == len(found.which) <= number
    places = candidates.places[found.which]
    others = np.concatenate([known, places])
    away = np.hypot(*(others[:, None] - places[None]).transpose(2, 0, 1))
    away[len(known) :][np.eye(len(places), dtype=bool)] = np.inf
    assert not len(places) or away.min() >= apart
    if apart < 1:
        assert len(found.which) == number
    assert (candidates.unlike[found.which[found.is_unlike]] > 1).all()
    if unlike < 1:
        assert found.is_unlike.sum() <= max(1, number / 2)


def test_the_doubtful_are_chosen_and_of_every_kind() -> None:
    candidates = made(0)
    kinds = np.arange(800) % 4
    doubt = np.where(np.arange(800) < 40, 0.9, 0.1) + candidates.doubt / 100
    # one kind is a little more doubtful than all others
    doubt[(kinds == 3) & (doubt > 0.5)] += 0.05
    one = SampleCandidates(
        places=candidates.places,
        features=candidates.features / 100 + 5 * np.eye(4)[kinds][:, :3],
        doubt=doubt,
        unlike=np.zeros(800),
    )
    found = suggest(one, NOWHERE, 4, 1.0)
    assert set(kinds[found.which].tolist()) == {0, 1, 2, 3}
    assert (doubt[found.which] > 0.85).all()
    assert not found.is_unlike.any()


def test_what_is_unlike_has_its_share() -> None:
    candidates = made(1, unlike=0.2)
    found = suggest(candidates, NOWHERE, 40, 5.0)
    assert found.is_unlike.sum() == round(40 * (candidates.unlike > 1).mean())
    half = made(1, unlike=0.7)
    assert suggest(half, NOWHERE, 40, 5.0).is_unlike.sum() == 20
    assert suggest(made(1, unlike=1.0), NOWHERE, 40, 5.0).is_unlike.sum() == 40


def test_doubt_is_one_less_the_margin() -> None:
    rows = np.array([[0.5, 0.3, 0.2], [1, 0, 0], [0.4, 0.2, 0.4]], dtype=np.float32)
    np.testing.assert_allclose(doubt_of(rows), [0.8, 0, 1], atol=1e-7)
    assert not doubt_of(np.ones((3, 1), dtype=np.float32)).any()


def test_nothing_to_choose_from() -> None:
    none = SampleCandidates(
        places=NOWHERE, features=np.zeros((0, 2)), doubt=np.zeros(0), unlike=np.zeros(0)
    )
    assert not len(suggest(none, NOWHERE, 5, 1.0).which)


@pytest.mark.parametrize("features", [0.0, 1.0])
def test_all_alike(features: float) -> None:
    candidates = made(3)
    alike = SampleCandidates(
        places=candidates.places,
        features=np.full((800, 3), features),
        doubt=np.zeros(800),
        unlike=np.zeros(800),
    )
    assert len(suggest(alike, NOWHERE, 12, 20.0).which) == 12
