"""Temporary space on this machine for intermediate files of an output.

For a local output it is a hidden folder within. For an object store it is a folder below `TMPDIR`,
named after the address: a killed run leaves it behind, the next one on the same machine continues
with it, and it is removed at the end of a run.
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
    """Temporary space of one output."""

    output: Address

    @property
    def folder(self) -> Path:
        """Its path; need not exist."""
        if not self.output.is_remote:
            return Path(self.output.text)
        name = hashlib.sha256(self.output.text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"automap-{os.getuid()}", name)

    def fetched(self, satellite: str) -> Path:
        """Downloads in progress; deleted once a scene is prepared."""
        return self.folder / satellite / ".fetched"

    @property
    def unpacked(self) -> Path:
        """Unpacked archives that only allow sequential access."""
        return self.folder / ".unpacked"

    def __enter__(self) -> Self:
        """Create it, private to this user; raises `OutputError`."""
        if self.output.is_remote:
            self._make()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove it; files within a local output stay."""
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
