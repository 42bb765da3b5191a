"""Whether the compiled kernels are used: numba, from the extra `automap-tiles[fast]`.

They give the same results as NumPy, bit by bit, and pay for the geometric median, the medoid and
the max-NDVI composite. By default they are used when numba can be imported; the environment
variable `AUTOMAP_FAST=0` turns them off and `fast=True` or `fast=False` of a function decides for
one call. Importing numba takes 0.3 to 0.5 s in every process and compiling some seconds the first
time on a machine, so it is imported by the first call that wants it.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from types import ModuleType

from automap_tiles.errors import MissingExtra

SWITCH = "AUTOMAP_FAST"


def is_wanted(fast: bool | None) -> bool:
    """Whether to use numba. Raises `MissingExtra` when `fast` is True and it is not installed."""
    installed = find_spec("numba") is not None
    if fast and not installed:
        raise MissingExtra("numba", "fast")
    if fast is None:
        return installed and os.environ.get(SWITCH, "1") != "0"
    return fast


def compiled(fast: bool | None) -> ModuleType | None:
    """The module of compiled kernels where they are to be used."""
    if not is_wanted(fast):
        return None
    from automap_tiles.analysis import _kernels

    return _kernels
