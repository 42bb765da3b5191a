"""The compiled kernels of what looks at many dates."""

from __future__ import annotations

from types import ModuleType

from automap_tiles.accelerate import is_wanted


def compiled(fast: bool | None, seconds: float | None = None) -> ModuleType | None:
    """The module of compiled kernels where they are to be used; `seconds` as in `is_wanted`."""
    if not is_wanted(fast, seconds):
        return None
    from automap_tiles.analysis import _kernels

    return _kernels
