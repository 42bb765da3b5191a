"""Existence checks for many keys of an object store: one listing instead of a request per key.

A listing returns a thousand objects for the price of one request, so that an output of a million
tiles is resumed with a thousand requests instead of a million.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from automap_tiles.errors import InputError

ONE_BY_ONE = 2048
"""Number of keys checked one by one before the store is listed."""
_FOR_EACH = 500
"""Most objects listed per key checked so far: half of what the checks have cost."""
_AGAIN = 4
"""A larger store is listed again once this many times as many keys have been checked."""


class Listing:
    """The keys of a store at the time of listing.

    Eight bytes are kept per key: a million take 8 MB, and the chance that an absent key is mistaken
    for a present one is 1 in 10¹³.
    """

    def __init__(self, names: Callable[[], Iterator[str]]) -> None:
        self._all = names
        self._asked = 0
        self._list_at = ONE_BY_ONE
        self._names: np.ndarray[Any, np.dtype[np.uint64]] | None = None

    def there(self, keys: Sequence[str]) -> set[str] | None:
        """The keys that existed; None: they must be checked one by one."""
        if self._names is None and self._asked >= self._list_at:
            self._names = self._listed(_FOR_EACH * self._asked)
            self._list_at = _AGAIN * self._asked
        self._asked += len(keys)
        if self._names is None:
            return None
        if not len(keys) or not len(self._names):
            return set()
        wanted = _hashes(keys)
        places = np.searchsorted(self._names, wanted).clip(max=len(self._names) - 1)
        there = self._names[places] == wanted
        return {key for key, is_there in zip(keys, there.tolist(), strict=True) if is_there}

    def _listed(self, most: int) -> np.ndarray[Any, np.dtype[np.uint64]] | None:
        """Sorted; None when there are more than `most`, or listing is not permitted."""
        found = array("Q")
        try:
            for key in self._all():
                if len(found) == most:
                    return None
                found.append(_hash(key))
        except InputError:
            return None
        return np.sort(np.frombuffer(found, dtype=np.uint64))


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")


def _hashes(keys: Iterable[str]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.array([_hash(key) for key in keys], dtype=np.uint64)
