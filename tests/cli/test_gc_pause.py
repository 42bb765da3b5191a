"""While a command starts, Python does not look for garbage; afterwards it does as it did."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from automap_tiles.cli import _gc_pause


class Ring:
    """Refers to itself: goes only when somebody looks."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    _gc_pause.resume_gc()
    gc.unfreeze()
    gc.set_threshold(*before)


def test_as_usual_when_work_begins() -> None:
    before, callbacks = gc.get_threshold(), list(gc.callbacks)
    _gc_pause.pause_gc()
    _gc_pause.pause_gc()  # said twice
    assert gc.get_threshold()[0] > before[0]
    _gc_pause.resume_gc()
    assert (gc.get_threshold(), gc.callbacks) == (before, callbacks)
    assert gc.get_freeze_count() > 0
    ring = weakref.ref(Ring())
    gc.collect()
    assert ring() is None


def test_as_usual_after_very_many_objects() -> None:
    """Of a command that never says that its work begins."""
    before = gc.get_threshold()
    _gc_pause.pause_gc()
    many = [[number] for number in range(2 * _gc_pause._OBJECTS)]
    assert gc.get_threshold() == before
    assert len(many) == 2 * _gc_pause._OBJECTS


def test_who_looks_never_is_left_alone() -> None:
    gc.disable()
    try:
        before = gc.get_threshold()
        _gc_pause.pause_gc()
        assert gc.get_threshold() == before
    finally:
        gc.enable()
