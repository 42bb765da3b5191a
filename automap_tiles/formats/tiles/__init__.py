"""Tile directories: their files, their metadata and the formats of single tiles."""

from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats.tiles._arrays import blank, paste
from automap_tiles.formats.tiles._codec import Codec, FeatureCodec, Tags
from automap_tiles.formats.tiles._decoding import Decoder
from automap_tiles.formats.tiles._directory import Matching, TileDirectory
from automap_tiles.formats.tiles._features import FeatureDirectory
from automap_tiles.formats.tiles._files import Cut, TileFiles, output_pyramid, overlapping
from automap_tiles.formats.tiles._legend import Legend, class_tags, pam, read_legend
from automap_tiles.formats.tiles._matching import touched
from automap_tiles.formats.tiles._metadata import (
    METADATA_NAME,
    Metadata,
    read_metadata,
    write_metadata,
    write_summary,
)
from automap_tiles.formats.tiles._nodata_losses import (
    advice,
    report_lost_zeros,
    report_nodata_collision,
)
from automap_tiles.formats.tiles._open import decoder_of, features_codec_of, open_directory
from automap_tiles.formats.tiles._open_reader import open_reader
from automap_tiles.formats.tiles._pixels import PixelFormat
from automap_tiles.formats.tiles._raster_options import (
    RasterOptions,
    appearance_of,
    raster_options,
    resampling_option,
    said_of_raster,
)
from automap_tiles.formats.tiles._rasters import RasterDirectory, write_beside

FORMAT = FormatInfo(
    name="TileDirectory",
    summary="folder of zoom/row/col tiles",
    kind=None,
    is_directory=True,
    reader=f"{__name__}:open_reader",
)

__all__ = [
    "FORMAT",
    "METADATA_NAME",
    "Codec",
    "Cut",
    "Decoder",
    "FeatureCodec",
    "FeatureDirectory",
    "Legend",
    "Matching",
    "Metadata",
    "PixelFormat",
    "RasterDirectory",
    "RasterOptions",
    "Tags",
    "TileDirectory",
    "TileFiles",
    "advice",
    "appearance_of",
    "blank",
    "class_tags",
    "decoder_of",
    "features_codec_of",
    "open_directory",
    "open_reader",
    "output_pyramid",
    "overlapping",
    "pam",
    "paste",
    "raster_options",
    "read_legend",
    "read_metadata",
    "report_lost_zeros",
    "report_nodata_collision",
    "resampling_option",
    "said_of_raster",
    "touched",
    "write_beside",
    "write_metadata",
    "write_summary",
]
