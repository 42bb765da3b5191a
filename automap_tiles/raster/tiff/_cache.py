"""Unpacked blocks of files, kept for the neighbours of what they were read for.

One cache for all threads of a process: each block is unpacked once as long as there is room.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from typing import Any

from numpy.typing import NDArray
from rasterio.env import get_gdal_config

from automap_tiles.raster.lru import ByteLRU, share

CACHE_BYTES = 256 * 2**20
"""As much as GDAL's own cache, which stays empty where blocks are read here; less where
`GDAL_CACHEMAX` says less."""

_BYTES_FROM = 100_000
"""Smaller numbers of `GDAL_CACHEMAX` are megabytes: https://gdal.org/user/configoptions.html."""


class _Cache:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.blocks: ByteLRU[NDArray[Any]] = ByteLRU(share(_most()))

    def get(self, key: Hashable) -> NDArray[Any] | None:
        with self.lock:
            return self.blocks.get(key)

    def put(self, key: Hashable, block: NDArray[Any]) -> None:
        with self.lock:
            self.blocks.put(key, block, block.nbytes)


_cache: _Cache | None = None


def _forget() -> None:
    """In a forked child: a thread of the parent may have held the lock."""
    global _cache  # noqa: PLW0603 - as below
    _cache = None


os.register_at_fork(after_in_child=_forget)


def _shared() -> _Cache:
    global _cache  # noqa: PLW0603 - made when it is first needed, when its share is known
    if _cache is None:
        _cache = _Cache()
    return _cache


def _most() -> int:
    """Bytes that may be kept in this process."""
    said = str(get_gdal_config("GDAL_CACHEMAX") or "").strip()
    if said.endswith("%"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return min(CACHE_BYTES, int(float(said[:-1]) / 100 * memory))
    if not said.isdigit():
        return CACHE_BYTES
    number = int(said)
    return min(CACHE_BYTES, number if number >= _BYTES_FROM else number * 2**20)


def capacity() -> int:
    """Bytes that are kept at most."""
    return _shared().blocks.capacity


def kept(key: Hashable) -> NDArray[Any] | None:
    """The block of a key, which nobody may write into; None where there is none."""
    return _shared().get(key)


def keep(key: Hashable, block: NDArray[Any]) -> None:
    """Keep a block for whoever asks for the key."""
    block.flags.writeable = False
    _shared().put(key, block)
