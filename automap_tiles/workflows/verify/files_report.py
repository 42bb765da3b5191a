"""Results of the verification of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from automap_tiles.grid import TileIndex
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    pass


class FileProblem(StrEnum):
    """Problems of files."""

    MISSING = "missing"
    SIZE = "another size"
    CONTENT = "another content"
    UNREADABLE = "unreadable"
    MARKED = "found damaged before, and not made again"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFile:
    """An intact file, or a readable one if there is no checksum."""

    name: str
    """Relative to the output's folder."""
    tile: TileIndex | None
    """The process tile it belongs to; None for a single file."""

    def to_json(self) -> Json:
        return {"file": self.name, "tile": _place(self.tile)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A damaged file."""

    name: str
    """Relative to the output's folder."""
    tile: TileIndex | None
    """The process tile it belongs to; None for a single file."""
    problem: FileProblem
    detail: str

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}: {self.detail}"

    def to_json(self) -> Json:
        return {
            "file": self.name,
            "tile": _place(self.tile),
            "problem": self.problem.value,
            "detail": self.detail,
        }


@dataclass(kw_only=True)
class FilesReport:
    """Counts and damaged files; updated while `check_files` is consumed."""

    files: int = 0
    """Compared with a checksum."""
    bytes: int = 0
    only_read: int = 0
    """Without a checksum: only tested for readability."""
    damaged: list[Damage] = field(default_factory=list)
    strays: int = 0
    """Tile files that the journal does not list as written."""
    stray: str = ""
    """One of them."""

    def add(self, size: int | None, found: SoundFile | Damage) -> None:
        """Count a file; `size` as recorded, None if unknown."""
        if size is None:
            self.only_read += 1
        else:
            self.files += 1
            self.bytes += size
        if isinstance(found, Damage):
            self.damaged.append(found)

    def to_json(self) -> Json:
        return {
            "files": self.files,
            "bytes": self.bytes,
            "only_read": self.only_read,
            "strays": self.strays,
            "damaged": [damage.to_json() for damage in self.damaged],
        }

    def notes(self) -> Iterator[Note]:
        """Notes on files that were not compared."""
        if self.only_read:
            yield Note(
                fate=Fate.IGNORED,
                subject=Subject.FILES,
                reason="no checksum was kept when they were written: they were read, not compared",
                count=self.only_read,
            )
        if self.strays:
            yield Note(
                fate=Fate.IGNORED,
                subject=Subject.FILES,
                reason="the journal does not know them: they were not compared",
                count=self.strays,
                examples=(self.stray,),
            )


def _place(tile: TileIndex | None) -> list[int] | None:
    return None if tile is None else list(tile)
