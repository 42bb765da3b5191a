"""Documentation of the keys of a process file outside of its inputs and output.

What a file may hold is what stands here; what is below `input` and `output` is in `formats.keys`.
"""

from __future__ import annotations

from collections.abc import Mapping

from automap_tiles.formats.keys import Key

_RESAMPLING = "a resampling method of GDAL"

TOP: tuple[Key, ...] = (
    Key(
        name="process",
        what="The function that makes the tiles.",
        values="name of a built-in process, `./file.py`, `package.module`, or lines of Python",
        is_needed=True,
        also=("process_file",),
    ),
    Key(
        name="steps",
        what="In place of `process`: several processes that hand their results on, by name.",
        values="names and [steps](#steps)",
    ),
    Key(
        name="pyramid",
        what="The grid and its tiles.",
        values="[keys below](#pyramid)",
        is_needed=True,
    ),
    Key(
        name="zoom_levels",
        what="The zooms that are made.",
        values="a zoom, `{min: 8, max: 14}`, or `[8, 14]`",
        is_needed=True,
        also=("process_zoom", "process_minzoom", "process_maxzoom"),
    ),
    Key(
        name="baselevels",
        what="The zooms that the function computes; the others are resampled from them.",
        values="[keys below](#baselevels)",
        default="the function computes all",
    ),
    Key(
        name="input",
        what="What is read, by the names of the function's arguments. Inputs may be grouped: a "
        "mapping without `path` and `format` is a group, and the function gets a mapping.",
        values="names with a path or [keys](#inputs)",
        default="no input",
        also=("input_files",),
    ),
    Key(
        name="output",
        what="What is written.",
        values="[keys below](#outputs)",
        is_needed=True,
    ),
    Key(
        name="process_parameters",
        what="What the function is given besides its inputs, converted to the types that its "
        "annotations name. Keys at the top of the file that are not listed here are parameters "
        "as well.",
        values="names and values",
        default="none",
    ),
    Key(
        name="bounds",
        what="Nothing is made outside of them.",
        values="`[left, bottom, right, top]`",
        default="the whole pyramid, as far as inputs reach",
        also=("process_bounds",),
    ),
    Key(
        name="bounds_crs",
        what="CRS of `bounds`.",
        values="such as `EPSG:4326`",
        default="that of the pyramid",
    ),
    Key(
        name="area",
        what="Nothing is made outside of it.",
        values="vector file, WKT, or GeoJSON",
        default="the whole pyramid, as far as inputs reach",
    ),
    Key(
        name="area_crs",
        what="CRS of an `area` that does not bring its own.",
        values="such as `EPSG:4326`",
        default="that of the pyramid",
    ),
    Key(
        name="config_dir",
        what="Where relative paths start.",
        values="folder",
        default="the folder of the file",
    ),
    Key(
        name="mapchete_file",
        what="Taken and without effect; mapchete writes it.",
        values="text",
    ),
    Key(
        name="dask_specs",
        what="Taken and told as ignored: a file says what is made, not on which machines.",
        values="mapping",
        also=("max_workers",),
    ),
)

PYRAMID: tuple[Key, ...] = (
    Key(
        name="grid",
        what="Coordinate reference system, extent, and the tiles of zoom 0.",
        values="`mercator`, `geodetic`, or `{shape: [rows, cols], bounds: [left, bottom, right, "
        "top], srs: {epsg: 32633}, is_global: false}`",
        is_needed=True,
        also=("output.grid", "output.type"),
    ),
    Key(
        name="metatiling",
        what="So many tiles across are computed at once, and are one file.",
        values="a power of two from 1 to 256",
        default="1",
    ),
    Key(
        name="pixelbuffer",
        what="So many pixels around its tile the function is given besides.",
        values="pixels",
        default="0, or what the process asks for",
    ),
    Key(name="tile_size", what="Pixels of a single tile.", values="pixels", default="256"),
)

ZOOM_LEVELS: tuple[Key, ...] = (
    Key(name="min", what="The coarsest zoom.", values="0 to 30", is_needed=True),
    Key(name="max", what="The finest zoom.", values="0 to 30", is_needed=True),
)

BASELEVELS: tuple[Key, ...] = (
    Key(name="min", what="The coarsest zoom that is computed.", values="zoom"),
    Key(name="max", what="The finest zoom that is computed.", values="zoom"),
    Key(
        name="lower",
        what="How coarser zooms are made.",
        values=_RESAMPLING,
        default="nearest",
    ),
    Key(
        name="higher",
        what="How finer zooms are made.",
        values=_RESAMPLING,
        default="nearest",
    ),
)

STEP: tuple[Key, ...] = (
    Key(name="process", what="As in any file.", values="as at the top", is_needed=True),
    Key(
        name="process_parameters",
        what="Of this step; there are none for all of them.",
        values="names and values",
        default="none",
    ),
    Key(
        name="input",
        what="Which inputs of the file and which steps it gets.",
        values="a list of names, or `argument: name`",
        default="those that are called like the arguments that the function cannot do without",
    ),
    Key(
        name="output",
        what="The pixels that it hands on; with a `path` they are stored as well.",
        values="as in any file",
        default="of the last step: that of the file",
    ),
    Key(
        name="pixelbuffer",
        what="Pixels around its tile that the function looks at.",
        values="pixels",
        default="that of `pyramid`",
    ),
)

STYLE: tuple[Key, ...] = (
    Key(
        name="bidx",
        what="Bands (from 1): one in grey or with a colour map, or red, green and blue.",
        values="`4`, or `[4, 3, 2]`",
    ),
    Key(
        name="expression",
        what="Arithmetic of bands, in place of `bidx`.",
        values="such as `(nir-red)/(nir+red)` or `b1/b2`",
    ),
    Key(
        name="rescale",
        what="From which to which value colours go.",
        values="`[0, 3000]`, or a pair for each band",
        default="a common stretch",
    ),
    Key(
        name="colormap_name",
        what="A colour map by its name.",
        values="`viridis`, `rdylgn` …",
    ),
    Key(
        name="colormap",
        what="Colours by value.",
        values="`{1: [255, 0, 0]}`",
    ),
    Key(name="gamma", what="Above 1 makes the middle brighter.", values="0.01 to 100", default="1"),
    Key(
        name="return_mask",
        what="Transparent where there is no data.",
        values="`true` or `false`",
        default="true",
    ),
)

BY_SECTION: Mapping[str, tuple[Key, ...]] = {
    "pyramid": PYRAMID,
    "zoom_levels": ZOOM_LEVELS,
    "baselevels": BASELEVELS,
    "steps": STEP,
    "styles": STYLE,
}
"""Keys by the section that they stand in."""


def names(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """As they are written today."""
    return tuple(key.name for key in keys)
