"""Cache of decompressed blocks, for neighbouring windows.

One cache for all threads of a process: each block is decompressed only once if there is enough
room. Otherwise blocks that will be read again soon are kept longest.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from numpy.typing import NDArray
from rasterio.env import get_gdal_config

from automap_tiles.raster.lru import ByteLRU, share

CACHE_BYTES = 256 * 2**20
"""As much as GDAL's own block cache, which stays empty for blocks read here; less if
`GDAL_CACHEMAX` says so."""

_REMEMBERED = 4096
"""Number of uncached blocks whose keys are remembered; more than fit into the cache."""

_BYTES_FROM = 100_000
"""Smaller values of `GDAL_CACHEMAX` are megabytes: https://gdal.org/user/configoptions.html."""


class _Cache:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.capacity = share(_most())
        self.soon: ByteLRU[NDArray[Any]] = ByteLRU(self.capacity)
        self.others: ByteLRU[NDArray[Any]] = ByteLRU(self.capacity)
        self.unkept: OrderedDict[Hashable, None] = OrderedDict()
        self.keeps_all = False

    @property
    def size(self) -> int:
        """Bytes in the cache."""
        return self.soon.size + self.others.size

    def get(self, key: Hashable, *, soon: bool) -> NDArray[Any] | None:
        with self.lock:
            here, there = (self.soon, self.others) if soon else (self.others, self.soon)
            block = here.get(key)
            if block is None:
                block = there.get(key)
                if block is not None:
                    there.discard(key)
                    here.put(key, block, block.nbytes)
            return block

    def put(self, key: Hashable, block: NDArray[Any], *, soon: bool) -> None:
        with self.lock:
            (self.soon if soon else self.others).put(key, block, block.nbytes)
            while self.size > self.capacity:
                (self.others or self.soon).drop_oldest()

    def may_pass(self, key: Hashable) -> bool:
        with self.lock:
            if key in self.unkept:  # this process does read blocks repeatedly
                self.keeps_all = True
                self.unkept.clear()
            if self.keeps_all:
                return False
            self.unkept[key] = None
            if len(self.unkept) > _REMEMBERED:
                self.unkept.popitem(last=False)
            return True


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
    """Cache capacity of this process in bytes."""
    said = str(get_gdal_config("GDAL_CACHEMAX") or "").strip()
    if said.endswith("%"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return min(CACHE_BYTES, int(float(said[:-1]) / 100 * memory))
    if not said.isdigit():
        return CACHE_BYTES
    number = int(said)
    return min(CACHE_BYTES, number if number >= _BYTES_FROM else number * 2**20)


def capacity() -> int:
    """Maximum number of bytes in the cache."""
    return _shared().capacity


def kept(key: Hashable, *, soon: bool = False) -> NDArray[Any] | None:
    """The cached block of a key, read-only; None if there is none.

    `soon`: it will be read again soon.
    """
    return _shared().get(key, soon=soon)


def may_pass(key: Hashable) -> bool:
    """Whether a block that is read completely need not be cached.

    That is so as long as none of those has been requested again.
    """
    return _shared().may_pass(key)


def keep(key: Hashable, block: NDArray[Any], *, soon: bool = False) -> None:
    """Cache a block under a key."""
    block.flags.writeable = False
    _shared().put(key, block, soon=soon)
