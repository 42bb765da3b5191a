"""The funnel of a selection: counts at each step, reasons, and its way through JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.notes import Fate, Subject
from automap_tiles.scenes.funnel import Funnel, FunnelStep

_left_out = st.lists(
    st.tuples(
        st.sampled_from([step for step in FunnelStep if step is not FunnelStep.FOUND]),
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from(["too early", "too cloudy", "cut off"]),
    ),
    max_size=12,
)


def _funnel(found: int, left_out: list[tuple[FunnelStep, str, str]]) -> Funnel:
    funnel = Funnel(found=found)
    for step, name, reason in left_out:
        funnel = funnel.without(step, [(name, reason)])
    return funnel


@given(st.integers(12, 20), _left_out)
def test_every_scene_is_counted_at_its_step(
    found: int, left_out: list[tuple[FunnelStep, str, str]]
) -> None:
    funnel = _funnel(found, left_out)
    left = found
    for stage in funnel.stages:
        own = [each for each in left_out if each[0] is stage.step]
        left -= len(own)
        assert stage.left == left
        assert sum(note.count for note in stage.out) == len(own)
        for note in stage.out:
            names = {name for _, name, reason in own if reason == note.reason}
            assert note.count == sum(reason == note.reason for _, _, reason in own)
            assert note.examples
            assert set(note.examples) <= names
    assert funnel.used == left == found - len(left_out)
    assert [stage.step for stage in funnel.stages] == list(FunnelStep)


@given(st.integers(12, 20), _left_out, st.integers(12, 20), _left_out)
def test_two_searches_are_added(
    one: int,
    first: list[tuple[FunnelStep, str, str]],
    two: int,
    second: list[tuple[FunnelStep, str, str]],
) -> None:
    both = _funnel(one, first) + _funnel(two, second)
    assert both == _funnel(one + two, [*first, *second])


@given(st.integers(12, 20), _left_out)
def test_through_json(found: int, left_out: list[tuple[FunnelStep, str, str]]) -> None:
    funnel = _funnel(found, left_out)
    assert Funnel.from_json(json.loads(json.dumps(funnel.to_json()))) == funnel


def test_words() -> None:
    funnel = Funnel(found=5).without(FunnelStep.TIME, [("A", "before 2020-01-01")])
    funnel = funnel.without(FunnelStep.DUPLICATES, [("B", "older"), ("C", "older")])
    assert str(funnel) == (
        "5 found → 5 of these satellites → 4 in time → 4 in place → 4 below the cloud cover → "
        "2 without duplicates → 2 readable → 2 used"
    )
    assert "→ 3 of this level →" in str(funnel.without(FunnelStep.LEVEL, [("D", "surface")]))


def test_what_was_wanted_and_is_lost_is_told() -> None:
    funnel = Funnel(found=4).without(
        FunnelStep.SATELLITES, [("A", "Landsat 9")], remedy="--satellites 9"
    )
    funnel = funnel.without(FunnelStep.READABLE, [("B", "cut off"), ("C", "cut off")])
    (note,) = funnel.notes
    assert (note.fate, note.subject, note.count) == (Fate.LOST, Subject.SCENES, 2)
    assert note.examples == ("B", "C")
    (unwanted,) = funnel.stages[1].out
    assert (unwanted.fate, unwanted.remedy) == (Fate.IGNORED, "--satellites 9")


def test_why_nothing() -> None:
    assert Funnel().why_nothing() == "there is no product of a known satellite"
    funnel = Funnel(found=3).without(FunnelStep.TIME, [("A", "too early"), ("B", "too early")])
    said = funnel.without(FunnelStep.CLOUD_COVER, [("C", "over 20 %")]).why_nothing()
    assert said == "no scene is left of 3 found: 2 too early (A, B); 1 over 20 % (C)"
