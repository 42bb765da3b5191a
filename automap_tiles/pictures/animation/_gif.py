"""Animated GIF with one palette: each frame is compressed by itself and put behind the others.

Pillow would hold all frames before it writes the first byte. GIF89a (CompuServe 1990) and the
extension NETSCAPE2.0, by which it repeats.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from automap_tiles.pictures.animation._write import Frames

Bytes = NDArray[np.uint8]

_BITS = 5
"""Of each colour as they are counted: 32 768 kinds."""
_COLOURS = 256
_TABLE = 0xF7
"""A palette of 256 colours for all frames, of 8 bits each."""
_HEADER = 13
"""Bytes before the palette: signature, size, flags."""
_SHORTEST = 2
"""Hundredths of a second: browsers show what is shorter for ten."""


def write(path: Path, frames: Frames, milliseconds: int) -> None:
    """As `animation.write`; goes through the frames twice."""
    counts = np.zeros(1 << 3 * _BITS, dtype=np.int64)
    for number in range(len(frames)):
        counts += np.bincount(_kinds(frames[number]).ravel(), minlength=counts.size)
    palette = palette_of(counts)
    nearest = _nearest(palette)
    height, width = frames[0].shape[:2]
    control = struct.pack(
        "<BBBBHBB", 0x21, 0xF9, 4, 4, max(_SHORTEST, (milliseconds + 5) // 10), 0, 0
    )
    with path.open("wb") as file:
        file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, _TABLE, 0, 0))
        file.write(palette.tobytes())
        file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
        for number in range(len(frames)):
            file.write(control + _image(nearest[_kinds(frames[number])], palette))
        file.write(b";")


def palette_of(counts: NDArray[np.int64]) -> Bytes:
    """(256, 3) colours for pixels counted by kind (median cut, Heckbert 1982).

    The box with the most spread is cut in two at the median of its longest side; its colour is the
    mean of its pixels.
    """
    kinds = np.flatnonzero(counts)
    colours = _colours(kinds)
    boxes: list[Any] = [np.arange(len(kinds))]
    spreads = [_spread(colours, counts[kinds])]
    while len(boxes) < _COLOURS:
        worst = int(np.argmax([spread for spread, _ in spreads]))
        if spreads[worst][0] <= 0:
            break
        parts = _halves(boxes[worst], colours, counts[kinds], spreads[worst][1])
        boxes[worst : worst + 1] = parts
        spreads[worst : worst + 1] = [_spread(colours[box], counts[kinds[box]]) for box in parts]
    palette = np.zeros((_COLOURS, 3), dtype=np.uint8)
    for number, box in enumerate(boxes):
        weights = counts[kinds[box]]
        palette[number] = np.round(np.average(colours[box], axis=0, weights=weights))
    return palette


def _halves(box: Any, colours: Any, counts: Any, axis: int) -> list[Any]:
    """A box cut where half of its pixels are, neither part empty."""
    order = box[np.argsort(colours[box, axis], kind="stable")]
    running = np.cumsum(counts[order])
    place = int(np.searchsorted(running, running[-1] / 2)) + 1
    place = min(max(place, 1), len(order) - 1)
    return [order[:place], order[place:]]


def _spread(colours: Any, counts: Any) -> tuple[float, int]:
    """How much a box would gain by a cut, and along which colour: sum of squares from its mean."""
    if len(colours) < 2:
        return 0.0, 0
    mean = np.average(colours, axis=0, weights=counts)
    sums = (counts[:, np.newaxis] * (colours - mean) ** 2).sum(axis=0)
    axis = int(np.argmax(sums))
    return float(sums[axis]), axis


def _kinds(frame: Bytes) -> NDArray[np.int32]:
    parts = (frame >> (8 - _BITS)).astype(np.int32)
    return np.asarray(parts[..., 0] << 2 * _BITS | parts[..., 1] << _BITS | parts[..., 2])


def _colours(kinds: NDArray[Any]) -> NDArray[np.float64]:
    """(kind, 3): the darkest kind is black, the brightest white."""
    most = (1 << _BITS) - 1
    parts = np.stack([kinds >> 2 * _BITS & most, kinds >> _BITS & most, kinds & most], axis=1)
    return np.asarray(parts * (255 / most))


def _nearest(palette: Bytes) -> Bytes:
    """Index of the palette for every kind."""
    colours = _colours(np.arange(1 << 3 * _BITS))
    entries = palette.astype(np.float64)
    found = np.empty(len(colours), dtype=np.uint8)
    for first in range(0, len(colours), 4096):
        part = slice(first, first + 4096)
        apart = ((colours[part, np.newaxis] - entries) ** 2).sum(axis=2)
        found[part] = np.argmin(apart, axis=1)
    return found


def _image(indexes: Bytes, palette: Bytes) -> bytes:
    """The block of one frame: its descriptor and its compressed indexes."""
    from PIL import Image

    picture = Image.fromarray(indexes)
    picture.putpalette(palette.tobytes())
    stream = io.BytesIO()
    picture.save(stream, format="GIF", optimize=False)
    content = stream.getvalue()
    place = _HEADER + 3 * (2 << (content[10] & 7))
    while content[place] == 0x21:  # extensions, each of sub-blocks up to an empty one
        place = _behind(content, place + 2)
    return content[place : _behind(content, place + 11)]


def _behind(content: bytes, place: int) -> int:
    """Where sub-blocks end that begin at a place."""
    while content[place]:
        place += content[place] + 1
    return place + 1
