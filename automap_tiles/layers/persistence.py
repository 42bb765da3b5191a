"""What becomes of tiles that are computed because somebody looks at them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.formats.capabilities import Spooling, TileWriter

if TYPE_CHECKING:
    from automap_tiles.formats.protocols import Writer


class Keep(Enum):
    """How a process is looked at."""

    CONTINUE = "continue"
    """Done tiles are shown, missing ones are computed and kept, as a run would."""
    MEMORY = "memory"
    """Tiles are computed and forgotten again; the output is not touched."""
    READONLY = "readonly"
    """Done tiles are shown, nothing is computed."""
    OVERWRITE = "overwrite"
    """Each tile is computed anew when it is first looked at, and kept."""


def tile_writer(writer: Writer) -> TileWriter:
    """The writer itself where it stores tiles, of a single file that of the tiles beside it.

    Raises `ConfigError` for writers of other packages that store nothing tile by tile.
    """
    if isinstance(writer, Spooling):
        return writer.spool
    if isinstance(writer, TileWriter):
        return writer
    raise ConfigError("outputs of this format cannot be looked at tile by tile", key="output")


def in_memory(writer: Writer) -> TileWriter:
    """A writer of the same tiles that keeps them in memory."""
    return tile_writer(writer).in_memory()
