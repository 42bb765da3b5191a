"""Room on this machine for what is on its way into an output.

An output of this machine has it in itself, hidden. One in an object store has a folder among the
temporary ones (`TMPDIR`), named after its address: a run that was killed leaves it behind, the next
one on the same machine goes on with it, and it is gone when a run has ended.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from automap_tiles.errors import OutputError
from automap_tiles.storage import Address


@dataclass(frozen=True)
class Scratch:
    """The room of one output."""

    output: Address

    @property
    def folder(self) -> Path:
        """Where it is; it need not be there."""
        if not self.output.is_remote:
            return Path(self.output.text)
        name = hashlib.sha256(self.output.text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"automap-{os.getuid()}", name)

    def fetched(self, satellite: str) -> Path:
        """Of files on their way from a catalogue; empty when a scene is prepared."""
        return self.folder / satellite / ".fetched"

    @property
    def unpacked(self) -> Path:
        """Of archives that can only be read from the beginning."""
        return self.folder / ".unpacked"

    def __enter__(self) -> Self:
        """Make it, for this user alone; raises `OutputError`."""
        if self.output.is_remote:
            self._make()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the room back; what lies in an output of this machine stays where it is."""
        if self.output.is_remote:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _make(self) -> None:
        for folder in (self.folder.parent, self.folder):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                owner = folder.lstat().st_uid
            except OSError as error:
                raise OutputError(f"cannot be made: {error.strerror}", folder) from error
            if owner != os.getuid() or folder.is_symlink():
                raise OutputError("belongs to another user; set TMPDIR to another folder", folder)
