"""Notes: grouped, counted, collected where they are told, never silent."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.notes import Fate, Note, Notes, Subject, collecting, tell

_notes = st.builds(
    Note,
    fate=st.sampled_from(Fate),
    subject=st.sampled_from(Subject),
    reason=st.sampled_from(["too old", "too cloudy"]),
    count=st.integers(1, 9),
    examples=st.lists(st.sampled_from("abcdef"), max_size=4).map(tuple),
    remedy=st.sampled_from([None, "say --all"]),
)


def _lost(count: int = 1, *examples: str) -> Note:
    return Note(
        fate=Fate.LOST, subject=Subject.SCENES, reason="too old", count=count, examples=examples
    )


@given(st.lists(_notes))
def test_nothing_is_lost_in_grouping(notes: list[Note]) -> None:
    grouped = Notes(notes).grouped()
    assert len({note.cause for note in grouped}) == len(grouped)
    for one in grouped:
        same = [note for note in notes if note.cause == one.cause]
        assert one.count == sum(note.count for note in same)
        assert set(one.examples) <= {name for note in same for name in note.examples}
        assert len(one.examples) <= 3


@given(_notes)
def test_through_json(note: Note) -> None:
    assert Note.from_json(json.loads(json.dumps(note.to_json()))) == note


def test_words() -> None:
    assert str(_lost(1, "a")) == "Lost: 1 scene (a): too old"
    assert str(_lost(7, "a", "b")) == "Lost: 7 scenes (a, b, …): too old"
    one = Note(fate=Fate.GUESSED, subject=Subject.CLASSES, reason="no name", remedy="name it")
    assert str(one) == "Guessed: 1 class: no name; name it"


def test_collected_by_the_innermost() -> None:
    with collecting() as outer:
        tell(_lost(1, "a"))
        with collecting() as inner:
            tell(_lost(2, "b"))
    assert outer.grouped() == (_lost(1, "a"),)
    assert inner.grouped() == (_lost(2, "b"),)


def test_the_first_of_a_cause_is_told_at_once() -> None:
    came: list[Note] = []
    with collecting(came.append):
        tell(_lost(1, "a"))
        tell(_lost(5, "b"))
        assert came == [_lost(1, "a")]


def test_without_a_collector_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    # a thread of a user's function is not inside of our block
    with ThreadPoolExecutor(1) as pool, collecting() as notes:
        pool.submit(tell, _lost(3, "a")).result()
    assert not notes
    assert [record.getMessage() for record in caplog.records] == [str(_lost(3, "a"))]
