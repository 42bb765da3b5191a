"""Blocking work as part of a stream of events."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from automap_tiles.errors import InputError
from automap_tiles.notes import Fate, Note, Notes, Subject, tell
from automap_tiles.stopping import NEVER, Stopped, raise_if_stopped
from automap_tiles.workflows import _background as module
from automap_tiles.workflows._background import Say, run_in_background
from automap_tiles.workflows.events import Event, Noted, Skipped

NOTE = Note(fate=Fate.LOST, subject=Subject.SCENES, reason="too dark", examples=("a",))


def ended(stream: Generator[Event, None, int]) -> tuple[list[Event], int]:
    events = []
    while True:
        try:
            events.append(next(stream))
        except StopIteration as end:
            return events, end.value


def test_what_is_said_and_told_comes_as_it_happens() -> None:
    heard = threading.Event()

    def work(say: Say) -> int:
        say(Skipped(count=3))
        assert heard.wait(10)  # the first event is out while the work goes on
        tell(NOTE)
        tell(NOTE)
        return 7

    notes = Notes()
    stream = run_in_background(work, stop=NEVER, notes=notes)
    assert next(stream) == Skipped(count=3)
    heard.set()
    events, result = ended(stream)
    assert (events, result) == ([Noted(note=NOTE)], 7)
    assert [note.count for note in notes] == [2]


def test_errors_are_those_of_the_work_and_come_after_what_was_told() -> None:
    def work(_: Say) -> int:
        tell(NOTE)
        raise InputError("is broken", "scene")

    notes = Notes()
    stream = run_in_background(work, stop=NEVER, notes=notes)
    assert next(stream) == Noted(note=NOTE)
    with pytest.raises(InputError, match="is broken"):
        next(stream)
    assert len(notes) == 1


def test_stopped_where_it_asks() -> None:
    stop, kept = threading.Event(), []

    def work(say: Say) -> int:
        for number in range(1000):
            raise_if_stopped()
            kept.append(number)
            say(Skipped(count=number))
            time.sleep(0.01)
        return 0

    stream = run_in_background(work, stop=stop)
    next(stream)
    stop.set()
    with pytest.raises(Stopped):
        list(stream)
    assert 0 < len(kept) < 1000
    assert not [one for one in threading.enumerate() if one.name == "run_in_background"]


def test_given_up_where_it_never_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.3)
    stop, release = threading.Event(), threading.Event()
    stop.set()
    began = time.monotonic()
    with pytest.raises(Stopped):
        list(run_in_background(lambda _: release.wait(60), stop=stop))
    assert time.monotonic() - began < 30
    release.set()


def test_done_in_spite_of_being_stopped() -> None:
    stop = threading.Event()
    stop.set()
    assert ended(run_in_background(lambda _: 5, stop=stop)) == ([], 5)


def test_a_stream_that_is_closed_ends_the_work() -> None:
    ends = threading.Event()

    def work(say: Say) -> int:
        say(Skipped(count=1))
        try:
            while True:
                raise_if_stopped()
                time.sleep(0.01)
        finally:
            ends.set()

    stream = run_in_background(work, stop=NEVER)
    next(stream)
    stream.close()
    assert ends.is_set()
