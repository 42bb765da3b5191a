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
    """What an input needs to know about another process."""

    writer: Writer
    zooms: tuple[int, ...]
    area: BaseGeometry
    """CRS of the writer's pyramid."""
    pyramid: Pyramid | None = None
    """Pixel buffer of the computed tiles, without the function's own margin; None: the writer's."""


ResolveProcess = Callable[[Path], ResolvedProcess]
"""Resolves the process of a `.mapchete` file, for inputs that are another process's output."""


@dataclass(frozen=True, kw_only=True)
class OpenContext:
    """What a format may need besides the entry in the file."""

    base: Path
    """Base folder of relative paths."""
    pyramid: Pyramid
    """Of the process."""
    resolve_process: ResolveProcess | None = None
    area: BaseGeometry | None = None
    """Area and bounds as declared in the file, CRS of the pyramid; None: neither is given."""
