"""The tile timeout, enforced in the worker process itself.

Python cannot interrupt a function that does not return: a thread cannot be stopped, and a signal is
only handled between bytecode instructions. So the whole worker is terminated, by a C timer that
does not need the GIL (`faulthandler`). First it writes a traceback of the tile.
"""

from __future__ import annotations

import faulthandler
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

from automap_tiles.grid import TileIndex

_BANNER = "Timeout ("
_THREAD = "Thread 0x"
_OURS = "engine/_worker.py"


class TileWatch:
    """Terminates this process when a tile exceeds its timeout; for a single thread."""

    def __init__(self, folder: Path, seconds: float) -> None:
        """`folder` is where each worker records its current tile, in a file of its own."""
        self._folder = folder
        self._seconds = seconds
        self._file: IO[bytes] | None = None

    def __getstate__(self) -> tuple[Path, float]:
        return self._folder, self._seconds

    def __setstate__(self, state: tuple[Path, float]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    @contextmanager
    def over(self, index: TileIndex) -> Iterator[None]:
        """Enforce the timeout while a tile is computed."""
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / str(os.getpid())).open("wb", buffering=0)
        self._file.seek(0)
        self._file.truncate()
        self._file.write(f"{' '.join(map(str, index))}\n".encode())
        faulthandler.dump_traceback_later(self._seconds, exit=True, file=self._file)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


class TimeLimit:
    """The parent's view of the timeouts; a context manager that cleans up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._folder = Path(tempfile.mkdtemp(prefix="automap-"))
        # Also when not used as a context manager: at the latest when this process exits.
        self._tidy = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    @classmethod
    def of(cls, seconds: float | None) -> Self | None:
        """None without a limit."""
        return None if seconds is None else cls(seconds)

    @property
    def watch(self) -> TileWatch:
        """The watch to send to the workers."""
        return TileWatch(self._folder, self.seconds)

    def overdue(self) -> dict[TileIndex, str]:
        """The tiles that timed out, with their messages; each is reported once.

        Empty once the folder has been removed, which another thread may do at any time.
        """
        try:
            files = sorted(self._folder.iterdir())
        except FileNotFoundError:
            return {}
        found: dict[TileIndex, str] = {}
        for file in files:
            with suppress(OSError, ValueError):
                text = file.read_text(encoding="utf-8", errors="backslashreplace")
                first, _, dump = text.partition("\n")
                if dump.startswith(_BANNER):
                    zoom, row, col = map(int, first.split())
                    found[TileIndex(zoom, row, col)] = _where(dump) + timeout_message(self.seconds)
                    file.unlink()
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tidy()


def timeout_message(seconds: float) -> str:
    """Message for a tile that timed out."""
    return f"TimeoutError: the tile took longer than {seconds:g} s, and its worker was ended"


def _where(dump: str) -> str:
    """The call stack of the tile, most recent call last."""
    for thread in dump.split(_THREAD)[1:]:
        calls = [line for line in thread.splitlines() if line.startswith("  File ")]
        ours = next((n for n, line in enumerate(calls) if _OURS in line), None)
        if ours is not None:
            return "\n".join(("The tile was here (last call at the end):", *calls[ours::-1], ""))
    return ""
