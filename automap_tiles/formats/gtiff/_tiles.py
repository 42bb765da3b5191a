"""Directories of GeoTIFF tiles: creation options and encoding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import OutputError
from automap_tiles.formats._contents import Tiled
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.keys import CREATION_OPTIONS
from automap_tiles.formats.tiles import (
    Metadata,
    RasterDirectory,
    RasterOptions,
    Tags,
    TileFiles,
    advice,
    appearance_of,
    output_pyramid,
    raster_options,
    read_metadata,
    report_lost_zeros,
    report_nodata_collision,
    said_of_raster,
)
from automap_tiles.grid import Pyramid, Tile
from automap_tiles.notes import Note
from automap_tiles.raster import BandMetadata
from automap_tiles.raster.encode import LARGEST_BLOCK, MOST_BANDS_WITH_COLOURS
from automap_tiles.raster.env import gdal_warnings
from automap_tiles.storage import Storage, open_storage

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray

_CHECK = "check the creation options, such as compress, predictor and blocksize"

# Number of bands of a blank tile that is enough to test the options.
_MOST_TRIED = 4

SINGLE_FILE_OPTIONS = ("cog", "extent", "overviews", "overviews_resampling", "overviews_levels")


def directory_writer(
    spec: OutputSpec,
    process_pyramid: Pyramid,
    options: Options,
    *,
    path: str | None = None,
    begun_with_zero: Callable[[], bool] | None = None,
) -> RasterDirectory:
    """Writer of a directory; `path` differs from that of the spec.

    `begun_with_zero`: whether an existing directory, or file, of the output has a nodata value of
    0.
    """
    pyramid = output_pyramid(spec, process_pyramid)
    options.pick(("metatiling", "pixelbuffer", "tile_size"))
    storage = open_storage(path or spec.path)
    raster_opts = raster_options(
        spec,
        options,
        lambda: _has_zero(storage) or bool(begun_with_zero and begun_with_zero()),
    )
    profile = _profile(options, raster_opts.bands.colorinterp)
    if raster_opts.legend.colours and raster_opts.count > MOST_BANDS_WITH_COLOURS:
        # otherwise three bands would be red, green, blue
        profile.setdefault("photometric", "minisblack")
    codec = GeoTiffCodec(options=raster_opts, profile=profile)
    _try_out(spec, codec, pyramid)
    files = TileFiles(storage=storage, layout=options.layout("tif"), pyramid=pyramid)
    said = {**spec.options, **codec.described()}
    return RasterDirectory(
        files=files,
        process_pyramid=process_pyramid,
        codec=codec,
        metadata=Metadata(pyramid=pyramid, format="GTiff", options=said),
        resampling=raster_opts.resampling,
        zooms=spec.zooms,
    )


def _has_zero(storage: Storage) -> bool:
    """Whether a folder has tiles whose nodata value is 0, declared or not."""
    try:
        return bool(read_metadata(storage).options.get("nodata", 0) == 0)
    except FileNotFoundError:
        return False


def _try_out(spec: OutputSpec, codec: GeoTiffCodec, pyramid: Pyramid) -> None:
    """Encode a blank tile to detect options that GDAL rejects or ignores."""
    tile = pyramid.replace(metatiling=1, pixelbuffer=0).tile(0, 0, 0)
    height, width = (min(size, LARGEST_BLOCK) for size in tile.shape)
    blank = np.zeros((min(codec.count, _MOST_TRIED), height, width), codec.dtype)
    try:
        with gdal_warnings() as said:
            # few bands, without metadata of those that the blank tile lacks
            options = replace(codec.options, bands=BandMetadata(), tags={})
            replace(codec, options=options).encode(np.ma.MaskedArray(blank), tile, {})
    except OutputError as error:
        raise spec.error(error.message, remedy=_CHECK) from error
    for message in said:
        if "unexpected value" in message:
            raise spec.error(message.partition(" in ")[2] or message, remedy=_CHECK)


def _profile(options: Options, colorinterp: Sequence[str]) -> dict[str, Any]:
    """Creation options from the file, completed with our defaults."""
    profile = options.pick(CREATION_OPTIONS)
    old = options.take("compression")  # name in old versions
    if old is not None:
        profile.setdefault("compress", old)
    profile.pop("driver", None)
    if "compress" in profile and profile["compress"] is None:
        profile["compress"] = "none"
    # must be known before the first pixel is written
    in_colour = tuple(colorinterp[:3]) == ("red", "green", "blue")
    if in_colour and "alpha" in colorinterp:
        profile.setdefault("photometric", "rgb")
    # GDAL then treats the first extra band as alpha
    if "alpha" in colorinterp[3 if in_colour else 1 :][:1]:
        profile.setdefault("alpha", "yes")
    size = profile.pop("blocksize", None)
    if size is not None:
        profile.setdefault("blockxsize", size)
        profile.setdefault("blockysize", size)
    return profile


@dataclass(frozen=True, kw_only=True)
class GeoTiffCodec:
    """Pixels as GeoTIFF; see `Codec`."""

    options: RasterOptions
    profile: Mapping[str, Any] = field(default_factory=dict)
    """Creation options besides the defaults."""

    @property
    def count(self) -> int:
        return self.options.count

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.options.dtype)

    @property
    def nodata(self) -> float | None:
        return self.options.nodata

    keeps_tags = True

    def described(self) -> dict[str, Any]:
        return said_of_raster(self.options)

    def appearance(self) -> Appearance:
        return appearance_of(self.options)

    def advice(self) -> tuple[Note, ...]:
        return (advice(self.options.dtype),) if self.options.nodata_is_assumed else ()

    @property
    def needs_side_file(self) -> bool:
        """Whether there are names or colours that a GeoTIFF cannot store."""
        legend = self.options.legend
        return bool(legend.names or (legend.colours and self.count > MOST_BANDS_WITH_COLOURS))

    @property
    def lossless(self) -> bool:
        """False if the mask, or part of the values, is lost."""
        if self.options.nodata is None or {"discard_lsb", "nbits"} & set(self.profile):
            return False
        compress = str(self.profile.get("compress", "zstd")).lower()
        if compress == "webp":
            return str(self.profile.get("webp_lossless", "no")).lower() in ("true", "yes", "1")
        if compress.startswith("lerc"):
            return not float(self.profile.get("max_z_error", 0))
        return compress not in ("jpeg", "jxl")

    def convert(self, tile: Tile, result: object) -> RasterArray:
        data = raster.prepare(
            result,
            count=self.options.count,
            dtype=self.options.dtype,
            nodata=self.options.nodata,
            shape=tile.shape,
            on_overflow=self.options.on_overflow,
        )
        if self.options.nodata_is_assumed:
            report_lost_zeros(result, data)
        else:
            report_nodata_collision(result, data, self.options.nodata)
        return data

    def encode(self, data: RasterArray, tile: Tile, tags: Tags) -> bytes:
        kind = self._kinds.get(data.shape)
        if kind is None or not kind.fits(data, tile.crs):
            kind = self._kinds[data.shape] = raster.GeoTiffKind(
                data,
                tile.crs,
                nodata=self.options.nodata,
                profile=self._fitting(data.shape[-2:]),
                tags=self.options.tags,
                metadata=self.options.bands,
            )
        return kind.encode(data, tile.transform, tags)

    @cached_property
    def _kinds(self) -> dict[tuple[int, ...], raster.GeoTiffKind]:
        """By shape: tiles at the edge of a grid may be smaller."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def decode(self, content: bytes, tile: Tile) -> Tiled:  # noqa: ARG002 the file has its shape
        data, tags = raster.decode(content)
        tags.pop("AREA_OR_POINT", None)  # set by the driver
        return Tiled(data, tags)

    def _fitting(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Blocks no larger than the image."""
        profile = dict(self.profile)
        for key, size in (("blockysize", shape[0]), ("blockxsize", shape[1])):
            if key in profile:
                profile[key] = min(int(profile[key]), -(-size // 16) * 16)
        return profile
