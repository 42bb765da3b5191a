"""Results on fixed blocks of a scene, cached for the tiles that follow."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np

from automap_tiles.missions import Flag
from automap_tiles.raster.lru import ByteLRU
from automap_tiles.scenes.lattice import Window, intersection, slices
from automap_tiles.scenes.maskers.protocol import Flags
from automap_tiles.stopping import raise_if_stopped

Value = TypeVar("Value")
Array = np.ndarray[Any, Any]


class Kept(Generic[Value]):
    """A thread-safe cache, limited by size in bytes."""

    def __init__(self, capacity: int) -> None:
        self._values: ByteLRU[Value] = ByteLRU(capacity)
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value], size: int) -> Value:
        """The value of a key, computed if missing; `size` in bytes.

        Two threads may compute the same value at once, which is harmless.
        """
        with self._lock:
            value = self._values.get(key)
        if value is None:
            value = make()
            with self._lock:
                self._values.put(key, value, size)
        return value


def assemble(
    window: Window,
    extent: Window,
    size: int,
    start: int,
    make: Callable[[int, int, Window], Flags],
) -> Flags:
    """Flags of a window, assembled from fixed blocks; `FILL` beyond the extent.

    Block (i, j) begins at row `start + i · size`, column `start + j · size`; `make` gets i, j and
    the requested part of the block, and returns that part.
    """
    out = np.full((len(window[0]), len(window[1])), Flag.FILL, dtype=np.uint16)
    shared = intersection(window, extent)
    if shared is None:
        return out
    rows, cols = shared
    for i in _touched(rows, size, start):
        for j in _touched(cols, size, start):
            block = (
                range(start + i * size, start + (i + 1) * size),
                range(start + j * size, start + (j + 1) * size),
            )
            part = intersection(block, shared)
            if part is not None:
                raise_if_stopped()
                out[slices(part, window)] = make(i, j, part)
    return out


def _touched(span: range, size: int, start: int) -> range:
    return range((span.start - start) // size, (span.stop - 1 - start) // size + 1)
