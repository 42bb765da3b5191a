"""Open tile directories for writing, and select the decoder named in their metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats._writers import Writer
from automap_tiles.formats.registry import load
from automap_tiles.formats.tiles._codec import Codec, FeatureCodec
from automap_tiles.formats.tiles._decoding import CodecTiles, Decoder, GdalTiles
from automap_tiles.formats.tiles._feature_values import read_schema
from automap_tiles.formats.tiles._features import FeatureDirectory
from automap_tiles.formats.tiles._files import TileFiles, output_pyramid
from automap_tiles.formats.tiles._metadata import Metadata
from automap_tiles.formats.tiles._ogr import OgrFeatures
from automap_tiles.formats.tiles._raster_options import resampling_option
from automap_tiles.formats.tiles._rasters import RasterDirectory
from automap_tiles.grid import Pyramid
from automap_tiles.storage import TileLayout, open_storage


def open_directory(info: FormatInfo, spec: OutputSpec, process_pyramid: Pyramid) -> Writer:
    """Writer of a tile directory whose format has a codec; raises `ConfigError`."""
    options = Options(spec)
    pyramid = output_pyramid(spec, process_pyramid)
    options.pick(("metatiling", "pixelbuffer", "tile_size"))
    ending = info.endings[0]
    layout = TileLayout(info.schema, ending) if info.has_fixed_keys else options.layout(ending)
    files = TileFiles(storage=open_storage(spec.path), layout=layout, pyramid=pyramid)
    if info.kind is OutputKind.VECTOR:
        return _features(info, spec, options, files, process_pyramid)
    codec: Codec = load(info.codec or "")(spec, options)
    resampling = resampling_option(spec, options)
    options.finish()
    said = {**spec.options, **codec.described()}
    return RasterDirectory(
        files=files,
        process_pyramid=process_pyramid,
        codec=codec,
        metadata=Metadata(pyramid=pyramid, format=info.name, options=said),
        resampling=resampling,
        zooms=spec.zooms,
    )


def _features(
    info: FormatInfo,
    spec: OutputSpec,
    options: Options,
    files: TileFiles,
    process_pyramid: Pyramid,
) -> FeatureDirectory:
    codec: FeatureCodec = load(info.codec or "")(spec, options)
    geometry, properties = read_schema(spec, options, codec)
    options.finish()
    return FeatureDirectory(
        files=files,
        process_pyramid=process_pyramid,
        codec=codec,
        metadata=Metadata(pyramid=files.pyramid, format=info.name, options=spec.options),
        geometry=geometry,
        properties=properties,
    )


def decoder_of(info: FormatInfo | None, said: Mapping[str, Any], root: str) -> Decoder:
    """Decoder of raster tiles of a format, given the metadata of their directory.

    Raises `ConfigError` if these lack what the codec needs.
    """
    if info is None or info.codec is None or info.is_read_by_gdal:
        return GdalTiles()
    spec = OutputSpec(format=info.name, path=root, options=said)
    codec: Codec = load(info.codec)(spec, Options(spec))
    return CodecTiles(codec)


def features_codec_of(info: FormatInfo | None, said: Mapping[str, Any], root: str) -> FeatureCodec:
    """Codec of feature tiles of a format; GeoPackage if the format has none."""
    if info is None or info.codec is None:
        return OgrFeatures(driver="GPKG")
    spec = OutputSpec(format=info.name, path=root, options=said)
    codec: FeatureCodec = load(info.codec)(spec, Options(spec))
    return codec
