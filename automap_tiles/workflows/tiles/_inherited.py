"""Properties that the output of a conversion inherits from its source, and those that are lost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster.encode import MOST_BANDS_WITH_COLOURS
from automap_tiles.raster.legend import CLASS_TAG
from automap_tiles.raster.nodata import whole_limits
from automap_tiles.raster.source import common_dtype
from automap_tiles.storage import is_address
from automap_tiles.workflows.tiles.facts import Facts

# Options of a raster output with one value per band, and those for all bands.
_PER_BAND = (
    "descriptions", "band_names", "scales", "scale", "offsets", "offset", "units", "colorinterp"
)  # fmt: skip
# Dtypes for which GeoTIFF supports colour tables.
_COLOURED = ("uint8", "uint16")
NODATA_REMEDY = "--output-nodata, and --output-dtype if it takes a larger one"


@dataclass(frozen=True, kw_only=True)
class Rescaled:
    """Linear rescaling: (number + offset) · ratio."""

    ratio: float = 1.0
    offset: float = 0.0

    def __bool__(self) -> bool:
        return (self.ratio, self.offset) != (1.0, 0.0)


def raster_options(
    facts: Facts,
    *,
    bands: Sequence[int] | None,
    dtype: str | None,
    nodata: float | None,
    rescaled: Rescaled,
) -> dict[str, Any]:
    """Options of an output from some bands of a source; None: as in the source.

    Raises `ConfigError` for a band that does not exist, `InputError` if pixels are needed and
    cannot be read.
    """
    chosen = _chosen(facts, bands)
    options = _picked(facts, chosen) if chosen else dict(facts.options)
    if facts.dtypes:
        options["dtype"] = common_dtype([facts.dtypes[band - 1] for band in chosen])
    own = str(options.get("dtype"))
    if dtype is not None:
        options["dtype"] = dtype
    if nodata is not None:
        options["nodata"] = nodata
    elif facts.dtypes and (rescaled or not np.can_cast(own, options["dtype"], "safe")):
        _settle_other_numbers(facts, options, rescaled)
    elif facts.dtypes:
        options["nodata"] = _nodata(facts, chosen, options)
    if rescaled:
        _rescale(options, rescaled)
    return _with_colours(facts, chosen, options, rescaled)


def _chosen(facts: Facts, bands: Sequence[int] | None) -> Sequence[int]:
    """Numbers of the bands; empty if the source does not declare how many it has."""
    count = facts.options.get("bands", facts.options.get("count"))
    if not isinstance(count, int):
        return ()
    for band in bands or ():
        if not 1 <= band <= count:
            raise ConfigError(
                "is not a band of the source", key="--bidx", found=band, remedy=f"1 to {count}"
            )
    return bands or range(1, count + 1)


def _picked(facts: Facts, bands: Sequence[int]) -> dict[str, Any]:
    """The options of some bands, in their order."""
    options = {key: value for key, value in facts.options.items() if key != "count"}
    options["bands"] = len(bands)
    for name in _PER_BAND:
        said = options.get(name)
        if isinstance(said, list | tuple):
            options[name] = [said[band - 1] for band in bands]
    tags = options.get("tags")
    if isinstance(tags, Mapping):
        # JSON files have band numbers as text
        of_bands = {str(key): each for key, each in tags.items() if isinstance(each, Mapping)}
        rest = {key: each for key, each in tags.items() if not isinstance(each, Mapping)}
        options["tags"] = rest | {
            place: of_bands[str(band)]
            for place, band in enumerate(bands, start=1)
            if str(band) in of_bands
        }
    if bands[0] != 1:  # colours and names are those of the first band
        options.pop("colormap", None)
        options.pop("classes", None)
    return options


def _nodata(facts: Facts, bands: Sequence[int], options: Mapping[str, Any]) -> float | None:
    """The nodata value: that of the source, or a number that does not occur in it."""
    declared = list(dict.fromkeys(facts.nodatavals[band - 1] for band in bands))
    values = [value for value in declared if value is not None]
    alike = len({repr(value) for value in declared}) == 1 and values
    if alike and _is_kept(values[0], facts.dtypes[bands[0] - 1]):
        return values[0]
    if np.dtype(options["dtype"]).kind == "f":
        return float("nan")
    if np.dtype(options["dtype"]).kind == "c" or "alpha" in options.get("colorinterp", ()):
        return None
    return _free_value(facts, bands, options["dtype"], values)


def _is_kept(value: float, dtype: str) -> bool:
    """Whether files can store this nodata value."""
    if np.dtype(dtype).kind not in "iu":
        return True
    least, most = whole_limits(dtype)
    return not math.isfinite(value) or least <= value <= most or np.dtype(dtype).itemsize < 8


def _free_value(
    facts: Facts, bands: Sequence[int], dtype: str, first: Sequence[float]
) -> int | None:
    from automap_tiles.raster.raster_facts import unused_value

    least, most = whole_limits(dtype)
    if is_address(facts.path):  # to look at all of it could take hours
        value = least if least < 0 else most
        tell(_doubtful(facts, f"{value}, which was not looked for in it,"))
        return value
    found = unused_value(facts.path, bands, dtype, first)
    if found is None:
        tell(_doubtful(facts, f"0 without a mark, for all values of {dtype} occur in it,"))
    return found


def _doubtful(facts: Facts, value: str) -> Note:
    return Note(
        fate=Fate.GUESSED,
        subject=Subject.BANDS,
        count=len(facts.nodatavals),
        examples=(facts.path,),
        reason=f"the source has no nodata value for all of them; {value} stands for no data",
        remedy=NODATA_REMEDY,
    )


def _settle_other_numbers(facts: Facts, options: dict[str, Any], rescaled: Rescaled) -> None:
    """Nodata if the numbers differ from those of the source: the default of the output.

    A nodata value of the source is kept if it fits the dtype.
    """
    value = options.pop("nodata", None)
    kind = np.dtype(options["dtype"])
    if kind.kind in "fc":
        if value is not None and not rescaled:
            options["nodata"] = value
        return
    least, most = whole_limits(kind)
    if value is not None and least <= value <= most and value == int(value):
        options["nodata"] = value
    elif any(each is not None for each in facts.nodatavals):
        tell(
            Note(
                fate=Fate.REPLACED,
                subject=Subject.OPTIONS,
                examples=(f"nodata {value}",),
                reason=f"the source's nodata does not fit {kind}; 0 stands in its place",
                remedy="--output-nodata",
            )
        )


def _rescale(options: dict[str, Any], rescaled: Rescaled) -> None:
    """Scale and offset that give the same quantities for the new numbers."""
    scales, offsets = options.get("scales"), options.get("offsets")
    if scales is None and offsets is None:
        return
    count = options["bands"]
    scales, offsets = scales or [1.0] * count, offsets or [0.0] * count
    options["scales"] = [scale / rescaled.ratio for scale in scales]
    options["offsets"] = [
        offset - scale * rescaled.offset for scale, offset in zip(scales, offsets, strict=True)
    ]


def _with_colours(
    facts: Facts, bands: Sequence[int], options: dict[str, Any], rescaled: Rescaled
) -> dict[str, Any]:
    """With the colour table of the first band, if the output supports one.

    Names of classes are kept together with the numbers.
    """
    if rescaled:
        options = _without_class_names(options)
    _tell_of_other_tables(facts, bands)
    table = facts.colours[bands[0] - 1] if facts.colours else None
    if table is None:
        return options
    reason = None
    if rescaled:
        reason = "the numbers are others than those of the colour table"
    elif options["dtype"] not in _COLOURED:
        reason = f"a GeoTIFF of {options['dtype']} has no colour table"
    elif len(bands) > MOST_BANDS_WITH_COLOURS:
        reason = f"a GeoTIFF of more than {MOST_BANDS_WITH_COLOURS} bands has no colour table"
    if reason is not None:
        note = Note(
            fate=Fate.LOST, subject=Subject.ATTRIBUTES, examples=("colour table",), reason=reason
        )
        tell(note)
        return options
    return options | {"colormap": {value: list(colour) for value, colour in table.items()}}


def _tell_of_other_tables(facts: Facts, bands: Sequence[int]) -> None:
    tables = facts.colours
    others = [f"band {band}" for band in bands[1:] if tables and tables[band - 1] is not None]
    if others:
        tell(
            Note.of(
                [f"colour table of {band}" for band in others],
                fate=Fate.LOST,
                subject=Subject.ATTRIBUTES,
                reason="a GeoTIFF has a colour table for its first band only",
                remedy="--bidx puts another band first",
            )
        )


def _without_class_names(options: dict[str, Any]) -> dict[str, Any]:
    """Without the tags with the class names of values."""
    tags = options.get("tags")
    if not isinstance(tags, Mapping):
        return options
    left: dict[Any, Any] = {}
    lost: list[str] = []
    for key, each in tags.items():
        if not isinstance(each, Mapping):
            left[key] = each
            continue
        names = [name for name in each if str(name).startswith(CLASS_TAG)]
        lost += names
        if rest := {name: text for name, text in each.items() if name not in names}:
            left[key] = rest
    if lost:
        tell(
            Note.of(
                lost,
                fate=Fate.LOST,
                subject=Subject.CLASSES,
                reason="the numbers are others than those that the names of classes are of",
            )
        )
    return options | {"tags": left}
