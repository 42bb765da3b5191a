"""Encoded images as arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, MemoryFile

from automap_tiles.errors import InputError
from automap_tiles.raster.drivers import SELF_CONTAINED, open_dataset
from automap_tiles.raster.env import ensure_env
from automap_tiles.raster.nodata import equals, fill_value
from automap_tiles.raster.source import common_dtype
from automap_tiles.raster.tiff import Image

_DRIVERS = list(SELF_CONTAINED)


def decode(
    source: bytes | memoryview | str | Path,
) -> tuple[np.ma.MaskedArray[Any, Any], dict[str | int, Any]]:
    """Array (band, y, x) and tags of an encoded image, given as bytes or as a path.

    The mask is True where a pixel equals nodata or a mask or alpha band says so. Raises
    `InputError` when it is not an image.
    """
    image = _plain(source)
    if image is not None:
        pixels, found = _pixels_of(image, range(1, image.count + 1)), image.tags()
        if pixels is not None and found is not None:
            return pixels, found
    with _decoding(source) as dataset:
        pixels = _pixels(dataset, dataset.indexes)
        tags: dict[str | int, Any] = dict(dataset.tags())
        for band in dataset.indexes:
            if band_tags := dataset.tags(band):
                tags[band] = band_tags
    return pixels, tags


def decode_bands(
    source: bytes | memoryview | str | Path, indexes: Sequence[int] | None = None
) -> tuple[np.ma.MaskedArray[Any, Any], int]:
    """Some bands (None: all) of an encoded image as in `decode`, and its band count.

    Bands that do not exist are omitted.
    """
    image = _plain(source)
    if image is not None:
        every = range(1, image.count + 1)
        pixels = _pixels_of(image, [band for band in indexes or every if band in every])
        if pixels is not None:
            return pixels, image.count
    with _decoding(source) as dataset:
        bands = dataset.indexes if indexes is None else indexes
        return _pixels(dataset, [band for band in bands if band <= dataset.count]), dataset.count


def _plain(source: bytes | memoryview | str | Path) -> Image | None:
    """An image that is decoded without GDAL; files on disk and other images are left to GDAL."""
    return Image.of(source) if isinstance(source, bytes | memoryview) else None


def _pixels_of(image: Image, bands: Sequence[int]) -> np.ma.MaskedArray[Any, Any] | None:
    """As `_pixels`; None when the image is damaged, so that GDAL reports the error."""
    data = image.read(bands) if bands else None
    if data is None:
        return None
    found = equals(data, image.nodata)
    mask = np.zeros(data.shape, dtype=bool) if found is None else found
    return np.ma.MaskedArray(data, mask, fill_value=fill_value(image.nodata, data.dtype))


@contextmanager
def _decoding(source: bytes | memoryview | str | Path) -> Iterator[Any]:
    """The open image; GDAL's errors inside become `InputError`."""
    ensure_env()
    path = None if isinstance(source, bytes | memoryview) else source
    try:
        with _opened(source) as dataset:
            yield dataset
    except (RasterioError, ValueError) as error:
        raise InputError(f"cannot be decoded: {error}", path) from error


def _pixels(dataset: Any, bands: Sequence[int]) -> np.ma.MaskedArray[Any, Any]:
    kinds = {dataset.dtypes[band - 1] for band in bands}
    if len(kinds) > 1:
        # rasterio would return all bands in the dtype of the first.
        dtype = common_dtype(sorted(kinds))
        data = np.stack([dataset.read(band).astype(dtype) for band in bands])
    else:
        data = dataset.read(bands)
    mask = _mask(dataset, bands, data)
    return np.ma.MaskedArray(data, mask, fill_value=fill_value(dataset.nodata, data.dtype))


@contextmanager
def _opened(source: bytes | memoryview | str | Path) -> Iterator[Any]:
    if isinstance(source, bytes | memoryview):
        # Not memory.open: for empty bytes it would open for writing.
        with (
            MemoryFile(bytes(source)) as memory,
            DatasetReader(memory.name, driver=_DRIVERS) as dataset,
        ):
            yield dataset
    else:
        with open_dataset(os.fspath(source)) as dataset:
            yield dataset


def _mask(dataset: Any, bands: Sequence[int], data: NDArray[Any]) -> NDArray[np.bool_]:
    mask = np.zeros(data.shape, dtype=bool)
    all_flags, all_nodata = dataset.mask_flag_enums, dataset.nodatavals
    for place, band in enumerate(bands):
        names = {flag.name for flag in all_flags[band - 1]}
        if "per_dataset" in names:
            mask[place] = dataset.read_masks(band) == 0
        found = equals(data[place], all_nodata[band - 1])
        if found is not None:
            mask[place] |= found
    return mask
