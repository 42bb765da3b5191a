"""Protocols of codecs, which encode tiles as files and decode them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from automap_tiles.formats._contents import Feature, Tiled
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.grid import Tile

if TYPE_CHECKING:
    from rasterio.crs import CRS

    from automap_tiles.formats._contents import RasterArray
    from automap_tiles.notes import Note

Tags = Mapping[str | int, Any]


class Codec(Protocol):
    """How the pixels of a tile become the bytes of a file; picklable and thread-safe."""

    @property
    def count(self) -> int:
        """Bands in a file."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def nodata(self) -> float | None: ...
    @property
    def lossless(self) -> bool: ...
    @property
    def keeps_tags(self) -> bool:
        """Whether a file has a place for the tags that a function returns."""
        ...

    def described(self) -> Mapping[str, Any]:
        """What metadata.json says besides the options as the user wrote them.

        `bands`, `dtype` and `nodata` at least; from it and the options the codec is made again.
        """
        ...

    def appearance(self) -> Appearance:
        """What a map shows of it."""
        ...

    def advice(self) -> tuple[Note, ...]:
        """As `Advising` has it."""
        ...

    def convert(self, tile: Tile, result: object) -> RasterArray:
        """A function's return value as the array of a file, on the tile."""
        ...

    def encode(self, data: RasterArray, tile: Tile, tags: Tags) -> bytes: ...
    def decode(self, content: bytes, tile: Tile) -> Tiled:
        """What `encode` was given for an output tile; raises `InputError` for a damaged file."""
        ...


class FeatureCodec(Protocol):
    """How the features of a tile become the bytes of a file; picklable and thread-safe."""

    @property
    def becomes_text(self) -> Mapping[str, str]:
        """Types of properties that it has no place for, and what becomes of their values."""
        ...

    @property
    def mixes_heights(self) -> bool:
        """Whether a geometry with heights may stand in a file of a type without."""
        ...

    def encode(
        self, features: Sequence[Feature], *, schema: Mapping[str, Any], crs: CRS
    ) -> bytes: ...
    def decode(self, content: bytes) -> list[Feature]:
        """Raises `InputError` for a damaged file."""
        ...
