"""What becomes of tiles that are computed because somebody looks at them."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.formats.gtiff import SingleFile
from automap_tiles.formats.tiles import FeatureDirectory, RasterDirectory
from automap_tiles.storage import MemoryStorage, TileLayout

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


Directory = RasterDirectory | FeatureDirectory


def directory_of(writer: Writer) -> Directory:
    """The folder of tiles that a writer fills, for single files the one beside it.

    Raises `ConfigError` for writers of other packages that have none.
    """
    if isinstance(writer, SingleFile):
        return writer.spool
    if isinstance(writer, RasterDirectory | FeatureDirectory):
        return writer
    raise ConfigError("outputs of this format cannot be looked at tile by tile", key="output")


def in_memory(writer: Writer) -> Directory:
    """A writer of the same tiles that keeps them in memory."""
    directory = directory_of(writer)
    layout = TileLayout(extension=directory.files.layout.extension)
    files = replace(directory.files, storage=MemoryStorage(), layout=layout)
    return replace(directory, files=files)
