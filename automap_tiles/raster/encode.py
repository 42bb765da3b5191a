"""Arrays as the bytes of a GeoTIFF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from automap_tiles.errors import OutputError
from automap_tiles.raster._packing import packed
from automap_tiles.raster._target import Target
from automap_tiles.raster.env import ensure_env
from automap_tiles.raster.nodata import as_value, equals

Tags = Mapping[str | int, Any]
"""Tags by name; under a band's number, a mapping of tags of that band."""

LARGEST_BLOCK = 512
"""Pixels along the edge of a block; an image up to this size is a single one."""

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
    if compress not in ("zstd", "deflate", "zip", "lzw"):
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
