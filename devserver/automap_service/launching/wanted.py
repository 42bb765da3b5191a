"""What a launch is made of: files of a user, what it is held against, what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from automap_service.settings import CataloguePart


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An uploaded file as an order uses it."""

    id: str
    name: str
    path: str
    sha256: str
    about: Mapping[str, Any] = field(default_factory=dict)
    """Its surface and so on."""


class Uploads(Protocol):
    """The files of a user."""

    def find(self, kind: str, name: str) -> Upload | None:
        """By name or id."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A launch that can be."""

    order: dict[str, Any]
    """Without an output."""
    parameters: dict[str, Any]
    """As they were meant, names in place of paths."""
    workspace: str
    digest: str
    description: str
    uses: tuple[str, ...]
    sizes: Mapping[str, float] = field(default_factory=dict)
    """By which it is compared with finished jobs."""

    @property
    def mode(self) -> str:
        """Where it ends."""
        return str(self.parameters["mode"])

    @property
    def budget(self) -> float | None:
        """What it may cost, if its owner said so."""
        found = self.parameters.get("budget")
        return None if found is None else float(found)


@dataclass(frozen=True, kw_only=True)
class World:
    """What parameters are held against."""

    user: str
    uploads: Uploads
    catalogues: Mapping[str, CataloguePart]
    longest_description: int = 500
    today: date | None = None
