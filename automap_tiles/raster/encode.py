"""Arrays as the bytes of a GeoTIFF, and back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, MemoryFile

from automap_tiles.errors import InputError, OutputError
from automap_tiles.raster.drivers import SELF_CONTAINED, open_dataset
from automap_tiles.raster.env import ensure_env
from automap_tiles.raster.nodata import as_value, equals, fill_value
from automap_tiles.raster.packing import packed
from automap_tiles.raster.source import common_dtype
from automap_tiles.raster.target import Target

Tags = Mapping[str | int, Any]
"""Tags by name; under a band's number, a mapping of tags of that band."""

LARGEST_BLOCK = 512
"""Pixels along the edge of a block; an image up to this size is a single one."""

_DRIVERS = list(SELF_CONTAINED)

MOST_BANDS_WITH_COLOURS = 2
"""GDAL's GeoTIFF driver has no table of colours for files of more bands, and says so in vain."""


SCALE_TAG = "value_scale"
"""Tag of a band by which a process says what a stored 1 is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandMetadata:
    """What is said of the bands besides their pixels; an empty sequence says nothing."""

    descriptions: Sequence[str | None] = ()
    scales: Sequence[float] = ()
    offsets: Sequence[float] = ()
    units: Sequence[str] = ()
    colorinterp: Sequence[str] = ()
    """Colour interpretations named as in GDAL."""
    colormap: Mapping[int, tuple[int, ...]] | None = None
    """Colours (r, g, b) or (r, g, b, a) by value, for band 1 of dtype uint8 or uint16; left out
    of files of more than two bands."""


def default_profile(dtype: str | np.dtype[Any], shape: tuple[int, int]) -> dict[str, Any]:
    """GeoTIFF creation options: zstd level 1 with a predictor, which writes and reads fastest."""
    kind = np.dtype(dtype).kind
    height, width = shape
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "compress": "zstd",
        "zstd_level": 1,
        "tiled": True,
        "blockysize": _block(height),
        "blockxsize": _block(width),
        "interleave": "band",
        "bigtiff": "IF_SAFER",
    }
    if kind != "c":
        profile["predictor"] = 3 if kind == "f" else 2
    return profile


def encode_geotiff(
    data: NDArray[Any],
    target: Target,
    *,
    nodata: float | None = None,
    profile: Mapping[str, Any] | None = None,
    tags: Tags | None = None,
    metadata: BandMetadata | None = None,
) -> bytes:
    """A GeoTIFF of an array (band, y, x) that lies on a tile or grid.

    `profile` overrides creation options of `default_profile`; None takes one away. Under the mask
    of a masked array nodata is written. Raises `OutputError` when GDAL refuses.
    """
    array = _filled(data, nodata)
    options = default_profile(array.dtype, array.shape[1:])
    for key, value in (profile or {}).items():
        options[key.lower()] = value
    options = consistent({key: value for key, value in options.items() if value is not None})
    options |= {
        "count": array.shape[0],
        "height": array.shape[1],
        "width": array.shape[2],
        "dtype": array.dtype.name,
        "crs": target.crs,
        "transform": target.transform,
        "nodata": nodata,
    }
    ensure_env()

    def make(pixels: NDArray[Any] | None) -> bytes:
        sparse = {"sparse_ok": True} if pixels is None else {}
        with MemoryFile() as memory:
            with memory.open(**options, **sparse) as dataset:
                declare_colours(dataset, metadata)
                if pixels is not None:
                    dataset.write(pixels)
                write_tags(dataset, tags)
                if metadata is not None:
                    write_metadata(dataset, metadata)
            return bytes(memory.getbuffer())

    try:
        return packed(array, options, tags=_texts(tags), metadata=metadata, make=make)
    except (RasterioError, ValueError, TypeError) as error:
        raise OutputError(f"cannot be written as GeoTIFF: {error}") from error


def _texts(tags: Tags | None) -> tuple[tuple[str | int, Any], ...]:
    """Tags as they are written, to be told apart by."""
    return tuple(
        (name, _texts(value) if isinstance(value, Mapping) else str(value))
        for name, value in (tags or {}).items()
    )


def decode(
    source: bytes | memoryview | str | Path,
) -> tuple[np.ma.MaskedArray[Any, Any], dict[str | int, Any]]:
    """Array (band, y, x) and tags of an encoded image, given as bytes or as a path.

    The mask is True where a pixel equals nodata or a mask or alpha band says so. Raises
    `InputError` when it is no image.
    """
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
    """Some bands (None: all) of an encoded image as `decode` gives them, and how many it has.

    Those that it does not have are left out.
    """
    with _decoding(source) as dataset:
        bands = dataset.indexes if indexes is None else indexes
        return _pixels(dataset, [band for band in bands if band <= dataset.count]), dataset.count


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
        # rasterio would give all of them as the first one is
        dtype = common_dtype(sorted(kinds))
        data = np.stack([dataset.read(band).astype(dtype) for band in bands])
    else:
        data = dataset.read(bands)
    mask = _mask(dataset, bands, data)
    return np.ma.MaskedArray(data, mask, fill_value=fill_value(dataset.nodata, data.dtype))


def _block(size: int) -> int:
    """A multiple of 16, as TIFF asks for."""
    return min(LARGEST_BLOCK, -(-size // 16) * 16)


def _filled(data: NDArray[Any], nodata: float | None) -> NDArray[Any]:
    values: NDArray[Any] = np.ma.getdata(data)
    if values.ndim != 3:
        raise OutputError(f"an image has (band, y, x), not {values.ndim} dimensions")
    mask = np.ma.getmask(data)
    value = as_value(nodata, values.dtype)
    if mask is np.ma.nomask or value is None or not mask.any():
        return values
    same = equals(values[mask], nodata)
    return values if same is not None and same.all() else np.where(mask, value, values)


def consistent(options: dict[str, Any]) -> dict[str, Any]:
    """Change what does not fit the compression that was asked for."""
    compress = str(options.get("compress", "none")).lower()
    if compress != "zstd":
        options.pop("zstd_level", None)
    if compress not in ("zstd", "deflate", "lzw"):
        options.pop("predictor", None)
    if compress == "webp":
        # a picture has its colours side by side; of single bands libtiff reads beyond their end
        options["interleave"] = "pixel"
    if not options.get("tiled", True) or str(options["tiled"]).upper() in ("NO", "FALSE"):
        options["tiled"] = False
        options.pop("blockxsize", None)
    return options


def write_tags(dataset: Any, tags: Tags | None) -> None:
    """Tags of an open file and of its bands."""
    for name, value in (tags or {}).items():
        if isinstance(name, int):
            dataset.update_tags(name, **value)
            _describe(dataset, name, value)
        else:
            dataset.update_tags(**{name: value})


def _describe(dataset: Any, band: int, tags: Mapping[str, Any]) -> None:
    """What a process says of a band in its tags, also where other programs look for it.

    What the options of the output say is written later, over it.
    """
    if tags.get("name"):
        dataset.set_band_description(band, str(tags["name"]))
    if SCALE_TAG in tags:
        scales = list(dataset.scales)
        scales[band - 1] = float(tags[SCALE_TAG])
        dataset.scales = tuple(scales)


def declare_colours(dataset: Any, metadata: BandMetadata | None) -> None:
    """What the bands are the colours of, into an open file; before its first pixel.

    Later GDAL keeps of a GeoTIFF only what its structure had said already.
    """
    if metadata is not None and metadata.colorinterp:
        dataset.colorinterp = tuple(ColorInterp[name] for name in metadata.colorinterp)


def write_metadata(dataset: Any, metadata: BandMetadata) -> None:
    """What else is said of the bands, into an open file."""
    if metadata.descriptions:
        dataset.descriptions = tuple(metadata.descriptions)
    if metadata.scales:
        dataset.scales = tuple(metadata.scales)
    if metadata.offsets:
        dataset.offsets = tuple(metadata.offsets)
    if metadata.units:
        dataset.units = tuple(metadata.units)
    if metadata.colormap is not None and dataset.count <= MOST_BANDS_WITH_COLOURS:
        dataset.write_colormap(1, metadata.colormap)


@contextmanager
def _opened(source: bytes | memoryview | str | Path) -> Iterator[Any]:
    if isinstance(source, bytes | memoryview):
        # not memory.open: that would write where there are no bytes at all
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
