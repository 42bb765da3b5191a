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
    """Encodes the pixels of a tile as a file; picklable and thread-safe."""

    @property
    def count(self) -> int:
        """Number of bands in a file."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def nodata(self) -> float | None: ...
    @property
    def lossless(self) -> bool: ...
    @property
    def keeps_tags(self) -> bool:
        """Whether a file can store the tags that a function returns."""
        ...

    def described(self) -> Mapping[str, Any]:
        """Content of metadata.json besides the user's options.

        At least `bands`, `dtype` and `nodata`; together with the options it defines the codec.
        """
        ...

    def appearance(self) -> Appearance:
        """How a map displays it."""
        ...

    def advice(self) -> tuple[Note, ...]:
        """See `Advising`."""
        ...

    def convert(self, tile: Tile, result: object) -> RasterArray:
        """A function's return value as the array of a file, on the tile."""
        ...

    def encode(self, data: RasterArray, tile: Tile, tags: Tags) -> bytes: ...
    def decode(self, content: bytes, tile: Tile) -> Tiled:
        """What was passed to `encode` for an output tile.

        Raises `InputError` for a damaged file.
        """
        ...


class FeatureCodec(Protocol):
    """Encodes the features of a tile as a file; picklable and thread-safe."""

    @property
    def becomes_text(self) -> Mapping[str, str]:
        """Unsupported types of properties, and how their values are stored as text."""
        ...

    @property
    def mixes_heights(self) -> bool:
        """Whether 3D geometries are permitted in a file of a 2D type."""
        ...

    def encode(
        self, features: Sequence[Feature], *, schema: Mapping[str, Any], crs: CRS
    ) -> bytes: ...
    def decode(self, content: bytes) -> list[Feature]:
        """Raises `InputError` for a damaged file."""
        ...
