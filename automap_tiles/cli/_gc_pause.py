"""When Python looks for objects that only refer to each other.

Modules that are imported are never such objects, but each of the looks at them that a start makes
goes through all of them: a tenth of its time.
"""

from __future__ import annotations

import gc

_OBJECTS = 100_000
"""More than a command has made when its work begins."""

_usual: list[tuple[int, int, int]] = []
"""Thresholds of before, while the looking waits."""


def pause_gc() -> None:
    """Do not look before a command's work begins, or has made very many objects."""
    if gc.isenabled() and not _usual:
        _usual.append(gc.get_threshold())
        gc.set_threshold(_OBJECTS)
        gc.callbacks.append(_at_first_collection)


def resume_gc() -> None:
    """As usual, but for what is there already: processes that are forked share it then."""
    if _usual:
        gc.freeze()
        gc.set_threshold(*_usual.pop())
        gc.callbacks.remove(_at_first_collection)


def _at_first_collection(phase: str, _: dict[str, int]) -> None:
    if phase == "start":
        resume_gc()
