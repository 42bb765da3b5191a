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
"""Whole numbers that are summed up over tiles, in two levels of names."""


class OutputKind(enum.Enum):
    """What a tile is made of."""

    RASTER = "raster"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class Tiled:
    """What is stored for one tile."""

    data: Any
    """Masked array (band, y, x) in the output's dtype, nodata under the mask; or features."""
    tags: Mapping[str | int, Any] = field(default_factory=dict)
    """Tags of the file; under the number of a band a mapping of the tags of that band."""
    counts: Counts = field(default_factory=dict)
    """What the function counted on the tile."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What `execute` may return to have something summed up over all tiles of the output."""

    result: Any
    """What it would return without."""
    counts: Counts
    """Of the tile without its buffer; the sums are for the function `sum_up` of the module."""


OutputData: TypeAlias = Tiled


class StoredFile(NamedTuple):
    """A file as it was stored: what it must be like when it is looked at again."""

    key: str
    """Below the path of the writer; of a single file what follows its path: `""`, `.aux.xml`."""
    size: int
    """Bytes."""
    checksum: int
    """`automap_tiles.storage.checksum` of the content."""
