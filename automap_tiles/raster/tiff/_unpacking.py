"""The bytes of a block of a TIFF as its pixels again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import deflate
import numpy as np
import zstandard
from numpy.typing import NDArray

from automap_tiles.accelerate import is_wanted
from automap_tiles.raster.tiff._blocks import Compression, Layout, TiffPredictor
from automap_tiles.raster.tiff._sums import add_up_narrow

Buffer = bytes | bytearray | memoryview

_NARROW = 2
"""Bytes up to which NumPy adds numbers up no faster than wider ones."""
_KERNELS = f"{__package__}._kernels"
_NUMBER_SECONDS = 1.5e-9
"""What NumPy takes longer than the kernel to add a number up: 0.8 ns on an EPYC, 3.5 on a Xeon."""


class Damaged(Exception):
    """The bytes of a block are not what its layout says."""


def compile_unpacking(numbers: int) -> None:
    """Have differences undone by numba in this process and its forks, where it is installed.

    Nothing is done for so few `numbers` that it would not pay; `AUTOMAP_FAST` decides as elsewhere.
    """
    if _KERNELS not in sys.modules and is_wanted(None, numbers * _NUMBER_SECONDS):
        # taken from the disk, or compiled, for the bytes of a file and a part of an array
        block = np.zeros((2, 2), np.uint16)
        block.flags.writeable = False
        import_module(_KERNELS).add_up(block, np.empty((2, 4), np.uint16)[:, :2])


def unpacked(content: Buffer, layout: Layout, samples: Sequence[int]) -> NDArray[Any]:
    """Some samples of a block, (sample, y, x), which count from 0; raises `Damaged`."""
    values = np.frombuffer(_decompressed(content, layout), np.uint8)
    if values.size != layout.block_bytes:
        raise Damaged
    if layout.predictor is TiffPredictor.FLOAT:
        return _of_byte_differences(values, layout, samples)
    block = values.view(layout.dtype).reshape(layout.block_shape)
    if layout.predictor is TiffPredictor.INTEGER:
        return _of_differences(block, samples)
    planes = block.transpose(2, 0, 1)
    return planes if len(planes) == 1 else planes[list(samples)]


def unpack_into(content: Buffer, layout: Layout, plane: NDArray[Any]) -> None:
    """The only sample of a block to where it belongs (y, x); raises `Damaged`."""
    if layout.predictor is not TiffPredictor.INTEGER:
        plane[:] = unpacked(content, layout, (0,))[0]
        return
    values = np.frombuffer(_decompressed(content, layout), np.uint8)
    if values.size != layout.block_bytes:
        raise Damaged
    unsigned = f"u{layout.dtype.itemsize}"
    _add_up(values.view(unsigned).reshape(layout.block), plane.view(unsigned))


def _decompressed(content: Buffer, layout: Layout) -> Buffer:
    size = layout.block_bytes
    try:
        if layout.compression is Compression.ZSTD:
            # a frame is unpacked whole, however little of it was asked for
            if zstandard.frame_content_size(content) > size:
                raise Damaged
            return _scratch.decompressor.decompress(content, max_output_size=size)
        if layout.compression is Compression.DEFLATE:
            return deflate.zlib_decompress(content, size)
    except (zstandard.ZstdError, deflate.DeflateError, ValueError) as error:
        raise Damaged from error
    return content


def _of_differences(block: NDArray[Any], samples: Sequence[int]) -> NDArray[Any]:
    """Of neighbours in a row, sample by sample, modulo the range of the dtype."""
    rows, columns, _ = block.shape
    out = np.empty((len(samples), rows, columns), block.dtype)
    unsigned = block.view(f"u{block.itemsize}")
    for plane, sample in zip(out.view(unsigned.dtype), samples, strict=True):
        _add_up(unsigned[:, :, sample], plane)
    return out


def _of_byte_differences(
    values: NDArray[np.uint8], layout: Layout, samples: Sequence[int]
) -> NDArray[Any]:
    rows, columns, count = layout.block_shape
    size = layout.dtype.itemsize
    by_sample = values.reshape(rows, -1, count)
    if count == 1:
        lines = np.empty((rows, columns * size), np.uint8)
        _add_up(by_sample[:, :, 0], lines)
    else:
        # the lines of bytes run through all samples of a row
        lines = np.cumsum(by_sample, axis=1, dtype=np.uint8).reshape(rows, -1)
    planes = lines.reshape(rows, size, columns, count)[:, ::-1].transpose(3, 0, 2, 1)
    return np.ascontiguousarray(planes[list(samples)]).view(layout.dtype)[..., 0]


def _add_up(differences: NDArray[Any], out: NDArray[Any]) -> None:
    """Sums along the rows of unsigned numbers (y, x), modulo their range."""
    # a module that another thread is importing has not all of its names yet
    compiled = getattr(sys.modules.get(_KERNELS), "add_up", None)
    if compiled is not None:
        compiled(differences, out)
    elif differences.itemsize > _NARROW:
        np.add.accumulate(differences, axis=1, out=out)
    else:
        add_up_narrow(differences, out)


class _Scratch(threading.local):
    """One of each for each thread, which may not share them."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_scratch = _Scratch()
