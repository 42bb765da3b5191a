"""GeoTIFFs of one kind: GDAL says once what stands in them, their pixels are packed here.

Opening a dataset and closing it costs GDAL several times what the compression of a tile takes. What
is packed here are the same blocks; GDAL's own answer for one image of noise is the proof, asked for
once for each kind.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Hashable, Mapping
from random import Random
from typing import Any, Generic, TypeVar

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.io import MemoryFile

from automap_tiles.raster.tiff import Pattern

# Creation options of which the packing is known; files with any other are GDAL's business.
_KNOWN = frozenset({
    "driver", "compress", "predictor", "zlevel", "zstd_level", "tiled", "blockxsize", "blockysize",
    "interleave", "bigtiff", "photometric", "alpha", "num_threads", "geotiff_version",
    "geotiff_keys_flavor", "count", "height", "width", "dtype", "nodata",
})  # fmt: skip

# Option, default of GDAL and the highest level, https://gdal.org/drivers/raster/gtiff.html.
_LEVELS = {"zstd": ("zstd_level", 9, 22), "deflate": ("zlevel", 6, 12), "zip": ("zlevel", 6, 12)}

Make = Callable[[NDArray[Any] | None], bytes]
"""GDAL's file of an array; of None, a sparse one without pixels."""

_MOST = 64
"""Patterns that are kept; each has a few kB."""

_NOISE = 2**20 - 3
"""Bytes after which the noise of large images repeats itself: a prime, so that no rows do."""

Value = TypeVar("Value")


class _Known(Generic[Value]):
    """Values by everything that they are made of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[Hashable, tuple[Value]] = {}

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        known = self._found.get(key)
        if known is None:
            known = (make(),)
            with self._lock:
                if len(self._found) >= _MOST:
                    self._found.clear()
                self._found[key] = known
        return known[0]


_patterns: _Known[Pattern | None] = _Known()
"""None: not of a kind that is known."""
_proven: _Known[bool] = _Known()
"""Whether GDAL reads files of a kind, whatever their tags, as it reads its own."""


class Packing:
    """Files of one kind: with the same creation options, CRS and metadata of their bands.

    What is known of a kind goes by values: processes that are forked know what their parent knew.
    """

    def __init__(self, options: Mapping[str, Any], crs: CRS, metadata: object) -> None:
        """`options`: all that GDAL is told but CRS and transform; `metadata` by its `repr`."""
        known = options.keys() <= _KNOWN and bool(options.get("tiled"))
        self._level = _level(options) if known else None
        self._kind = (*_said(options), crs.to_wkt(), repr(metadata))
        self._last: tuple[Hashable, Pattern | None] | None = None

    def packed(
        self,
        array: NDArray[Any],
        transform: Affine,
        *,
        tags: tuple[Hashable, ...],
        make: Make,
    ) -> bytes:
        """The file of an array (band, y, x); by GDAL itself where it is of no kind that is known.

        `tags` are what `make` writes besides what all files of the kind have.
        """
        last = self._last  # of most kinds all files have the same tags
        pattern = last[1] if last and last[0] == tags else self._pattern(transform, tags, make)
        if pattern is None or not pattern.fits(array):
            return make(array)
        return pattern.file(array, transform) or make(array)

    def _pattern(self, transform: Affine, tags: tuple[Hashable, ...], make: Make) -> Pattern | None:
        level = self._level
        if level is None:
            return None

        def pattern_of() -> Pattern | None:
            found = Pattern.of(make(None), transform, level)
            right = found is not None and _proven.get(
                self._kind, lambda: _is_right(found, transform, make)
            )
            return found if right else None

        pattern = _patterns.get((self._kind, tags), pattern_of)
        self._last = (tags, pattern)
        return pattern


def _level(options: Mapping[str, Any]) -> int | None:
    """The level of the compression, 0 where it has none; None: one that GDAL has to judge."""
    compress = str(options.get("compress")).lower()
    if compress not in _LEVELS:
        return 0
    name, default, highest = _LEVELS[compress]
    try:
        level = int(options.get(name, default))
    except (TypeError, ValueError):
        return None
    return level if 1 <= level <= highest else None


def _said(options: Mapping[str, Any]) -> tuple[Hashable, ...]:
    """The options, to be told apart by; NaN is written out, being equal to nothing."""
    return tuple((key, repr(value)) for key, value in options.items())


def _is_right(pattern: Pattern, transform: Affine, make: Make) -> bool:
    """Whether GDAL reads an image of noise of ours as it reads its own."""
    shape = pattern.layout.shape
    dtype = pattern.layout.dtype
    noise = np.frombuffer(Random(0).randbytes(_NOISE), np.uint8)
    pixels = np.resize(noise, math.prod(shape) * dtype.itemsize).view(dtype).reshape(shape)
    ours = pattern.file(pixels, transform)
    if ours is None:
        return False
    seen = _read(ours)
    del ours  # so that of large images no two files are in memory
    return seen == _read(make(pixels))


def _read(content: bytes) -> tuple[object, ...]:
    with MemoryFile(content) as memory, memory.open(driver="GTiff") as dataset:
        profile = {key: value for key, value in dataset.profile.items() if key != "nodata"}
        structure = dataset.tags(ns="IMAGE_STRUCTURE")
        pixels = hashlib.blake2b(dataset.read()).digest()
        return profile, structure, repr(dataset.nodata), pixels
