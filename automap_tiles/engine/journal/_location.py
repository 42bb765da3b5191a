"""The location of an output's journal: always beside the output."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from automap_tiles.formats import is_single_file
from automap_tiles.storage import Storage, is_remote, open_storage

JOURNAL_NAME = "journal.sqlite"

# Exports are single files too, with a lock beside them.
_ARCHIVES = (".pmtiles", ".mbtiles")


@dataclass(frozen=True, kw_only=True)
class JournalLocation:
    """Location of an output's journal and its companion files.

    In a tile directory, or beside a single file. In an object store it is a compressed copy of the
    SQLite file, which itself is worked on in a folder of this machine.
    """

    output: str
    """Folder, file or URL of the output."""
    folder: str
    """Its folder."""
    prefix: str
    """Prefix of file names: the name of a single file."""
    config: Path | None = None
    """The process file; earlier versions kept the journals of object stores beside it."""

    @property
    def is_remote(self) -> bool:
        return is_remote(self.output)

    @cached_property
    def storage(self) -> Storage:
        """Of the folder."""
        return open_storage(self.folder)

    @property
    def path(self) -> Path:
        """The SQLite file: the journal itself, or the local working copy for an object store."""
        if not self.is_remote:
            return Path(self.folder, f"{self.prefix}{JOURNAL_NAME}")
        address = hashlib.sha256(self.output.encode("utf-8", "surrogateescape")).hexdigest()
        return _cache_folder() / "journals" / address[:32] / JOURNAL_NAME

    @property
    def key(self) -> str:
        """Key of the journal in an object store."""
        return f"{self.prefix}{JOURNAL_NAME}.gz"

    @property
    def lock_key(self) -> str:
        """Key of the lock in an object store."""
        return f"{self.prefix}journal.lock"

    @property
    def record_key(self) -> str:
        """Key of the hashes of the output, used if the journal is lost."""
        return f"{self.prefix}{JOURNAL_NAME}.made_of" if self.prefix else "made_of.json"

    @property
    def earlier(self) -> Path:
        """Where earlier versions kept the journal of an output in an object store."""
        base = self.config or Path("automap")
        return base.with_name(f".{base.name}.{JOURNAL_NAME}")

    def __str__(self) -> str:
        return f"{self.folder.rstrip('/')}/{self.key}" if self.is_remote else str(self.path)


def place_of(output: str, config_path: Path | None = None) -> JournalLocation:
    """Location of the journal of an output."""
    ends = is_single_file(output) or output.rstrip("/").lower().endswith(_ARCHIVES)
    if not ends or (not is_remote(output) and Path(output).is_dir()):
        return JournalLocation(
            output=output, folder=output.rstrip("/") or "/", prefix="", config=config_path
        )
    return beside(output, config_path)


def beside(file: str, config_path: Path | None = None) -> JournalLocation:
    """The place of a journal beside a single file."""
    folder, slash, name = file.rpartition("/")
    return JournalLocation(
        output=file, folder=folder or slash or ".", prefix=f"{name}.", config=config_path
    )


def _cache_folder() -> Path:
    """Per the XDG Base Directory Specification, which says to ignore relative paths."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = given if given.is_absolute() else Path("~/.cache").expanduser()
    folder = base / "automap-tiles"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if os.access(folder, os.W_OK):
        return folder
    return Path(tempfile.gettempdir(), f"automap-tiles-{os.getuid()}")
