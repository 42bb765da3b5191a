"""Options of a raster output: bands, dtype, nodata and metadata."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from automap_tiles.errors import InputError
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.tiles._legend import Legend, class_tags, read_legend
from automap_tiles.raster import BandMetadata
from automap_tiles.raster.nodata import whole_limits
from automap_tiles.raster.warp import resampling_of

# Dtypes that GDAL's GeoTIFF driver stores.
_DTYPES = (
    "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
    "float32", "float64", "complex64", "complex128",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RasterOptions:
    """Options that all raster outputs except pictures have in common."""

    count: int
    """Number of bands."""
    dtype: str
    nodata: float | None
    nodata_is_assumed: bool = False
    """Whether it was not declared and is a value that may occur."""
    on_overflow: Literal["saturate", "raise"] = "saturate"
    resampling: str = "nearest"
    """For results on another grid."""
    bands: BandMetadata = field(default_factory=BandMetadata)
    tags: Mapping[str | int, Any] = field(default_factory=dict)
    """Of every file."""
    legend: Legend = field(default_factory=Legend)
    """Meaning of the values of band 1."""


def raster_options(
    spec: OutputSpec,
    options: Options,
    begun_with_zero: Callable[[], bool] = lambda: False,
) -> RasterOptions:
    """Read the options; raises `ConfigError` for missing or invalid ones.

    `begun_with_zero` returns whether there is an existing output whose nodata is 0.
    """
    count = options.whole("count", options.whole("bands", None, least=1), least=1)
    if count is None:
        raise spec.error("the number of bands is missing", key="bands", remedy="bands: 3")
    dtype = options.text("dtype", None, _DTYPES)
    if dtype is None:
        raise spec.error("the dtype is missing", key="dtype", remedy="dtype: uint8")
    legend = read_legend(spec, options)
    nodata, assumed = _nodata(spec, options, dtype, begun_with_zero)
    return RasterOptions(
        count=count,
        dtype=dtype,
        nodata=nodata,
        nodata_is_assumed=assumed,
        on_overflow=_on_overflow(options),
        resampling=resampling_option(spec, options),
        bands=_band_metadata(spec, options, count, legend),
        tags=_tags(spec, options, legend),
        legend=legend,
    )


def said_of_raster(options: RasterOptions) -> dict[str, Any]:
    """Content of metadata.json, including colours and names from outside the process file."""
    said: dict[str, Any] = {
        "bands": options.count,
        "dtype": options.dtype,
        "nodata": options.nodata,
    }
    legend = options.legend
    if legend.names:
        colours = {str(value): list(colour) for value, colour in (legend.colours or {}).items()}
        said["colormap"] = colours
        said["classes"] = {str(value): name for value, name in legend.names.items()}
    return said


def appearance_of(options: RasterOptions) -> Appearance:
    """How a map displays an output with these options."""
    bands, kinds = options.bands, tuple(options.bands.colorinterp)
    return Appearance(
        names=tuple(bands.descriptions) or (None,) * options.count,
        dtype=str(np.dtype(options.dtype)),
        scales=tuple(bands.scales),
        offsets=tuple(bands.offsets),
        units=tuple(bands.units),
        colorinterp=kinds,
        alpha=kinds.index("alpha") + 1 if "alpha" in kinds else None,
        class_names=options.legend.names,
        class_colours=options.legend.colours or {},
    )


def resampling_option(spec: OutputSpec, options: Options) -> str:
    """The name of a resampling method, validated."""
    name = options.text("resampling", "nearest") or "nearest"
    try:
        resampling_of(name)
    except InputError as error:
        raise spec.error(str(error), key="resampling") from error
    return name


def _on_overflow(options: Options) -> Literal["saturate", "raise"]:
    choice = options.text("on_overflow", "saturate", ("saturate", "raise"))
    return "raise" if choice == "raise" else "saturate"


def _nodata(
    spec: OutputSpec, options: Options, dtype: str, begun_with_zero: Callable[[], bool]
) -> tuple[float | None, bool]:
    """The nodata value, None for null in the file; and whether it is only assumed.

    Default: NaN for floats; 0 for integers, as in mapchete, and for an existing output with 0.
    """
    kind = np.dtype(dtype)
    if "nodata" not in options:
        options.take("nodata")
        if kind.kind == "f" and not begun_with_zero():
            return math.nan, False
        return 0, True
    if spec.options["nodata"] is None:
        options.take("nodata")
        return None, False
    value = options.number("nodata", 0)
    if kind.kind in "iu" and value is not None:
        least, most = whole_limits(kind)
        if not (math.isfinite(value) and value == int(value) and least <= value <= most):
            fits = "does not fit" if kind.itemsize < 8 else "is not kept exactly by files of"
            raise spec.error(
                f"{fits} the dtype {dtype}",
                key="nodata",
                found=value,
                remedy=f"a whole number from {least} to {most}",
            )
        return int(value), False
    return value, False


def _band_metadata(spec: OutputSpec, options: Options, count: int, legend: Legend) -> BandMetadata:
    names = _per_band(spec, options, ("descriptions", "band_names"), count, str)
    scales = _per_band(spec, options, ("scales", "scale"), count, float)
    offsets = _per_band(spec, options, ("offsets", "offset"), count, float)
    units = _per_band(spec, options, ("units",), count, str)
    interpretations = _per_band(spec, options, ("colorinterp",), count, str)
    return BandMetadata(
        descriptions=names,
        scales=scales,
        offsets=offsets,
        units=units,
        colorinterp=interpretations,
        colormap=legend.colours,
    )


def _per_band(
    spec: OutputSpec, options: Options, names: tuple[str, ...], count: int, kind: type
) -> tuple[Any, ...]:
    """One value per band: from a list of that length, or one for all."""
    for name, value in options.pick(names).items():
        values = list(value) if isinstance(value, list | tuple) else [value] * count
        if len(values) != count:
            raise spec.error(
                f"must have one value for each of {count} bands", key=name, found=value
            )
        try:
            return tuple(kind(each) for each in values)
        except (TypeError, ValueError) as error:
            raise spec.error(f"must be {kind.__name__}", key=name, found=value) from error
    return ()


def _tags(spec: OutputSpec, options: Options, legend: Legend) -> dict[str | int, Any]:
    # metadata.json, which options may come from, has band numbers as text
    tags = {
        int(key) if isinstance(each, Mapping) and str(key).isdecimal() else key: each
        for key, each in options.mapping("tags").items()
    }
    for key, value in tags.items():
        if isinstance(key, int) != isinstance(value, Mapping):
            raise spec.error(
                "under a band's number stands a mapping, under a name a value",
                key=f"tags.{key}",
                found=value,
            )
    if legend.names:
        tags[1] = {**class_tags(legend.names), **tags.get(1, {})}
    return tags
