"""Limit how many downloaded scenes are on the local disk at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automap_tiles.scenes import download as fetching
from automap_tiles.scenes.download import RemoteFile

_ASK_SECONDS = 0.2
_WAITING = 4
"""Scenes downloaded in advance while every worker has one and its next one."""


def quota_for(workers: int, ahead: int) -> int:
    """Scenes at a time: `ahead` per worker, and some in transfer."""
    return workers * ahead + _WAITING


@dataclass
class DiskQuota:
    """Scenes whose files are here or in transfer; other files wait until one is done."""

    most: int
    """Largest number of scenes."""
    sizes: Mapping[str, int]
    """Scene id → size of its files in bytes, as far as known."""
    peak: int = 0
    """Peak number of bytes on the disk."""
    _held: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, file: RemoteFile, stop: threading.Event) -> bool:
        """Wait for room, see `_fetching.Gate`."""
        scene = file.scene or ""
        with self._changed:
            while scene not in self._held and len(self._held) >= self.most:
                if stop.is_set():
                    return False
                self._changed.wait(_ASK_SECONDS)
            self._held.add(scene)
            self.peak = max(self.peak, sum(self.sizes.get(each, 0) for each in self._held))
        return not stop.is_set()

    def give_back(self, scene: str) -> None:
        """Its files have been deleted."""
        with self._changed:
            self._held.discard(scene)
            self._changed.notify_all()


def sizes_of(files: Iterable[RemoteFile]) -> dict[str, int]:
    """Bytes by scene."""
    found: dict[str, int] = {}
    for file in files:
        found[file.scene or ""] = found.get(file.scene or "", 0) + (file.size or 0)
    return found


def check_disk_space(files: Iterable[RemoteFile], folder: Path, most: int) -> None:
    """Raise `OutputError` when the disk cannot hold that many of the largest scenes."""
    every = list(files)
    sizes = sizes_of(every)
    largest = set(sorted(sizes, key=lambda scene: sizes[scene], reverse=True)[:most])
    at_once = [file for file in every if (file.scene or "") in largest]
    fetching.check_space(fetching.amount(at_once, folder), folder)
