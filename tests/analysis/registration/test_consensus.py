from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.registration.consensus import Consensus, consensus
from automap_tiles.analysis.registration.shift import Doubt, Shift


def _at(rows: float, columns: float) -> Shift:
    return Shift(rows=rows, columns=columns)


def _around(rows: float, columns: float, count: int, noise: float = 0.02) -> list[Shift]:
    off = np.random.default_rng(count).normal(0, noise, (count, 2))
    return [_at(rows + float(dy), columns + float(dx)) for dy, dx in off]


def test_places_that_are_off_do_not_count() -> None:
    wrong = [_at(-4, 4), _at(3, 3), _at(1.2, -0.1)]
    found = consensus([*_around(1.7, -0.6, 9), *wrong, Doubt.CLOUDED])
    assert isinstance(found, Consensus)
    assert abs(found.shift.rows - 1.7) < 0.03
    assert abs(found.shift.columns + 0.6) < 0.03
    assert (found.places, found.inliers) == (12, 9)
    assert found.spread < 0.1


@pytest.mark.parametrize(
    ("places", "doubt"),
    [
        ([], Doubt.FEW),
        ([Doubt.CLOUDED], Doubt.CLOUDED),
        ([Doubt.UNLIKE, Doubt.CLOUDED, Doubt.UNLIKE], Doubt.UNLIKE),
        ([_at(0, 0), *[Doubt.CLOUDED] * 24], Doubt.FEW),
        ([*_around(0, 0, 4), *[Doubt.CLOUDED] * 21], Doubt.FEW),
        ([_at(float(n), float(n * n % 7)) for n in range(9)], Doubt.SPREAD),
    ],
)
def test_a_scene_that_tells_no_shift(places: list[Shift | Doubt], doubt: Doubt) -> None:
    assert consensus(places) == doubt


def test_small_scenes_have_few_places() -> None:
    found = consensus([_at(0.6, 0.35)])
    assert isinstance(found, Consensus)
    assert found.shift == _at(0.6, 0.35)
    assert isinstance(consensus([_at(1, 1), _at(1.02, 1), Doubt.CLOUDED, Doubt.CLOUDED]), Consensus)


@given(st.permutations(range(14)))
def test_the_order_of_places_does_not_matter(order: list[int]) -> None:
    places: list[Shift | Doubt] = [
        *_around(0.4, 1.1, 10),
        _at(5, 5),
        Doubt.FAR,
        Doubt.CLOUDED,
        _at(0, 0),
    ]
    assert consensus([places[number] for number in order]) == consensus(places)
