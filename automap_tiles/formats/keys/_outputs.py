"""Documentation of the keys of outputs."""

from __future__ import annotations

from collections.abc import Mapping

from automap_tiles.formats.keys._key import CREATION_OPTIONS, RESAMPLING, Key

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
    values=RESAMPLING,
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
            values=RESAMPLING,
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
"""Of each format that can be written, besides `OUTPUT`."""
