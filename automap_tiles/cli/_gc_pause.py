"""Pause the garbage collector while a command starts.

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
    """Postpone collection until a command's work begins or many objects have been allocated."""
    if gc.isenabled() and not _usual:
        _usual.append(gc.get_threshold())
        gc.set_threshold(_OBJECTS)
        gc.callbacks.append(_at_first_collection)


def resume_gc() -> None:
    """Resume collection; freeze existing objects so that forked processes share them."""
    if _usual:
        gc.freeze()
        gc.set_threshold(*_usual.pop())
        gc.callbacks.remove(_at_first_collection)


def _at_first_collection(phase: str, _: dict[str, int]) -> None:
    if phase == "start":
        resume_gc()
