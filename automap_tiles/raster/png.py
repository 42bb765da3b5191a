"""Encode arrays as PNG.

Implemented here because GDAL's driver compresses at a level that takes 20 ms for a tile of three
bands: the difference to the pixel on the left, deflated at level 1, takes 1 ms.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, TypeAlias

import deflate as libdeflate
import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import OutputError

Deflate: TypeAlias = Callable[[bytes], bytes]
"""Compresses into a zlib stream (RFC 1950)."""

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG colour type by number of bands: grey, grey and alpha, RGB, RGBA (PNG 1.2, section 4.1.1)."""

_PALETTE = 3
"""PNG colour type of palette indexes."""

_SUB_FILTER = 1
"""PNG filter "Sub": the difference to the pixel on the left (PNG 1.2, section 6.3)."""


def deflate(content: bytes) -> bytes:
    """Compress with libdeflate at its lowest level, faster and smaller than zlib's.

    Deterministic: the same content gives the same bytes in every process.
    """
    return bytes(libdeflate.zlib_compress(content, 1))


def encode_png(data: NDArray[Any], *, compress: Deflate = deflate) -> bytes:
    """Encode an array (band, y, x) of one to four bands, uint8 or uint16.

    Two bands are grey and alpha, four are red, green, blue and alpha. The mask of a masked array is
    ignored: the values under it are written. Raises `OutputError` for other dtypes or numbers of
    bands.
    """
    values: NDArray[Any] = np.ma.getdata(data)
    if values.ndim != 3 or values.shape[0] not in _COLOUR_TYPES:
        raise OutputError(f"a PNG has (band, y, x) with 1 to 4 bands, not the shape {values.shape}")
    if values.dtype not in (np.uint8, np.uint16):
        raise OutputError(f"a PNG holds uint8 or uint16, not {values.dtype}")
    header = _header(values[0], _COLOUR_TYPES[len(values)])
    return _file(header, _chunk(b"IDAT", compress(_filtered(values))))


def encode_palette_png(
    index: NDArray[np.uint8], palette: NDArray[np.uint8], *, compress: Deflate = deflate
) -> bytes:
    """Encode indexes (y, x) into a palette (number, 4) of red, green, blue, alpha.

    Raises `OutputError` for a palette of more than 256 colours.
    """
    if not 1 <= len(palette) <= 256:
        raise OutputError(f"the palette of a PNG has 1 to 256 colours, not {len(palette)}")
    colours = _chunk(b"PLTE", np.ascontiguousarray(palette[:, :3]).tobytes())
    alpha = b"" if (palette[:, 3] == 255).all() else _chunk(b"tRNS", palette[:, 3].tobytes())
    # No filter: differences of class numbers compress no better than the numbers (PNG 1.2, section
    # 9.6).
    height, width = index.shape
    rows = np.zeros((height, 1 + width), dtype=np.uint8)
    rows[:, 1:] = index
    pixels = _chunk(b"IDAT", compress(rows.tobytes()))
    return _file(_header(index, _PALETTE), colours, alpha, pixels)


def _header(plane: NDArray[Any], colour_type: int) -> bytes:
    height, width = plane.shape
    depth = plane.dtype.itemsize * 8
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))


def _file(*chunks: bytes) -> bytes:
    return b"".join((b"\x89PNG\r\n\x1a\n", *chunks, _chunk(b"IEND", b"")))


def _filtered(values: NDArray[Any]) -> bytes:
    """Rows of bytes, interleaved by pixel, most significant byte first, each with a filter type."""
    bands, height, width = values.shape
    size = values.dtype.itemsize
    rows = np.empty((height, 1 + width * bands * size), dtype=np.uint8)
    rows[:, 0] = _SUB_FILTER
    # plane by plane, several times faster than pixel by pixel
    big = values.astype(values.dtype.newbyteorder(">"), order="C", copy=False)
    planes = [plane for band in big for plane in _byte_planes(band)]
    for number, plane in enumerate(planes, start=1):
        rows[:, number :: bands * size] = _differences(plane)
    return rows.tobytes()


def _byte_planes(band: NDArray[Any]) -> list[NDArray[np.uint8]]:
    """The bytes of a band (y, x), separated by significance."""
    size = band.dtype.itemsize
    parts = band.view(np.uint8)
    return [parts[:, number::size] for number in range(size)]


def _differences(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each number minus the one before it in its row."""
    less = np.empty(plane.shape, np.uint8)
    if plane.flags.c_contiguous:  # processed as one long row: faster than many short ones
        np.subtract(plane.reshape(-1)[1:], plane.reshape(-1)[:-1], out=less.reshape(-1)[1:])
    else:
        np.subtract(plane[:, 1:], plane[:, :-1], out=less[:, 1:])
    less[:, 0] = plane[:, 0]
    return less


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = libdeflate.crc32(content, libdeflate.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
