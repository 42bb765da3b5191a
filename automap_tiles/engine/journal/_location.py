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

# Exports are single files as well, with a lock beside them.
_ARCHIVES = (".pmtiles", ".mbtiles")


@dataclass(frozen=True, kw_only=True)
class JournalLocation:
    """Where the journal of an output lies, and what belongs to it.

    In a tile directory, or beside a single file. In an object store it is a compressed copy of the
    SQLite file, which itself is worked on in a folder of this machine.
    """

    output: str
    """Folder, file or address of the output."""
    folder: str
    """What it lies in."""
    prefix: str
    """What stands before its names: the name of a single file."""
    config: Path | None = None
    """The process file, beside which earlier versions kept the journals of object stores."""

    @property
    def is_remote(self) -> bool:
        return is_remote(self.output)

    @cached_property
    def storage(self) -> Storage:
        """Of the folder."""
        return open_storage(self.folder)

    @property
    def path(self) -> Path:
        """The SQLite file: the journal, or for an object store the one that is worked on here."""
        if not self.is_remote:
            return Path(self.folder, f"{self.prefix}{JOURNAL_NAME}")
        address = hashlib.sha256(self.output.encode("utf-8", "surrogateescape")).hexdigest()
        return _cache_folder() / "journals" / address[:32] / JOURNAL_NAME

    @property
    def key(self) -> str:
        """Of the journal in an object store."""
        return f"{self.prefix}{JOURNAL_NAME}.gz"

    @property
    def lock_key(self) -> str:
        """Of what says in an object store who is writing the output."""
        return f"{self.prefix}journal.lock"

    @property
    def record_key(self) -> str:
        """Of what says which process the output was made by, should the journal be lost."""
        return f"{self.prefix}{JOURNAL_NAME}.made_of" if self.prefix else "made_of.json"

    @property
    def earlier(self) -> Path:
        """Where earlier versions kept the journal of an output in an object store."""
        base = self.config or Path("automap")
        return base.with_name(f".{base.name}.{JOURNAL_NAME}")

    def __str__(self) -> str:
        return f"{self.folder.rstrip('/')}/{self.key}" if self.is_remote else str(self.path)


def place_of(output: str, config_path: Path | None = None) -> JournalLocation:
    """The place of the journal of an output."""
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
    """By the XDG Base Directory Specification; a relative path there is to be ignored."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = given if given.is_absolute() else Path("~/.cache").expanduser()
    folder = base / "automap-tiles"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if os.access(folder, os.W_OK):
        return folder
    return Path(tempfile.gettempdir(), f"automap-tiles-{os.getuid()}")
