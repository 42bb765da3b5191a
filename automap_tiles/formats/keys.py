"""The keys of inputs and outputs of a process file, in words.

For the reference of the documentation, which is generated from these tables; a test opens inputs
and outputs of every format and compares what their readers and writers take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key."""

    name: str
    """As it is written."""
    what: str
    """What it does; Markdown."""
    values: str
    """What may stand there."""
    default: str | None = None
    """What holds without it; None: it has to be there, or nothing happens without it."""
    also: tuple[str, ...] = ()
    """Older names, and mapchete's."""
    is_needed: bool = False


# Creation options of GDAL's GTiff and COG drivers, https://gdal.org/drivers/raster/gtiff.html
# and …/cog.html.
CREATION_OPTIONS = (
    "compress", "predictor", "zlevel", "zstd_level", "lzma_preset", "max_z_error", "discard_lsb",
    "jpeg_quality", "webp_level", "webp_lossless", "jxl_lossless", "jxl_effort", "jxl_distance",
    "tiled", "blocksize", "blockxsize", "blockysize", "interleave", "photometric", "alpha",
    "bigtiff", "sparse_ok", "num_threads", "nbits", "profile", "endianness", "pixeltype",
    "geotiff_version", "geotiff_keys_flavor", "driver",
    "level", "quality", "overview_compress", "overview_quality", "overview_predictor",
)  # fmt: skip

_RESAMPLING = "a resampling method of GDAL"

INPUT: tuple[Key, ...] = (
    Key(
        name="path",
        what="File, folder or address (`s3://`, `gs://`, `az://`, `https://`). A relative path "
        "starts at the folder of the process file. A path alone may stand in place of the mapping.",
        values="path",
        is_needed=True,
    ),
    Key(
        name="format",
        what="What is read there.",
        values="a name that `automap formats` lists",
        default="by the ending of the path; a folder is one of tiles",
    ),
)
"""Of every input."""

_TILE_INPUT = (
    Key(
        name="extension",
        what="Ending of the tiles' files, where no `metadata.json` says it.",
        values="such as `png`",
    ),
    Key(
        name="grid",
        what="Grid of the tiles, where no `metadata.json` says it.",
        values="as under `pyramid`",
    ),
    Key(name="metatiling", what="Of the tiles that are read.", values="1 to 256", default="1"),
    Key(name="tile_size", what="Of the tiles that are read.", values="pixels", default="256"),
    Key(name="pixelbuffer", what="Of the tiles that are read.", values="pixels", default="0"),
    Key(
        name="tile_path_schema",
        what="How their keys are put together.",
        values="such as `{zoom}/{row}/{col}.{extension}`",
    ),
    Key(
        name="bands",
        what="Number of bands, where no `metadata.json` says it.",
        values="whole number",
        also=("count",),
    ),
    Key(name="dtype", what="Of the pixels, where no `metadata.json` says it.", values="`uint8` …"),
    Key(name="nodata", what="Value that stands for no data.", values="number"),
    Key(
        name="resampling",
        what="Where the function does not say one.",
        values=_RESAMPLING,
        default="nearest",
    ),
    Key(
        name="max_zoom",
        what="The finest zoom that is read.",
        values="zoom",
        default="the finest that is there",
    ),
    Key(
        name="bounds",
        what="Where the tiles lie.",
        values="`[left, bottom, right, top]` in the CRS of the tiles",
        default="found by listing them",
    ),
    Key(
        name="abs_path",
        what="In place of `path`; written by mapchete.",
        values="path",
    ),
    Key(name="min_zoom", what="Taken and without effect.", values="zoom"),
    Key(name="schema", what="Taken and without effect.", values="mapping"),
    Key(name="type", what="Taken and without effect.", values="text"),
)

INPUTS: Mapping[str, tuple[Key, ...]] = {
    "raster_file": (
        Key(name="nodata", what="In place of what the file says.", values="number"),
        Key(
            name="resampling",
            what="Where the function does not say one.",
            values=_RESAMPLING,
            default="nearest",
        ),
        Key(
            name="gdal_options",
            what="Configuration options of GDAL while pixels are read.",
            values="names and values",
        ),
    ),
    "vector_file": (
        Key(
            name="gdal_options",
            what="Taken and without effect: features are read without.",
            values="names and values",
        ),
    ),
    "TileDirectory": _TILE_INPUT,
    "Zarr": _TILE_INPUT,
    "Mapchete": (),
    "scenes": (
        Key(
            name="stac",
            what="A catalogue in place of `path`.",
            values="`earth-search`, `planetary-computer`, `usgs`, an address, or a STAC file",
        ),
        Key(
            name="collections",
            what="Collections of the catalogue.",
            values="names",
            default="those that have the satellites",
        ),
        Key(
            name="tiles",
            what="Only these tiles of the catalogue's own grid.",
            values="such as `[33UUU]`",
            default="all",
        ),
        Key(
            name="satellites",
            what="Only these.",
            values="such as `landsat` or `[sentinel-2]`",
            default="all",
        ),
        Key(
            name="time",
            what="First and last day.",
            values="`2018-04-01/2018-09-30`",
            default="all",
        ),
        Key(
            name="max_cloud_cover",
            what="Leave out scenes with more clouds.",
            values="per cent",
            default="none is left out",
        ),
        Key(name="only", what="Just the scenes with these ids.", values="names", default="all"),
        Key(
            name="level",
            what="Surface or top-of-atmosphere reflectance.",
            values="`surface` or `toa`",
            default="the better one of each acquisition",
        ),
        Key(
            name="bands",
            what="Bands, by common name or by that of the mission.",
            values="names",
            default="`[blue, green, red, nir, swir1, swir2]`",
        ),
        Key(
            name="mask",
            what="What rules a pixel out.",
            values="`cloud`, `cirrus`, `shadow`, `snow`, `water`, `saturated` …; `[]`: nothing",
            default="cloud, cirrus, shadow",
        ),
        Key(
            name="confidence",
            what="From which confidence a flag of the producer counts.",
            values="`low`, `medium`, `high`",
            default="medium",
        ),
        Key(
            name="opening",
            what="Parts of a mask that are narrower are left out.",
            values="metres",
            default="0",
        ),
        Key(name="dilation", what="Masks are widened by so much.", values="metres", default="0"),
        Key(
            name="masker",
            what="Make the mask from the bands, in place of the scenes' own.",
            values="`csmask` or `s2cloudless`",
            default="the scenes' own masks",
        ),
        Key(
            name="masker_resolution",
            what="At which pixel size the masker works.",
            values="metres",
            default="30 (csmask), 60 (s2cloudless)",
        ),
        Key(
            name="project_shadow",
            what="Look for the shadows of clouds, for masks that have none.",
            values="`true` or `false`",
            default="false",
        ),
        Key(
            name="require_mask",
            what="Refuse scenes that have nothing to make the mask of.",
            values="`true` or `false`",
            default="false: that is told",
        ),
        Key(
            name="brdf",
            what="Bring reflectance to a view from straight above.",
            values="`true` or `false`",
            default="false",
        ),
        Key(
            name="bandpass",
            what="Bring the bands of all sensors to those of one, so that several satellites are "
            "read together: `oli` is that of Landsat 8.",
            values="`oli`",
            default="bands stay as they are",
        ),
        Key(
            name="seamless",
            what="Make scenes equally bright where they overlap.",
            values="`true` or `false`",
            default="false",
        ),
        Key(
            name="coregister",
            what="Bring the dates onto each other.",
            values="`true`, a raster that all shall lie on, or a table of `automap coregister`",
            default="false",
        ),
        Key(
            name="grid",
            what="On which pixels statistics are made: the sensor's own, or those of the tile.",
            values="`native` or `tile`",
            default="native",
        ),
        Key(
            name="resolution",
            what="Pixel size of the sensor's grid.",
            values="metres",
            default="that of the sensor",
        ),
        Key(
            name="resampling",
            what="How pixels get onto another grid.",
            values=_RESAMPLING,
            default="nearest; cubic beside `coregister`",
        ),
        Key(
            name="unpack_to",
            what="Folder for what has to be unpacked of archives.",
            values="folder",
            default="a temporary one",
        ),
        Key(
            name="verify",
            what="Whether checksums of fetched files are compared.",
            values="`never`, `doubtful`, `always`",
            default="doubtful",
        ),
    ),
}
"""Of each format that is read, besides `INPUT`."""

OUTPUT: tuple[Key, ...] = (
    Key(
        name="path",
        what="Folder or address for tiles; a path that ends with `.tif` is one GeoTIFF. A relative "
        "path starts at the folder of the process file.",
        values="path",
        is_needed=True,
    ),
    Key(
        name="format",
        what="What is written.",
        values="a name that `automap formats` lists",
        is_needed=True,
    ),
    Key(
        name="metatiling",
        what="Blocks of so many tiles are one file.",
        values="a power of two, not above that of `pyramid`",
        default="that of `pyramid`",
    ),
    Key(
        name="pixelbuffer",
        what="Margin that is stored around each tile.",
        values="pixels",
        default="0",
    ),
    Key(
        name="tile_size",
        what="Pixels of a single tile.",
        values="pixels",
        default="that of `pyramid`",
    ),
    Key(
        name="tile_path_schema",
        what="How keys of tiles are put together.",
        values="text with `{zoom}`, `{row}`, `{col}`, `{extension}`",
        default="`{zoom}/{row}/{col}.{extension}`",
    ),
    Key(
        name="styles",
        what="How the output looks on a map, by name; the first is the usual look. "
        "It says nothing about the pixels.",
        values="names and [styles](#styles)",
    ),
)
"""Of every output."""

_RESAMPLED = Key(
    name="resampling",
    what="For results that come on another grid.",
    values=_RESAMPLING,
    default="nearest",
)

_BANDS = Key(
    name="bands",
    what="Number of bands.",
    values="whole number",
    also=("count",),
    is_needed=True,
)

_COUNTED = Key(
    name="bands",
    what="Taken and without effect: the format has as many as it has.",
    values="whole number",
    also=("count",),
)

_PIXELS = (
    _BANDS,
    Key(
        name="dtype",
        what="Type of the numbers. A value that does not fit becomes the nearest that does.",
        values="`uint8`, `int16`, `uint16`, `float32` …",
        is_needed=True,
        also=("data_type",),
    ),
    Key(
        name="nodata",
        what="Value that stands for no data.",
        values="number, `nan`, or `null` for none",
        default="`nan` of floats, 0 of whole numbers",
    ),
    Key(
        name="on_overflow",
        what="What becomes of values that the dtype cannot hold.",
        values="`saturate`, or `raise`: the tile fails",
        default="saturate",
    ),
    _RESAMPLED,
    Key(
        name="descriptions",
        what="Names of the bands.",
        values="as many names as bands",
        also=("band_names",),
    ),
    Key(
        name="scales",
        what="Value = number × scale + offset.",
        values="one number, or one for each band",
        also=("scale",),
    ),
    Key(
        name="offsets",
        what="See `scales`.",
        values="one number, or one for each band",
        also=("offset",),
    ),
    Key(name="units", what="Units of the bands.", values="one text, or one for each band"),
    Key(
        name="colorinterp",
        what="What the bands are as colours.",
        values="`red`, `green`, `blue`, `alpha`, `gray`, `undefined`",
    ),
    Key(
        name="colormap",
        what="Colours of the values of a single band; of a model its names too.",
        values='`{1: [255, 0, 0], 2: "#00ff00"}`, or a model of `automap train`',
    ),
    Key(
        name="tags",
        what="Metadata of every file; under the number of a band that of the band.",
        values="names and texts",
    ),
)

_BYTES = Key(name="dtype", what="Taken and without effect: pixels have 8 bits.", values="`uint8`")

_TRANSPARENT = Key(
    name="nodata",
    what="Value that stands for no data.",
    values="0 to 255, or `null` for none",
    default="0",
)

_FEATURES = (
    Key(
        name="schema",
        what="What features are: `geometry` (`Polygon`, `LineString`, `Point` …) and `properties`, "
        "names with their types (`str`, `int`, `float` …).",
        values="`{geometry: Polygon, properties: {name: str}}`",
        is_needed=True,
    ),
)

OUTPUTS: Mapping[str, tuple[Key, ...]] = {
    "GTiff": (
        *_PIXELS,
        *(
            Key(
                name=name,
                what="Creation option of GDAL's [GTiff]"
                "(https://gdal.org/en/stable/drivers/raster/gtiff.html) or [COG]"
                "(https://gdal.org/en/stable/drivers/raster/cog.html) driver.",
                values="as there",
                default="deflate" if name == "compress" else "GDAL's",
                also=("compression",) if name == "compress" else (),
            )
            for name in CREATION_OPTIONS
        ),
        Key(
            name="cog",
            what="Of a single file: make it a Cloud Optimized GeoTIFF.",
            values="`true` or `false`",
            default="false",
        ),
        Key(
            name="extent",
            what="Of a single file: end at the edges of tiles, or at the area.",
            values="`tiles` or `area`",
            default="tiles",
        ),
        Key(
            name="overviews",
            what="Of a single file: with overviews.",
            values="`true`, `false`, or their factors",
            default="false; a COG has them",
        ),
        Key(
            name="overviews_levels",
            what="Factors of the overviews of a single file.",
            values="such as `[2, 4, 8]`",
        ),
        Key(
            name="overviews_resampling",
            what="How the overviews of a single file are made.",
            values=_RESAMPLING,
            default="nearest",
        ),
    ),
    "PNG": (_COUNTED, _BYTES, _TRANSPARENT, _RESAMPLED),
    "PNG_hillshade": (
        _COUNTED,
        _BYTES,
        Key(name="nodata", what="Taken and without effect.", values="number"),
        Key(name="old_band_num", what="Taken and without effect.", values="`true` or `false`"),
        _RESAMPLED,
    ),
    "JPEG": (
        Key(
            name="bands",
            what="1 for grey, 3 for colours.",
            values="1 or 3",
            default="3",
            also=("count",),
        ),
        _BYTES,
        _TRANSPARENT,
        Key(name="quality", what="As in libjpeg.", values="1 to 100", default="85"),
        _RESAMPLED,
    ),
    "Zarr": (
        *_PIXELS,
        Key(name="classes", what="Names of the values of band 1.", values="numbers and names"),
        Key(
            name="compress",
            what="How chunks are compressed.",
            values="`zstd`, `gzip`, `none`",
            default="zstd",
        ),
        Key(
            name="level",
            what="Of the compression.",
            values="-7 to 22 (zstd), 0 to 9 (gzip)",
            default="1",
        ),
    ),
    "GeoJSON": _FEATURES,
    "FlatGeobuf": _FEATURES,
}
"""Of each format that is written, besides `OUTPUT`."""
