"""Work that is ended from outside."""

from __future__ import annotations

import threading
import time

import pytest

from automap_tiles.notes import Fate, Note, Subject, collecting, tell
from automap_tiles.stopping import (
    NEVER,
    Stopped,
    carried,
    raise_if_stopped,
    sleep,
    stopping,
    until_stopped,
)


def test_asked_by_the_steps_inside() -> None:
    token = threading.Event()
    with stopping(token):
        raise_if_stopped()
        token.set()
        with pytest.raises(Stopped):
            raise_if_stopped()
    raise_if_stopped()


def test_the_inner_block_has_its_own() -> None:
    outer, inner = threading.Event(), threading.Event()
    outer.set()
    with stopping(outer):
        with stopping(inner):
            raise_if_stopped()
        with pytest.raises(Stopped):
            raise_if_stopped()


def test_a_pause_ends_at_once() -> None:
    token = threading.Event()
    threading.Timer(0.2, token.set).start()
    began = time.monotonic()
    with stopping(token), pytest.raises(Stopped):
        sleep(60)
    assert time.monotonic() - began < 30
    sleep(0.01)  # nobody stops this one


def test_carried_to_other_threads() -> None:
    token = threading.Event()
    token.set()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            raise_if_stopped()
        except Stopped as error:
            raised.append(error)

    with stopping(token):
        carrying = carried(work)
    for target in (work, carrying):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert len(raised) == 1


def test_no_failure_of_anything() -> None:
    assert not issubclass(Stopped, Exception)


def test_one_long_call_is_left_in_its_middle() -> None:
    stop, release, ended = threading.Event(), threading.Event(), threading.Event()
    appeared = threading.Event()

    def long() -> None:
        try:
            release.wait(60)  # nobody asks in it
            raise_if_stopped()
            appeared.set()
        finally:
            ended.set()

    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        until_stopped(long, stop, grace=0.5)
    assert time.monotonic() - began < 30
    release.set()
    assert ended.wait(60)
    assert not appeared.is_set()


def test_one_that_asks_ends_by_itself_and_one_that_ends_in_time_counts() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        until_stopped(lambda: sleep(60), stop, grace=30)
    assert until_stopped(_slow, stop, grace=5) == 7


def _slow() -> int:
    time.sleep(0.3)
    return 7


def test_results_errors_and_what_is_told() -> None:
    note = Note(fate=Fate.LOST, subject=Subject.TILES, reason="so")

    def work() -> str:
        tell(note)
        return "done"

    with collecting() as notes:
        assert until_stopped(work, NEVER, grace=0) == "done"
    assert notes.grouped() == (note,)
    with pytest.raises(ZeroDivisionError):
        until_stopped(lambda: 1 // 0, NEVER, grace=0)
