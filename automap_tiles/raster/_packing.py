"""GeoTIFFs of one kind: GDAL writes the template once, pixels are encoded here.

Opening and closing a dataset costs GDAL several times as much as compressing a tile. The blocks
encoded here are identical; this is verified once per kind by having GDAL read a noise image.
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

# Creation options supported here; files with any other are left to GDAL.
_KNOWN = frozenset({
    "driver", "compress", "predictor", "zlevel", "zstd_level", "tiled", "blockxsize", "blockysize",
    "interleave", "bigtiff", "photometric", "alpha", "num_threads", "geotiff_version",
    "geotiff_keys_flavor", "count", "height", "width", "dtype", "nodata",
})  # fmt: skip

# Option, default of GDAL and the highest level, https://gdal.org/drivers/raster/gtiff.html.
_LEVELS = {"zstd": ("zstd_level", 9, 22), "deflate": ("zlevel", 6, 12), "zip": ("zlevel", 6, 12)}

Make = Callable[[NDArray[Any] | None], bytes]
"""Has GDAL write an array to a file; for None a sparse one without pixels."""

_MOST = 64
"""Number of cached patterns; each takes a few kB."""

_NOISE = 2**20 - 3
"""Period in bytes of the noise in large images: a prime, so that rows differ."""

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
"""None: a kind that is not supported here."""
_proven: _Known[bool] = _Known()
"""Whether GDAL reads our files of a kind, whatever their tags, as it reads its own."""


class Packing:
    """Files of one kind: with the same creation options, CRS and band metadata.

    The cache is keyed by value: forked processes inherit what their parent has learnt.
    """

    def __init__(self, options: Mapping[str, Any], crs: CRS, metadata: object) -> None:
        """`options`: all that GDAL is passed but CRS and transform; `metadata` by its `repr`."""
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
        """The file of an array (band, y, x); written by GDAL if its kind is not supported here.

        `tags` are written by `make` in addition to those that all files of the kind have.
        """
        last = self._last  # In most kinds all files have the same tags.
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
    """The compression level, 0 if there is none; None: one that is left to GDAL."""
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
    """The options as a cache key; NaN as text, because it does not equal itself."""
    return tuple((key, repr(value)) for key, value in options.items())


def _is_right(pattern: Pattern, transform: Affine, make: Make) -> bool:
    """Whether GDAL reads a noise image written here as it reads its own."""
    shape = pattern.layout.shape
    dtype = pattern.layout.dtype
    noise = np.frombuffer(Random(0).randbytes(_NOISE), np.uint8)
    pixels = np.resize(noise, math.prod(shape) * dtype.itemsize).view(dtype).reshape(shape)
    ours = pattern.file(pixels, transform)
    if ours is None:
        return False
    seen = _read(ours)
    del ours  # So that two files of large images are never in memory at once.
    return seen == _read(make(pixels))


def _read(content: bytes) -> tuple[object, ...]:
    with MemoryFile(content) as memory, memory.open(driver="GTiff") as dataset:
        profile = {key: value for key, value in dataset.profile.items() if key != "nodata"}
        structure = dataset.tags(ns="IMAGE_STRUCTURE")
        pixels = hashlib.blake2b(dataset.read()).digest()
        return profile, structure, repr(dataset.nodata), pixels
