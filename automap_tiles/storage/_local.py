"""Files below a folder."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from automap_tiles.errors import InputError, OutputError
from automap_tiles.storage._group_commit import current_group
from automap_tiles.storage._protocol import Cleaned
from automap_tiles.storage.liveness import is_alive

_PART_ENDING = ".part"

# Seconds without writes after which a local part file is stale even if its process seems alive: no
# write takes that long.
_OLD_SECONDS = 24 * 3600

# Bytes of a large file read at a time: more do not fit into a CPU cache.
_CHUNK = 2**18

# Seconds after which a part file of another machine is stale. Its process cannot be checked, but
# cleaning requires the lock of the output, so the other run has ended and at most its last tiles
# are still being written.
_OLD_SECONDS_ELSEWHERE = 10 * 60

_counter = itertools.count()
# Distinguishes this process's part files from those of a dead process with the same id; one token
# per process id because a fork copies it.
_tokens: dict[int, str] = {}
# Host, process id and token of this process as used in names of part files, by process id.
_owners: dict[int, str] = {}
# Folders that this process has made or seen. Only a hint: `put` recreates a deleted folder.
_folders: set[str] = set()


class _Buffer(threading.local):
    """A reusable buffer: allocating a new one takes as long as a checksum."""

    def __init__(self) -> None:
        self.free: list[memoryview] = []


_buffers = _Buffer()


class LocalStorage:
    """Files below a folder; each appears atomically, by a rename inside its own folder."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._base = os.path.abspath(root).rstrip("/")  # noqa: PTH100 keeps symbolic links as they are

    @property
    def root(self) -> str:
        return self._root

    def url(self, key: str) -> str:
        return f"{self._base}/{key}" if key else self._base

    def _now(self, key: str) -> str:
        """Path where the bytes of a key currently are; it may not be renamed yet."""
        group = current_group()
        return self.url(key) if group is None else group.where(self.url(key))

    def get(self, key: str) -> bytes:
        try:
            with open(self._now(key), "rb") as file:  # noqa: PTH123 half the time of Path.open
                return file.read()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(self.url(key)) from error
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", self.url(key)) from error

    def chunks(self, key: str) -> Iterator[bytes]:
        return map(bytes, self.pieces(key))

    def pieces(self, key: str) -> Iterator[memoryview]:
        """Like `chunks`, reusing one buffer: each piece is overwritten by the next."""
        buffer = _buffers.free.pop() if _buffers.free else memoryview(bytearray(_CHUNK))
        try:
            with open(self._now(key), "rb", buffering=0) as file:  # noqa: PTH123 as in `get`
                while size := file.readinto(buffer):
                    yield buffer[:size]
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(self.url(key)) from error
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", self.url(key)) from error
        finally:
            _buffers.free.append(buffer)

    def put(self, key: str, data: bytes | memoryview) -> None:
        path, group = self.url(key), current_group()
        folder, part = _part_of(path)
        try:
            if folder not in _folders:
                _make_folder(folder)
            if group is not None:
                group.expect(folder)
            try:
                _write(part, data, sync=group is None)
            except FileNotFoundError:  # The folder has been deleted since we saw it.
                _make_folder(folder)
                _write(part, data, sync=group is None)
            if group is None:
                os.replace(part, path)  # noqa: PTH105
            else:
                group.add(path, part)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.unlink(part)  # noqa: PTH108
            if isinstance(error, OSError):
                raise OutputError(f"cannot be written: {error.strerror}", path) from error
            raise

    @contextlib.contextmanager
    def staged(self, key: str) -> Iterator[Path]:
        path = self.url(key)
        folder, part = _part_of(path)
        try:
            try:
                _make_folder(folder)
            except OSError as error:
                raise OutputError(f"cannot be written: {error.strerror}", path) from error
            yield Path(part)
            try:
                _sync(part)
                os.replace(part, path)  # noqa: PTH105
                if (group := current_group()) is not None:
                    group.drop(path)
            except OSError as error:
                raise OutputError(f"cannot be written: {error.strerror}", path) from error
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part)  # noqa: PTH108

    def exists(self, key: str) -> bool:
        return os.path.exists(self._now(key))  # noqa: PTH110

    def stamp(self, key: str) -> str:
        try:
            status = os.stat(self._now(key))  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(self.url(key)) from error
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", self.url(key)) from error
        return f"{status.st_size} {status.st_mtime_ns}"

    def exists_many(self, keys: Sequence[str]) -> set[str]:
        return {key for key in keys if self.exists(key)}

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that start with the prefix, without part files."""
        folder = prefix.rpartition("/")[0]
        for path in _walk(self.url(folder)):
            key = path[len(self._base) + 1 :]
            if key.startswith(prefix) and not _is_part(key):
                yield key

    def delete(self, key: str) -> None:
        if (group := current_group()) is not None:
            group.drop(self.url(key))
        try:
            os.unlink(self.url(key))  # noqa: PTH108
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise OutputError(f"cannot be deleted: {error.strerror}", self.url(key)) from error

    def move(self, key: str, to: str) -> None:
        if (group := current_group()) is not None and group.move(self.url(key), self.url(to)):
            return
        try:
            os.replace(self.url(key), self.url(to))  # noqa: PTH105
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(self.url(key)) from error
        except OSError as error:
            raise OutputError(f"cannot be moved: {error.strerror}", self.url(key)) from error

    def clean_parts(self, key: str | None = None) -> Cleaned:
        """Delete part files whose process is not alive."""
        removed = left = 0
        for path in self._parts(key):
            if _is_left_over(path):
                with contextlib.suppress(OSError):
                    Path(path).unlink()
                    removed += 1
            elif not _is_own(path):
                left += 1
        return Cleaned(removed, left)

    def _parts(self, key: str | None) -> Iterator[str]:
        """Part files below the folder, or only of one key."""
        if key is None:
            yield from filter(_is_part, _walk(self._base))
            return
        folder, _, name = self.url(key).rpartition("/")
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(folder) as found,
        ):
            for entry in found:
                if entry.name.startswith(f".{name}.") and _is_part(entry.path):
                    yield entry.path

    def __repr__(self) -> str:
        return f"LocalStorage({self._root!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LocalStorage) and other._base == self._base

    def __hash__(self) -> int:
        return hash(self._base)


def _write(path: str, data: bytes | memoryview, *, sync: bool) -> None:
    # 0o666 less the user's umask, as for any file; O_EXCL: a part file is never shared
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if sync:
            os.fsync(handle)
    finally:
        os.close(handle)


def _part_of(path: str) -> tuple[str, str]:
    """The folder of a path, and a new part file in it."""
    folder, _, name = path.rpartition("/")
    return folder, f"{folder}/.{name}.{_part_owner()}-{next(_counter)}{_PART_ENDING}"


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: str) -> None:
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    if len(_folders) > 100_000:
        _folders.clear()
    _folders.add(folder)


def _part_owner() -> str:
    """Host, process id and token: the writer of a part file."""
    pid = os.getpid()
    owner = _owners.get(pid)
    if owner is None:
        token = _tokens.setdefault(pid, secrets.token_hex(4))
        owner = _owners.setdefault(pid, f"{_host()}-{pid}-{token}")
    return owner


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname()) or "host"


def _is_part(path: str) -> bool:
    return path.endswith(_PART_ENDING) and path.rpartition("/")[2].startswith(".")


def _owner(path: str) -> tuple[str, int, str] | None:
    """Host, process id and token of the writer of a part file; None if the file is not ours."""
    fields = path[: -len(_PART_ENDING)].rpartition(".")[2].split("-")
    if len(fields) != 4 or not fields[1].isdigit():
        return None
    host, pid, token, _ = fields
    return host, int(pid), token


def _is_own(path: str) -> bool:
    """Whether this process is writing it, or it is not a part file of this package."""
    owner = _owner(path)
    return owner is None or "-".join(map(str, owner)) == _part_owner()


def _is_left_over(path: str) -> bool:
    owner = _owner(path)
    if owner is None or _is_own(path):
        return False
    host, pid, _ = owner
    try:
        written = Path(path).stat().st_mtime
    except OSError:  # It has been renamed or deleted.
        return False
    age = time.time() - written
    if host != _host():
        return age > _OLD_SECONDS_ELSEWHERE
    return age > _OLD_SECONDS or pid == os.getpid() or not is_alive(pid, since=written)


def _walk(folder: str) -> Iterator[str]:
    """Paths of all files below a folder; none when it does not exist."""
    stack = [folder]
    while stack:
        try:
            entries = os.scandir(stack.pop())
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    yield entry.path
