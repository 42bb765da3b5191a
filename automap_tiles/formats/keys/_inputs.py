"""Documentation of the keys of inputs."""

from __future__ import annotations

from collections.abc import Mapping

from automap_tiles.formats.keys._key import RESAMPLING, Key

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
        values=RESAMPLING,
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
            values=RESAMPLING,
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
            values=RESAMPLING,
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
"""Of each format that can be read, besides `INPUT`."""
