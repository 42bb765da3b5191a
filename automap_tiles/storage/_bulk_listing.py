"""An object store of which many keys are asked for: listed once, in place of being asked for each.

A list names a thousand objects for what one question costs, so that an output of a million tiles is
gone on with in a thousand requests instead of a million.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from automap_tiles.errors import InputError

ONE_BY_ONE = 2048
"""So many keys are asked for one by one before the store is listed."""
_FOR_EACH = 500
"""Objects that are listed at most for each key asked for until then: half of what asking cost."""
_AGAIN = 4
"""A store that has more is listed again when so many times as many were asked for."""


class Listing:
    """The names in a store as it was when they were listed.

    Of each name eight bytes are kept: a million take 8 MB, and one that is not there would be taken
    for one of them once in 10¹³ times.
    """

    def __init__(self, names: Callable[[], Iterator[str]]) -> None:
        self._all = names
        self._asked = 0
        self._list_at = ONE_BY_ONE
        self._names: np.ndarray[Any, np.dtype[np.uint64]] | None = None

    def there(self, keys: Sequence[str]) -> set[str] | None:
        """Those of some keys that were there; None: they are asked for one by one."""
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
        """Sorted; None where there are more than `most`, or listing is not allowed."""
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
