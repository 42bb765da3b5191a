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
    """A writer that knows what should be known before the first tile."""

    def advice(self) -> tuple[Note, ...]:
        """What it assumes because nobody said it."""
        ...


@runtime_checkable
class Writer(Protocol):
    """A place for the results of a process.

    Addressed by process tiles: a tile of any metatiling and pixel buffer on the output's grid.
    The writer cuts its own output tiles out of them. Writers are picklable and may be used by many
    threads and processes at once.
    """

    @property
    def path(self) -> str: ...
    @property
    def pyramid(self) -> Pyramid:
        """Of the output tiles."""
        ...

    @property
    def process_pyramid(self) -> Pyramid: ...
    @property
    def kind(self) -> OutputKind: ...
    @property
    def lossless(self) -> bool:
        """Whether what is read back equals what was written, bit by bit."""
        ...

    @property
    def nodata(self) -> float | None:
        """Value of pixels without data; None for features."""
        ...

    @property
    def bytes_per_pixel(self) -> int:
        """Of all bands, not compressed; 0 for features."""
        ...

    def prepare(self, *, area: BaseGeometry | None = None, overwrite: bool = False) -> None:
        """Make the folder and its description; once, before the first tile.

        `area` is where tiles will be, in the CRS of the pyramid: the extent of a single file.
        `overwrite` allows other bands or another dtype than those of the tiles there. Raises
        `OutputMismatch` when something of another pyramid or format is there, `OutputError` when
        it cannot be written.
        """
        ...

    def convert(self, tile: Tile, result: object) -> Tiled | None:
        """What will be stored of a function's return value; None when there is nothing to write.

        Raises `ProcessResultError` for values that cannot be stored, `ValueOverflow` when asked to.
        """
        ...

    def write(self, tile: Tile, data: Tiled) -> tuple[StoredFile, ...]:
        """Store what `convert` gave, and say what was stored.

        Output tiles without any data are removed, and not among the files.
        """
        ...

    def read(self, tile: Tile) -> Tiled | None:
        """What is stored on the tile, its buffer included; None when nothing is."""
        ...

    def exists(self, tile: Tile) -> bool:
        """Whether anything is stored on the tile."""
        ...

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]: ...
    def whole_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        """Those of which all is stored that may be: every one of several output tiles."""
        ...

    def stored(self, names: Sequence[str]) -> set[str]:
        """Those of the files, by the names that `write` gave, that are there."""
        ...

    def delete(self, tile: Tile) -> None: ...
    def finish(self, summary: Mapping[str, Any] | None = None) -> tuple[StoredFile, ...]:
        """Once after the last tile: single files are put together here, and returned.

        `summary` is what the process says of the whole output, plain JSON values by name: each goes
        into a JSON file in the folder or beside the single file, where it is a tag as well.
        """
        ...

    def clean(self) -> Cleaned:
        """Remove what a killed run left behind: part files, never tiles."""
        ...

    def fingerprint(self) -> str:
        """Changes when tiles written now would differ from those written before."""
        ...


@runtime_checkable
class Recut(Protocol):
    """A writer whose output ends somewhere, and may end elsewhere later."""

    def end_with_area(self) -> None:
        """End where the area does, though what is there goes on or ends before.

        For processes whose area is what their inputs reach: beyond it there was nothing.
        """
        ...


@runtime_checkable
class PixelWriter(Writer, Protocol):
    """A writer that knows the type of its pixels."""

    @property
    def dtype(self) -> str:
        """As NumPy names it."""
        ...
