"""Protocols of writers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._contents import OutputKind, StoredFile, Tiled
    from automap_tiles.grid import Pyramid, Tile, TileIndex
    from automap_tiles.notes import Note
    from automap_tiles.storage import Cleaned


@runtime_checkable
class Advising(Protocol):
    """A writer that has notes for the user before the first tile."""

    def advice(self) -> tuple[Note, ...]:
        """Notes on options that were not given and are assumed."""
        ...


@runtime_checkable
class Writer(Protocol):
    """A place for the results of a process.

    Addressed by process tiles of any metatiling and pixel buffer on the output's grid, which the
    writer splits into output tiles. Writers are picklable and may be used by many threads and
    processes at once.
    """

    @property
    def path(self) -> str: ...
    @property
    def pyramid(self) -> Pyramid:
        """Pyramid of the output tiles."""
        ...

    @property
    def process_pyramid(self) -> Pyramid: ...
    @property
    def kind(self) -> OutputKind: ...
    @property
    def lossless(self) -> bool:
        """Whether pixels read back are bit-identical to those written."""
        ...

    @property
    def nodata(self) -> float | None:
        """Value of pixels without data; None for features."""
        ...

    @property
    def bytes_per_pixel(self) -> int:
        """Uncompressed, all bands; 0 for features."""
        ...

    def prepare(self, *, area: BaseGeometry | None = None, overwrite: bool = False) -> None:
        """Create the folder and its description; called once, before the first tile.

        `area` is the area of the tiles in the CRS of the pyramid: the extent of a single file.
        `overwrite` permits bands or a dtype that differ from those of existing tiles. Raises
        `OutputMismatch` when the path holds an output of another pyramid or format, `OutputError`
        when it cannot be written.
        """
        ...

    def convert(self, tile: Tile, result: object) -> Tiled | None:
        """Convert a function's return value for storage; None when there is nothing to write.

        Raises `ProcessResultError` for values that cannot be stored, `ValueOverflow` if so
        configured.
        """
        ...

    def write(self, tile: Tile, data: Tiled) -> tuple[StoredFile, ...]:
        """Store the result of `convert`, and return the stored files.

        Output tiles without any data are deleted and not among the files.
        """
        ...

    def read(self, tile: Tile) -> Tiled | None:
        """The stored content on the tile, buffer included; None when there is none."""
        ...

    def exists(self, tile: Tile) -> bool:
        """Whether anything is stored on the tile."""
        ...

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]: ...
    def whole_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        """The tiles that are stored completely: all of their output tiles exist."""
        ...

    def stored(self, names: Sequence[str]) -> set[str]:
        """The files, by the names returned by `write`, that exist."""
        ...

    def delete(self, tile: Tile) -> None: ...
    def finish(self, summary: Mapping[str, Any] | None = None) -> tuple[StoredFile, ...]:
        """Called once after the last tile: single files are assembled here, and returned.

        `summary` has the process's results for the whole output, plain JSON values by name: each is
        written to a JSON file in the folder or beside the single file, and there also as a tag.
        """
        ...

    def clean(self) -> Cleaned:
        """Delete leftovers of a killed run: part files, never tiles."""
        ...

    def fingerprint(self) -> str:
        """Fingerprint that changes when newly written tiles would differ from earlier ones."""
        ...


@runtime_checkable
class Recut(Protocol):
    """A writer whose output has an extent, which may change later."""

    def end_with_area(self) -> None:
        """Make the extent that of the area, even if the existing output is larger or smaller.

        For processes whose area is the extent of their inputs: beyond it there was nothing.
        """
        ...


@runtime_checkable
class PixelWriter(Writer, Protocol):
    """A writer that knows the dtype of its pixels."""

    @property
    def dtype(self) -> str:
        """As NumPy names it."""
        ...
