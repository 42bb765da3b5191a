"""Local files that are synced and renamed in groups.

Syncing each of many small files takes longer than everything else about them. Inside `together`
files are written under their part names; `commit` syncs once and then renames all of them, so that
each is complete or absent at any moment.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

# Fewer files are synced one by one, without waiting for what others write to the file system.
_FEW = 8

# File systems that `syncfs` is known to sync, and the Linux version since which it reports
# failures: syncfs(2).
_FILE_SYSTEMS = {"ext3", "ext4", "xfs", "btrfs", "f2fs", "tmpfs"}
_TELLS_SINCE = (5, 8)


class Group:
    """Files of one thread that are written but not yet renamed."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}
        self._since = 0.0
        self._disks: dict[int, int] = {}
        """Open handle on each file system, by device, opened before the first file on it was
        written."""
        self._folders: dict[str, int] = {}
        """The device of each folder, and so of the files written into it."""

    def expect(self, folder: str) -> None:
        """Announce that a file is about to be written into a folder.

        A handle is told of all write failures since it was opened; one opened later only of
        failures not yet reported to anybody else.
        """
        if folder in self._folders:
            return
        with contextlib.suppress(OSError):  # Writing the file will raise the error.
            device = self._folders[folder] = os.stat(folder).st_dev  # noqa: PTH116
            if device not in self._disks:
                self._disks[device] = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)

    def add(self, path: str, part: str) -> None:
        """Add a file that is written as `part` and will be renamed to `path`."""
        if not self._parts:
            self._since = time.monotonic()
        self.drop(path)
        self._parts[path] = part

    def drop(self, path: str) -> None:
        """Discard a file."""
        part = self._parts.pop(path, None)
        if part is not None:
            _unlink(part)

    def move(self, path: str, to: str) -> bool:
        """Rename a file of the group; False if it is not part of it."""
        part = self._parts.pop(path, None)
        if part is None:
            self.drop(to)
            return False
        self.add(to, part)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 the file it would have replaced
        return True

    def where(self, path: str) -> str:
        """Where the bytes of a path currently are."""
        return self._parts.get(path, path)

    def age(self) -> float:
        """Age of the oldest file in seconds."""
        return time.monotonic() - self._since if self._parts else 0.0

    def commit(self) -> None:
        """Sync and rename the files; if the sync fails, none is renamed.

        Raises `OSError`.
        """
        parts, self._parts = self._parts, {}
        try:
            _sync(list(parts.values()), self._folders, self._disks)
            while parts:
                path = next(iter(parts))
                os.replace(parts[path], path)  # noqa: PTH105 half the time of Path.replace
                del parts[path]
        finally:
            for part in parts.values():
                _unlink(part)
            self._close()

    def abandon(self) -> None:
        """Delete the files."""
        for path in list(self._parts):
            self.drop(path)
        self._close()

    def _close(self) -> None:
        self._folders.clear()
        while self._disks:
            os.close(self._disks.popitem()[1])


class _Current(threading.local):
    group: Group | None = None


_current = _Current()


def current_group() -> Group | None:
    """The group of this thread while inside `together`."""
    return _current.group


@contextlib.contextmanager
def together() -> Iterator[Group]:
    """Files that this thread stores inside the block appear when the group is committed.

    Leaving the block without a commit discards them.
    """
    outer, _current.group = _current.group, Group()
    group = _current.group
    try:
        yield group
    finally:
        _current.group = outer
        group.abandon()


def _sync(paths: list[str], folders: dict[str, int], disks: dict[int, int]) -> None:
    """Wait until files are on disk.

    `folders` maps folders to devices, `disks` maps devices to a handle on their file system.
    """
    syncfs = _syncfs() if len(paths) >= _FEW else None
    devices: set[int] = set()
    for path in paths:
        device = folders.get(path.rpartition("/")[0])
        if syncfs is None or device not in disks or not _is_synced_whole(device):
            _sync_one(path)
        else:
            devices.add(device)
    if syncfs is not None:
        for device in devices:
            syncfs(disks[device])


def _sync_one(path: str) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def _syncfs() -> Callable[[int], None] | None:
    """Sync the file system of an open file; None where failures would not be reported."""
    version = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
    if sys.platform != "linux" or version < _TELLS_SINCE:
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).syncfs
    except (OSError, AttributeError):  # A C library without syncfs.
        return None

    def syncfs(handle: int) -> None:
        if function(ctypes.c_int(handle)):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    return syncfs


@lru_cache(maxsize=64)
def _is_synced_whole(device: int) -> bool:
    """Whether `syncfs` syncs this type of file system: proc_pid_mountinfo(5)."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    kinds = {
        line.partition(" - ")[2].split(" ")[0] for line in lines if line.split(" ")[2] == wanted
    }
    return bool(kinds) and kinds <= _FILE_SYSTEMS


def _unlink(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108
