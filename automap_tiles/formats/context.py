"""The context in which an input is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.formats._writers import Writer
from automap_tiles.grid import Pyramid

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, kw_only=True)
class ResolvedProcess:
    """What an input needs to know of another process."""

    writer: Writer
    zooms: tuple[int, ...]
    area: BaseGeometry
    """CRS of the writer's pyramid."""
    pyramid: Pyramid | None = None
    """Of the tiles that are computed, without what the function asks for around them; None: that
    of the writer."""


ResolveProcess = Callable[[Path], ResolvedProcess]
"""Gives the process of a `.mapchete` file, for inputs that are another process's output."""


@dataclass(frozen=True, kw_only=True)
class OpenContext:
    """What a format may need besides the entry in the file."""

    base: Path
    """Folder that relative paths start at."""
    pyramid: Pyramid
    """Of the process."""
    resolve_process: ResolveProcess | None = None
    area: BaseGeometry | None = None
    """Area and bounds as they stand in the file, CRS of the pyramid; None: it has neither."""
