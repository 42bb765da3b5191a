"""Work that is ended from outside."""

from __future__ import annotations

import threading
import time

import pytest

from automap_tiles.stopping import Stopped, carried, raise_if_stopped, sleep, stopping


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
    assert time.monotonic() - began < 2
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
