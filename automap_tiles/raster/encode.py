"""Arrays as the bytes of a GeoTIFF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from automap_tiles.errors import OutputError
from automap_tiles.raster._packing import Packing
from automap_tiles.raster._target import Target
from automap_tiles.raster.env import ensure_env
from automap_tiles.raster.nodata import as_value, same_as

Tags = Mapping[str | int, Any]
"""Tags by name; under a band's number, a mapping of tags of that band."""

LARGEST_BLOCK = 512
"""Edge of a block in pixels; an image up to this size is a single block."""

MOST_BANDS_WITH_COLOURS = 2
"""Most bands of a GeoTIFF with a colour table in GDAL, which otherwise only warns."""


SCALE_TAG = "value_scale"
"""Band tag by which a process sets the scale of stored values."""
OFFSET_TAG = "value_offset"
"""Band tag by which a process sets the offset, the value of a stored 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandMetadata:
    """Metadata of the bands; an empty sequence leaves them unset."""

    descriptions: Sequence[str | None] = ()
    scales: Sequence[float] = ()
    offsets: Sequence[float] = ()
    units: Sequence[str] = ()
    colorinterp: Sequence[str] = ()
    """Colour interpretations named as in GDAL."""
    colormap: Mapping[int, tuple[int, ...]] | None = None
    """Colours (r, g, b) or (r, g, b, a) by value, for band 1 of dtype uint8 or uint16; omitted in
    files of more than two bands."""


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

    `profile` overrides creation options of `default_profile`; None removes one. Masked pixels are
    written as nodata. Raises `OutputError` when GDAL fails.
    """
    array = _filled(data, nodata)
    kind = GeoTiffKind(
        array, target.crs, nodata=nodata, profile=profile, tags=tags, metadata=metadata
    )
    return kind.encode(array, target.transform)


class GeoTiffKind:
    """GeoTIFFs that differ only in their location, pixels and some tags.

    What they have in common is prepared once; for a small tile that takes longer than encoding it.
    """

    def __init__(
        self,
        like: NDArray[Any],
        crs: Any,
        *,
        nodata: float | None = None,
        profile: Mapping[str, Any] | None = None,
        tags: Tags | None = None,
        metadata: BandMetadata | None = None,
    ) -> None:
        """All have shape (band, y, x) and dtype of `like`; other arguments as `encode_geotiff`."""
        self.crs, self.shape, self.dtype = crs, like.shape, like.dtype
        self._nodata, self._tags, self._metadata = nodata, dict(tags or {}), metadata
        self._own_texts = _texts(self._tags)
        self._options = _options(like, nodata, profile)
        self._packing = Packing(self._options, crs, metadata)

    def fits(self, data: NDArray[Any], crs: Any) -> bool:
        """Whether an array is of this kind."""
        return crs is self.crs and data.shape == self.shape and data.dtype == self.dtype

    def encode(self, data: NDArray[Any], transform: Affine, tags: Tags | None = None) -> bytes:
        """The file of an array with the given transform; `tags` are added to the common ones.

        Raises `OutputError` when GDAL fails.
        """
        array = _filled(data, self._nodata)
        own = {**self._tags, **tags} if tags else self._tags
        texts = _texts(own) if tags else self._own_texts
        try:
            return self._packing.packed(
                array, transform, tags=texts, make=lambda pixels: self._made(pixels, transform, own)
            )
        except (RasterioError, ValueError, TypeError) as error:
            raise OutputError(f"cannot be written as GeoTIFF: {error}") from error

    def _made(self, pixels: NDArray[Any] | None, transform: Affine, tags: Tags) -> bytes:
        """Write by GDAL; without pixels a sparse file."""
        ensure_env()
        sparse = {"sparse_ok": True} if pixels is None else {}
        place = {"crs": self.crs, "transform": transform}
        with MemoryFile() as memory:
            with memory.open(**self._options, **place, **sparse) as dataset:
                declare_colours(dataset, self._metadata)
                if pixels is not None:
                    dataset.write(pixels)
                write_tags(dataset, tags)
                if self._metadata is not None:
                    write_metadata(dataset, self._metadata)
            return bytes(memory.getbuffer())


def _options(
    like: NDArray[Any], nodata: float | None, profile: Mapping[str, Any] | None
) -> dict[str, Any]:
    """All creation parameters of a file except its location."""
    options = default_profile(like.dtype, like.shape[1:])
    for key, value in (profile or {}).items():
        options[key.lower()] = value
    options = consistent({key: value for key, value in options.items() if value is not None})
    return options | {
        "count": like.shape[0],
        "height": like.shape[1],
        "width": like.shape[2],
        "dtype": like.dtype.name,
        "nodata": nodata,
    }


def _texts(tags: Tags | None) -> tuple[tuple[str | int, Any], ...]:
    """Tags as they are written, as a cache key."""
    return tuple(
        (name, _texts(value) if isinstance(value, Mapping) else str(value))
        for name, value in (tags or {}).items()
    )


def _block(size: int) -> int:
    """A multiple of 16, as TIFF requires."""
    return min(LARGEST_BLOCK, -(-size // 16) * 16)


def _filled(data: NDArray[Any], nodata: float | None) -> NDArray[Any]:
    values: NDArray[Any] = np.ma.getdata(data)
    if values.ndim != 3:
        raise OutputError(f"an image has (band, y, x), not {values.ndim} dimensions")
    mask = np.ma.getmask(data)
    if mask is np.ma.nomask or nodata is None or not mask.any():
        return values
    value = as_value(nodata, values.dtype)
    if value is None or (same_as(values, value) | ~mask).all():
        return values
    return np.where(mask, value, values)


def consistent(options: dict[str, Any]) -> dict[str, Any]:
    """Adjust options that do not fit the requested compression."""
    compress = str(options.get("compress", "none")).lower()
    if compress != "zstd":
        options.pop("zstd_level", None)
    if compress not in ("zstd", "deflate", "zip", "lzw"):
        options.pop("predictor", None)
    if compress == "webp":
        # Images are pixel-interleaved; with separate planes libtiff reads past their end.
        options["interleave"] = "pixel"
    if not options.get("tiled", True) or str(options["tiled"]).upper() in ("NO", "FALSE"):
        options["tiled"] = False
        options.pop("blockxsize", None)
    return options


def write_tags(dataset: Any, tags: Tags | None) -> None:
    """Write tags of an open file and its bands."""
    for name, value in (tags or {}).items():
        if isinstance(name, int):
            dataset.update_tags(name, **value)
            _describe(dataset, name, value)
        else:
            dataset.update_tags(**{name: value})


def _describe(dataset: Any, band: int, tags: Mapping[str, Any]) -> None:
    """Copy band metadata from a process's tags to where other programs look for it.

    The output options are written later and take precedence.
    """
    if tags.get("name"):
        dataset.set_band_description(band, str(tags["name"]))
    if SCALE_TAG in tags:
        scales = list(dataset.scales)
        scales[band - 1] = float(tags[SCALE_TAG])
        dataset.scales = tuple(scales)
    if OFFSET_TAG in tags:
        offsets = list(dataset.offsets)
        offsets[band - 1] = float(tags[OFFSET_TAG])
        dataset.offsets = tuple(offsets)


def declare_colours(dataset: Any, metadata: BandMetadata | None) -> None:
    """Set colour interpretations of an open file, before its first pixel.

    Afterwards GDAL keeps only those that the structure of the GeoTIFF already implies.
    """
    if metadata is not None and metadata.colorinterp:
        dataset.colorinterp = tuple(ColorInterp[name] for name in metadata.colorinterp)


def write_metadata(dataset: Any, metadata: BandMetadata) -> None:
    """Write the remaining band metadata to an open file."""
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
