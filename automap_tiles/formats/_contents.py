"""Data types of tile content, shared by all readers and writers."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    RasterArray: TypeAlias = np.ma.MaskedArray[Any, np.dtype[Any]]
    """(band, y, x), mask True = no data."""
    BoolArray: TypeAlias = NDArray[np.bool_]
    """(y, x)"""

Feature: TypeAlias = dict[str, Any]
"""GeoJSON-like: `{"type": "Feature", "geometry": {...}, "properties": {...}}`."""
Counts: TypeAlias = Mapping[str, Mapping[str, int]]
"""Integer counts that are summed over tiles, under two levels of names."""


class OutputKind(enum.Enum):
    """Kind of content of a tile."""

    RASTER = "raster"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class Tiled:
    """The content stored for one tile."""

    data: Any
    """Masked array (band, y, x) in the output's dtype, nodata under the mask; or features."""
    tags: Mapping[str | int, Any] = field(default_factory=dict)
    """Tags of the file; under a band number, a mapping of the tags of that band."""
    counts: Counts = field(default_factory=dict)
    """Counts made by the process function on the tile."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Return value of `execute` with counts to be summed over all tiles of the output."""

    result: Any
    """The actual result."""
    counts: Counts
    """Counts of the unbuffered tile; the sums are passed to the module's function `sum_up`."""


OutputData: TypeAlias = Tiled


class StoredFile(NamedTuple):
    """A file as it was stored, for later verification."""

    key: str
    """Path relative to the writer's; for a single file the suffix of its path: `""`, `.aux.xml`."""
    size: int
    """Bytes."""
    checksum: int
    """`automap_tiles.storage.checksum` of the content."""
