"""A single file that is uploaded to an object store in parts.

Pieces of the image are stored until all of them exist, then the pieces of its overviews made from
them. Then the sizes of all blocks are known, and the file is uploaded sequentially, block by block,
unchanged. This machine holds at most four pieces of pixels, two files of one piece, and the sizes
of all blocks at a time; the object appears when the upload is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.raster.mosaic import Piece
from automap_tiles.raster.pieces import Pieces, read_piece
from automap_tiles.raster.tiff import CogKind, Stored
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.storage import Streaming, checksum_of_chunks, upload_with_retries

if TYPE_CHECKING:
    from automap_tiles.raster.encode import Tags

_FOLDER = ".pieces"

_Made = tuple[bytes, Stored]
"""A piece as a file, and the positions of its blocks."""
_Place = tuple[int, int, int]
"""Level, row and column of a piece."""


@dataclass(kw_only=True)
class StreamedFile:
    """A file during its upload."""

    store: Streaming
    """Where it is stored."""
    key: str
    kind: CogKind
    pieces: Pieces
    _stored: dict[_Place, Stored] = field(default_factory=dict)
    """Stored pieces; the others have no data."""
    _blanks: dict[tuple[int, int], _Made] = field(default_factory=dict)
    """Pieces without data, by number of rows and columns."""
    _sent: list[str] = field(default_factory=list)
    """Names of temporary objects to delete at the end."""

    def write(self, squares: Iterable[Piece], late_tags: Callable[[], Tags]) -> tuple[int, int]:
        """Size and checksum; `squares` are pieces of the image. Raises `OutputError`."""
        try:
            for row, col, pixels in squares:
                edge = self.pieces.edge
                self._keep((0, row // edge, col // edge), pixels)
            for level in range(1, len(self.pieces.shapes)):
                self._overview(level)
            return self._send(late_tags())
        finally:
            for name in self._sent:
                self.store.delete(name)

    def _keep(self, place: _Place, pixels: NDArray[Any]) -> None:
        data = np.ma.getdata(pixels)
        content, found = self._encoded(data.shape[1:], data)
        self._put(self._name(place), content)
        if self._source(place) != self._name(place):
            self._put(self._source(place), self.pieces.exact(data))
        self._stored[place] = found

    def _encoded(self, shape: tuple[int, int], data: NDArray[Any] | None) -> _Made:
        content = self.pieces.encoded(shape, data)
        found = Stored.of(content)
        assert found is not None  # as for the small file that `kind` was taken from
        return content, found

    def _blank(self, place: _Place) -> _Made:
        rows, cols = self.pieces.box(*place)
        shape = rows.stop - rows.start, cols.stop - cols.start
        if shape not in self._blanks:
            self._blanks[shape] = self._encoded(shape, None)
        return self._blanks[shape]

    def _put(self, name: str, content: bytes) -> None:
        self._sent.append(name)
        self.store.put(name, content)

    def _overview(self, level: int) -> None:
        """Make the pieces of an overview from the next finer level."""
        for row, col in np.ndindex(*self.pieces.counts(level)):
            raise_if_stopped()
            fine = self.pieces.below(level, row, col)
            pixels = self._read(level - 1, *fine)
            if pixels is not None:
                self._keep((level, row, col), self.pieces.coarser(level, row, col, pixels))

    def _read(self, level: int, rows: slice, cols: slice) -> NDArray[Any] | None:
        """Pixels of an image from its pieces; None if it has none."""
        edge = self.pieces.edge
        found: NDArray[Any] | None = None
        for row in range(rows.start // edge, -(-rows.stop // edge)):
            for col in range(cols.start // edge, -(-cols.stop // edge)):
                place = level, row, col
                if place not in self._stored:
                    continue
                if found is None:
                    found = self.pieces.blank((rows.stop - rows.start, cols.stop - cols.start))
                here, there = zip(
                    *map(_overlap, self.pieces.box(*place), (rows, cols)), strict=True
                )
                found[(slice(None), *there)] = read_piece(
                    self.store.get(self._source(place)), *here
                )
        return found

    def _send(self, late_tags: Tags) -> tuple[int, int]:
        kind = self.pieces.kind(late_tags)
        assert kind is not None  # it was checked before
        self.kind = kind
        images = [
            (shape, self._sizes(level, kind.shape(shape)))
            for level, shape in enumerate(self.pieces.shapes)
        ]

        def sent() -> Iterator[bytes]:
            yield kind.head(images, self.pieces.is_big)
            for level in reversed(range(len(images))):
                yield from self._blocks(level)

        def send() -> tuple[int, int]:
            with self.store.writing(self.key) as file:

                def counted() -> Iterator[bytes]:
                    for chunk in sent():
                        raise_if_stopped()
                        file.write(chunk)
                        yield chunk

                return checksum_of_chunks(counted())

        return upload_with_retries(send)

    def _sizes(self, level: int, shape: tuple[int, int, int]) -> NDArray[np.uint64]:
        """Sizes of the blocks of an image."""
        sizes = np.zeros(shape, np.uint64)
        _, down, across = self.kind.shape((self.pieces.edge, self.pieces.edge))
        for row, col in np.ndindex(*self.pieces.counts(level)):
            own = self._where((level, row, col)).sizes
            top, left = row * down, col * across
            sizes[:, top : top + own.shape[1], left : left + own.shape[2]] = own
        return sizes

    def _where(self, place: _Place) -> Stored:
        return self._stored[place] if place in self._stored else self._blank(place)[1]

    def _blocks(self, level: int) -> Iterator[bytes]:
        """The blocks of an image in order, one row of a piece at a time."""
        planes, rows, _ = self.kind.shape(self.pieces.shapes[level])
        _, down, _ = self.kind.shape((self.pieces.edge, self.pieces.edge))
        for plane, row, col in np.ndindex(planes, rows, self.pieces.counts(level)[1]):
            yield self._row((level, row // down, col), plane, row % down)

    def _row(self, place: _Place, plane: int, row: int) -> bytes:
        """A row of blocks of a piece."""
        stored = self._where(place)
        runs = [
            (int(start), int(size))
            for start, size in zip(
                stored.offsets[plane, row], stored.sizes[plane, row], strict=True
            )
            if size
        ]
        if not runs:
            return b""
        begin = min(start for start, _ in runs)
        end = max(start + size for start, size in runs)
        if place in self._stored:
            content = self.store.part(self._name(place), begin, end)
        else:
            content = self._blank(place)[0][begin:end]
        return b"".join(
            self.kind.wrapped(content[start - begin : start - begin + size]) for start, size in runs
        )

    def _name(self, place: _Place) -> str:
        level, row, col = place
        return f"{self.key}.parts/{_FOLDER}/{level}/{row}-{col}.tif"

    def _source(self, place: _Place) -> str:
        """Name of the lossless pixels of a piece."""
        name = self._name(place)
        return name if self.pieces.is_exact else f"{name}.source"


def _overlap(piece: slice, wanted: slice) -> tuple[slice, slice]:
    """The intersection of a piece and a window, as slices of both."""
    start, stop = max(piece.start, wanted.start), min(piece.stop, wanted.stop)
    here = slice(start - piece.start, stop - piece.start)
    return here, slice(start - wanted.start, stop - wanted.start)
