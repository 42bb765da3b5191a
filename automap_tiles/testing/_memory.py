"""Tiles that are in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.formats import OutputSpec
from automap_tiles.formats.capabilities import TileWriter
from automap_tiles.formats.registry import open_output
from automap_tiles.grid import Pyramid


def memory_tiles(pyramid: Pyramid, **options: Any) -> TileWriter:
    """A writer of tiles that keeps them in memory, ready for the first; `reader()` reads them.

    The options are those of an output: `memory_tiles(pyramid, format="GTiff", bands=1, …)`. Raises
    `ConfigError`, also for a format whose tiles cannot be in memory.
    """
    spec = OutputSpec.from_mapping({"path": "memory", **options}, base=Path("/"))
    writer = open_output(spec, pyramid)
    if not isinstance(writer, TileWriter):
        raise ConfigError("stores nothing tile by tile", key="output.format", found=spec.format)
    kept = writer.in_memory()
    kept.prepare()
    return kept
