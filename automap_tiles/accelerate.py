"""Whether compiled kernels are used (numba, from the extra `automap-tiles[fast]`).

They give the same results as NumPy, bit by bit, and pay for the geometric median, the medoid, the
max-NDVI composite, what looks at the windows of pixels, and the blocks of many large files. To
import numba takes every process half a second, compiling some seconds the first time on a machine.
So by default NumPy computes until a process had a second of such work, and the kernels from there
on. The environment variable `AUTOMAP_FAST=1` takes them at once, `AUTOMAP_FAST=0` never, and
`fast=True` or `fast=False` of a function decides for one call.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from automap_tiles.errors import MissingExtra

SWITCH = "AUTOMAP_FAST"
PAYS_SECONDS = 1.0
"""Of NumPy's work in a process; by then it would have paid for the kernels."""


class _Process:
    """What this process has computed without kernels, or begun to."""

    seconds = 0.0


def is_wanted(fast: bool | None, seconds: float | None = None) -> bool:
    """Whether to use numba for work that would take NumPy about so long.

    None: for work of any size. Raises `MissingExtra` when `fast` is True and it is not installed.
    """
    if fast is False:
        return False
    installed = find_spec("numba") is not None
    if fast and not installed:
        raise MissingExtra("numba", "fast")
    if fast or not installed:
        return installed
    switch = os.environ.get(SWITCH, "")
    return switch == "1" or (switch != "0" and _pays(seconds))


def _pays(seconds: float | None) -> bool:
    if seconds is None:
        return True
    # two threads at once may lose one's share: it is an estimate
    _Process.seconds += seconds
    return _Process.seconds > PAYS_SECONDS


def compile_kernel(function: Callable[..., Any], inline: str = "never") -> Callable[..., Any]:
    """Compile at the first call, and keep the machine code on disk where that is possible."""
    import numba

    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "inline": inline}
    try:
        compiled: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package's folder nor the home folder can be written
        compiled = numba.njit(**options)(function)
    return compiled
