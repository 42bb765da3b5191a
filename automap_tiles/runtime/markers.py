"""Annotations by which a process function requests values from the engine.

::

    def execute(dem, tile: Tile, border: TilePixelBuffer, nodata: OutputNodataValue): ...

`Tile` itself is the class of the tile. The classes below subclass the type of the value, so that
type checkers know what comes in; the value itself is a plain number or string.
"""

from __future__ import annotations


class TilePixelBuffer(int):
    """Pixels around the tile, `pixelbuffer` of the pyramid."""


class TileBuffer(float):
    """Width of the pixel buffer in units of the CRS."""


class OutputNodataValue(float):
    """Value of pixels without data in the output."""


class OutputDtype(str):
    """Type of the pixels in the output, as NumPy names it; not given where there are none."""

    __slots__ = ()


class OutputPath(str):
    """Where the output is written: a folder, file or address."""

    __slots__ = ()
